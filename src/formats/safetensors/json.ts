/** Helpers beyond `JSON.parse` for the header and the index of safetensors files. */

/**
 * The first key that occurs twice in an object, anywhere in valid JSON text. `JSON.parse` silently keeps the last one; a reader that keeps the first
 * would see another model in the same file.
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    else if (character === '"') {
      const start = at++;
      while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
      let next = at + 1;
      while (' \t\r\n'.includes(json[next] ?? '.')) next++;
      if (json[next] !== ':') continue;
      const key = JSON.parse(json.slice(start, at + 1)) as string;
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
  }
  return undefined;
}
