import { readFile } from 'node:fs/promises';
import { decodeText, ensureEncoding } from './decode-text.ts';
import { throwUnreadable } from './unreadable.ts';

/**
 * The whole text of a small file, or of standard input for `-`. A byte order mark decides its encoding, else `encoding` does. Defaults to `utf-8`.
 * Throws a TsgptError if it cannot be read or is not text in this encoding.
 */
export async function readText(file: string, encoding?: string): Promise<string> {
  if (encoding !== undefined) ensureEncoding(encoding);
  if (file === '-') return decodeText('standard input', await standardInput(), encoding);
  const bytes = await readFile(file).catch((error) => throwUnreadable(file, error));
  return decodeText(file, bytes, encoding);
}

async function standardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}
