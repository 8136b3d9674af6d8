import type { AddHelpTextContext } from 'commander';
import { itemsText } from './table.ts';
import { columnsOf, hanging, usualColumns } from './terminal.ts';

/** The columns of a help text. */
export const helpWidth = (stream: NodeJS.WriteStream) => columnsOf(stream) ?? usualColumns;

/** A text as the last part of a help text; for Commander's `addHelpText('after', ...)`. */
export function helpParagraph(text: string) {
  return ({ error }: AddHelpTextContext) => `\n${hanging(text, helpWidth(error ? process.stderr : process.stdout))}`;
}

/** Names and their descriptions, such as examples, under a title; for Commander's `addHelpText('after', ...)`. */
export function helpItems(title: string, items: readonly (readonly [name: string, description: string])[]) {
  return ({ error }: AddHelpTextContext) =>
    `\n${title}:\n${itemsText(items, helpWidth(error ? process.stderr : process.stdout), '  ')}`;
}
