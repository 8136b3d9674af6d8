import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A novel in two parts: its end is held out, and the model never learns from it. */
export interface Novel {
  name: string;
  train: string;
  heldOut: string;
}

/** The share of every novel that is held out. */
const heldOutShare = 0.03;

/** The novels in a folder: a text file each, in the order of their names. */
export async function readNovels(folder: string): Promise<Novel[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort();
  if (names.length === 0)
    throw new Error(`there are no .txt files in ${folder}; data/README.md says how to write them`);
  return Promise.all(names.map(async (name) => novelOf(name, await readFile(join(folder, name), 'utf8'))));
}

/** A novel of its name and text. */
export function novelOf(name: string, text: string): Novel {
  const paragraphs = paragraphsOf(text);
  const cut = Math.floor(paragraphs.length * (1 - heldOutShare));
  const textOf = (part: string[]) => part.join('\n\n');
  return { name, train: textOf(paragraphs.slice(0, cut)), heldOut: textOf(paragraphs.slice(cut)) };
}

/**
 * The paragraphs of a text whose lines are broken at about 74 characters, each in one line. A model of the lines as they are would learn where
 * the printer broke them. The underscores that mark italics go, too.
 */
function paragraphsOf(text: string): string[] {
  return text
    .replaceAll('_', '')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().split(/\s+/).join(' '))
    .filter((paragraph) => paragraph !== '');
}
