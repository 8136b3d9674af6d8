import { ensure } from '../../src/core/errors.ts';
import { findDeclaration } from './declaration.ts';
import { escapeAttribute, inlinePicture } from './picture.ts';
import type { LessonParts, OutputPiece, Section } from './sections.ts';

/** A script, split, and the pictures it drew. */
export interface ScriptMaterial {
  readonly parts: LessonParts;
  readonly pictures: ReadonlyMap<string, string>;
}

/** What the directives of a lesson's page can name. */
export interface PageMaterial extends ScriptMaterial {
  /** The lesson's name: "06-attention". */
  readonly name: string;
  /** The solutions of its exercises: sections "Exercise 1", "Exercise 2", ... */
  readonly solutions?: ScriptMaterial;
  /** The text of source files by their path from the project's root. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface ExpandedPage {
  readonly markdown: string;
  /** Style sheets of the pictures. */
  readonly css: string;
  /** The paths of the source files it quotes. */
  readonly quoted: ReadonlySet<string>;
}

const DIRECTIVE = /^<!--\s*(\w+):\s*(.*?)\s*-->\s*$/;
/** The end of an explanation that `<!-- solution: 1 -->` begins. */
const END = /^<!--\s*end\s*-->\s*$/;
const FENCE = /^\s*(```+|~~~+)/;

/**
 * Replaces the directives of a lesson's page by what they name:
 *
 * - `<!-- run: Title -->` a section's code, and under it what it printed and drew;
 * - `<!-- code: Title -->`, `<!-- output: Title -->` one of both; `<!-- code: imports -->` what precedes the first section;
 * - `<!-- source: src/nn/attention.ts Attention.forward -->` a declaration of the project's source;
 * - `<!-- solution: 1 -->`, an explanation and `<!-- end -->`: a folded block of the explanation, and under it the code and the output of
 *   the section "Exercise 1" of the solutions.
 *
 * @throws TsgptError if a directive names something that does not exist, or a section is shown nowhere
 */
export function expandDirectives(markdown: string, material: PageMaterial): ExpandedPage {
  const page = `lessons/${material.name}.md`;
  const shown = new Set<Section>();
  const expansion = new Expansion(page, material, shown);
  let fence: string | undefined;
  const lines = markdown.split(/\r?\n/).map((line) => {
    const mark = FENCE.exec(line)?.[1];
    if (mark && !fence) fence = mark;
    else if (mark && fence && mark.startsWith(fence)) fence = undefined;
    if (!fence && END.test(line)) return `\n${expansion.end()}\n`;
    const [, keyword, argument] = (!fence && DIRECTIVE.exec(line)) || [];
    return keyword === undefined ? line : `\n${expansion.expand(keyword, argument!)}\n`;
  });
  expansion.ensureEnded();
  const isHidden = (section: Section) => !shown.has(section);
  const hidden = material.parts.sections.find(isHidden);
  ensure(
    !hidden,
    `${page} shows the section "${hidden?.title}" of its lesson nowhere: add <!-- run: ${hidden?.title} -->.`,
  );
  const unused = material.solutions?.parts.sections.find(isHidden)?.title;
  ensure(
    unused === undefined,
    `${page} shows the section "${unused}" of its solutions nowhere: add <!-- solution: ${unused?.replace('Exercise ', '')} -->.`,
  );
  return { markdown: lines.join('\n'), css: expansion.css, quoted: expansion.quoted };
}

class Expansion {
  css = '';
  readonly quoted = new Set<string>();
  #pictures = 0;
  /** The exercise whose solution is being explained. */
  #exercise: string | undefined;

  constructor(
    readonly page: string,
    readonly material: PageMaterial,
    readonly shown: Set<Section>,
  ) {}

  expand(keyword: string, argument: string): string {
    switch (keyword) {
      case 'run':
        return this.#run(this.#section(keyword, argument));
      case 'code':
        if (argument === 'imports') return this.#imports();
        return this.#code(this.#section(keyword, argument));
      case 'output':
        return this.#output(this.#section(keyword, argument));
      case 'source':
        return this.#source(argument);
      case 'solution':
        return this.#solution(argument);
      default:
        ensure(
          false,
          `${this.page} has <!-- ${keyword}: ${argument} -->, but the directives are run, code, output, source and solution.`,
        );
    }
  }

  /** The end of a solution: the code and its output. */
  end(): string {
    const number = this.#exercise;
    ensure(
      number !== undefined,
      `${this.page} has <!-- end -->, but no solution begins before it: add <!-- solution: 1 -->.`,
    );
    this.#exercise = undefined;
    const { solutions, name } = this.material;
    const title = `Exercise ${number}`;
    const section = solutions?.parts.sections.find((candidate) => candidate.title === title);
    ensure(
      solutions && section,
      `${this.page} has <!-- solution: ${number} -->, but lessons/solutions/${name}.ts has no section "${title}".`,
    );
    this.shown.add(section);
    return `${this.#run(section, solutions)}\n\n</details>`;
  }

  ensureEnded(): void {
    ensure(
      this.#exercise === undefined,
      `${this.page} has <!-- solution: ${this.#exercise} --> without an end: add <!-- end --> below the explanation.`,
    );
  }

  #solution(number: string): string {
    this.ensureEnded();
    this.#exercise = number;
    return `<details class="details custom-block solution">\n<summary>Solution of exercise ${number}</summary>\n`;
  }

  #section(keyword: string, title: string): Section {
    const section = this.material.parts.sections.find((candidate) => candidate.title === title);
    const titles = this.material.parts.sections.map((candidate) => `"${candidate.title}"`).join(', ');
    ensure(
      section,
      `${this.page} has <!-- ${keyword}: ${title} -->, but the lesson has no such section; it has ${titles}.`,
    );
    this.shown.add(section);
    return section;
  }

  #imports(): string {
    const { preamble } = this.material.parts;
    ensure(
      preamble !== '',
      `${this.page} has <!-- code: imports -->, but nothing precedes the lesson's first section.`,
    );
    return listing('Imports', codeBlock(preamble, 'ts'));
  }

  /** The code of a section, with what it draws. */
  #code({ title, code, drawing }: Section): string {
    return listing(title, codeBlock([code, drawing].filter(Boolean).join('\n\n'), 'ts'));
  }

  /** The code, what it printed and drew, and folded away the calls that drew. */
  #run({ title, code, drawing, output }: Section, script: ScriptMaterial = this.material): string {
    const how = `<details class="drawing">\n<summary>How it is drawn</summary>\n\n${codeBlock(drawing, 'ts')}\n\n</details>`;
    const parts = [code && codeBlock(code, 'ts'), this.#pieces(output, script), drawing && how];
    return listing(title, parts.filter(Boolean).join('\n\n'));
  }

  #output({ title, output }: Section): string {
    ensure(output.length > 0, `${this.page} has <!-- output: ${title} -->, but that section prints nothing.`);
    return listing(title, this.#pieces(output));
  }

  #pieces(output: readonly OutputPiece[], script: ScriptMaterial = this.material): string {
    return output
      .map((piece) => ('text' in piece ? outputBlock(piece.text) : this.#picture(piece.picture, script)))
      .join('\n\n');
  }

  #picture(name: string, { pictures }: ScriptMaterial): string {
    const svg = pictures.get(name);
    ensure(
      svg !== undefined,
      `Lesson ${this.material.name} says it drew the picture ${name}, but wrote no ${name}.svg.`,
    );
    this.#pictures++;
    const { html, css } = inlinePicture(
      `${this.material.name}/${name}`,
      svg,
      `picture-${this.#pictures}-${slug(name)}`,
    );
    this.css += css;
    return html;
  }

  #source(argument: string): string {
    const [path, name, ...more] = argument.split(/\s+/);
    ensure(
      path && name && more.length === 0,
      `${this.page} has <!-- source: ${argument} -->, but it takes a file and a name: <!-- source: src/nn/layers.ts Linear -->.`,
    );
    const source = this.material.sources.get(path);
    ensure(
      source !== undefined,
      `${this.page} has <!-- source: ${argument} -->, but there is no such TypeScript file in src/, lessons/kit/ or examples/.`,
    );
    this.quoted.add(path);
    const { code, firstLine, lastLine } = findDeclaration(path, source, name);
    const lines = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine}–${lastLine}`;
    return quotation(`[${path}](${sourceLink(path, firstLine)}), ${lines}`, codeBlock(code, 'ts'));
  }
}

/** The page of a source file, and a line on it. */
export function sourceLink(path: string, line?: number): string {
  return `/source/${path.replace(/\.ts$/, '')}${line === undefined ? '' : `#L${line}`}`;
}

/** Code and output of a section as one figure, with the section's title for those who cannot see where it begins and ends. */
function listing(title: string, content: string): string {
  return `<figure class="listing" aria-label="${escapeAttribute(title)}">\n\n${content}\n\n</figure>`;
}

function quotation(caption: string, code: string): string {
  return `<figure class="listing quotation">\n<figcaption v-pre>\n\n${caption}\n\n</figcaption>\n\n${code}\n\n</figure>`;
}

function outputBlock(text: string): string {
  return `<div class="output">\n<p class="label">Output</p>\n\n${codeBlock(text, 'text')}\n\n</div>`;
}

/** A fence longer than any in the text. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
