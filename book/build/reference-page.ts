/**
 * A page of TypeDoc's as the book wants it: fewer headings, one line where one is enough, and links to the pages of source files.
 *
 * @param markdown with custom ids on the headings of symbols, and places in the source as `[src/a.ts:1](source:)`
 * @param hasPage whether a source file has a page in the book
 */
export function readableReference(markdown: string, hasPage: (path: string) => boolean): string {
  return withoutMinorHeadings(markdown)
    .replace(/^\*\*Parameters\*\*\n\n/gm, '') // the table below says so, too
    .replace(/^\*\*Returns\*\*\n\n(?=[^`\n]|`[^`])/gm, '**Returns** ')
    .replace(/^(\*\*(?:Extends|Extended by|Implements)\*\*)\n\n((?:- .*\n)+)/gm, (_, what: string, list: string) => {
      return `${what} ${list.trim().slice(2).replaceAll('\n- ', ', ')}\n`;
    })
    .replace(/^\*\*[GS]et Signature\*\*\n\n/gm, '')
    .replace(/^### .*\n\nRe-exports (\[.*\]\(.*\))\n(\n\*\*\*\n\n)?/gm, '- $1\n')
    .replace(/^## References\n\n((?:- .*\n)+)/gm, '## Also exported here\n\n<div class="columns">\n\n$1\n</div>\n')
    .replace(/\[(src\/[^\]]+)\.ts:(\d+)\]\(source:\)/g, (_, file: string, line: string) => {
      const place = `${file}.ts:${line}`;
      return hasPage(`${file}.ts`) ? `[${place}](/source/${file}#L${line})` : place;
    });
}

const RETURN = '<!-- returns -->';

/** Groups of members get an id that no member can have; what belongs to a single member is no heading at all. */
function withoutMinorHeadings(markdown: string): string {
  let owner = '';
  let depth = 0;
  let group = '';
  const lines = markdown.split('\n').flatMap((line) => {
    const [, level, title, id] = /^(#{1,6}) (.*?)(?: \{#(.*)\})?$/.exec(line) ?? [];
    if (level && /^(Constructors?|Properties|Accessors|Methods)$/.test(title!)) {
      group = title!;
      return title === 'Constructor' ? [] : [`${level} ${title} {#${owner}-${title!.toLowerCase()}}`];
    }
    if (level) depth = level.length;
    if (id) group = '';
    if (depth === 3 && id) owner = id;
    // What a constructor returns is plain.
    if (title === 'Returns' && group === 'Constructor') return [RETURN];
    // Members stand in the file of what they are members of.
    if (line.startsWith('Defined in: ')) return depth > 3 ? [] : [`<span class="defined">${line}</span>`];
    return depth <= 3 || id || !level ? [line] : [`**${title}**`];
  });
  return lines
    .join('\n')
    .replace(new RegExp(`${RETURN}\\n\\n.*\\n`, 'g'), '')
    .replace(/\n{3,}/g, '\n\n');
}
