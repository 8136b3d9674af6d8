/** What a line typed in a conversation means: a message, a command of the conversation, or a word that looks like one. */
export type ChatLine =
  | { kind: 'nothing' }
  | { kind: 'message'; text: string }
  | { kind: ChatCommand; text: string }
  | { kind: 'unknown'; name: string };

type ChatCommand = 'help' | 'reset' | 'system' | 'quit';

const commands: Record<string, ChatCommand> = {
  '/help': 'help',
  '/reset': 'reset',
  '/system': 'system',
  '/quit': 'quit',
  '/exit': 'quit',
};

/** The commands of a conversation and what they do. */
export const chatCommands: readonly (readonly [name: string, description: string])[] = [
  ['/help', 'lists these commands'],
  ['/reset', 'starts over, with the same system message'],
  ['/system <text>', 'sets the system message; without a text, takes it away'],
  ['/quit, /exit', 'end the conversation, as Ctrl-D does'],
  ['//…', 'sends a message that begins with a slash'],
  ['Ctrl-C', 'stops a reply, or clears the line; twice on an empty line, ends'],
];

export function parseChatLine(line: string): ChatLine {
  const said = line.trim();
  if (said === '') return { kind: 'nothing' };
  if (!said.startsWith('/')) return { kind: 'message', text: said };
  if (said.startsWith('//')) return { kind: 'message', text: said.slice(1) };
  const [, name = '', text = ''] = /^(\S+)\s*(.*)$/s.exec(said)!;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command || (text !== '' && command !== 'system')) return { kind: 'unknown', name: command ? said : name };
  return { kind: command, text };
}
