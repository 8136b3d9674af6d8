import type { AddHelpTextContext } from 'commander';
import { programName } from './program-name.ts';
import { itemsText } from './table.ts';
import { columnsOf, usualColumns } from './terminal.ts';

/** The columns of a help text. */
export const helpWidth = (stream: NodeJS.WriteStream) => columnsOf(stream) ?? usualColumns;

/** Names and their descriptions, such as commands that begin with `$ tsgpt`, under a title; for Commander's `addHelpText('after', ...)`. */
export function helpItems(title: string, items: readonly (readonly [name: string, description: string])[]) {
  return ({ error }: AddHelpTextContext) => {
    const typed = items.map(
      ([name, description]) => [name.replace(/^\$ tsgpt/, `$ ${programName()}`), description] as const,
    );
    return `\n${title}:\n${itemsText(typed, helpWidth(error ? process.stderr : process.stdout), '  ')}`;
  };
}
