import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Captured, capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons, type Lesson, type LessonScript } from '../../lessons/kit/find-lessons.ts';
import { filesIn, pathFrom } from '../../lessons/kit/hash-files.ts';
import { overviewSvg } from '../../lessons/kit/overview.ts';
import { colourProperties } from '../../src/charts/theme.ts';
import { ensure } from '../../src/core/errors.ts';
import { codeBlock, expandDirectives, type ScriptMaterial } from './directives.ts';
import { frontMatter, type Page, readPage } from './front-matter.ts';
import { type InlinePicture, inlinePicture } from './picture.ts';
import { splitLesson } from './sections.ts';
import { readSources, sourcePages } from './source-pages.ts';

export interface SiteOptions {
  /** The project. */
  readonly root: string;
  /** Where the site's Markdown is written; VitePress makes the site of it. */
  readonly pages: string;
  /** Where outputs of lessons are kept. */
  readonly cache: string;
  /** Told what is being done. */
  readonly log?: (line: string) => void;
}

/** A line of the site's navigation. */
export interface LessonEntry {
  readonly text: string;
  readonly link: string;
  readonly title: string;
  readonly description: string;
}

/**
 * Writes the pages of the book apart from the API reference: home, lessons with their captured outputs, and source files. Lessons run
 * if what they depend on has changed.
 *
 * @throws TsgptError if a page and its lesson do not belong together
 */
export async function writeSite({ root, pages, cache, log = () => {} }: SiteOptions): Promise<void> {
  const lessons = findLessons(join(root, 'lessons'));
  const texts = readPages(join(root, 'lessons'), lessons);
  const common = commonKey(root);
  const sources = readSources(root);
  const written = new Map<string, string>();
  const entries: LessonEntry[] = [];
  const quotedIn = new Map<string, string[]>();
  const run = async (script: LessonScript) => {
    const start = performance.now();
    const captured = await capture(script, { root, cache, common });
    if (captured.ran) log(`ran ${script.name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return captured;
  };
  for (const [i, lesson] of lessons.entries()) {
    const captured = await run(lesson);
    const solved = lesson.solutions && (await run(lesson.solutions));
    const { markdown, quoted } = lessonPage(lesson, texts[i]!, captured, solved, sources);
    written.set(`lessons/${lesson.name}.md`, markdown);
    const { title, description } = texts[i]!;
    const entry = { text: `${lesson.number}. ${title}`, link: `/lessons/${lesson.name}`, title, description };
    entries.push(entry);
    for (const path of quoted) quotedIn.set(path, [...(quotedIn.get(path) ?? []), `[${entry.text}](${entry.link})`]);
  }
  written.set('index.md', homePage(readFileSync(join(root, 'book', 'index.md'), 'utf8'), entries));
  for (const [path, text] of sourcePages(sources, quotedIn)) written.set(path, text);
  written.set('charts.css', themeSwitchCss());
  // Read by VitePress's configuration.
  written.set('lessons/contents.json', JSON.stringify(entries));
  writeFiles(pages, written);
}

/** The pages of the lessons, in their order. */
function readPages(folder: string, lessons: readonly Lesson[]): Page[] {
  for (const file of readdirSync(folder)) {
    if (!/^\d\d-.*\.md$/.test(file)) continue;
    const name = file.slice(0, -'.md'.length);
    ensure(
      lessons.some((lesson) => lesson.name === name),
      `lessons/${file} has no lesson: write lessons/${name}.ts, or rename the page like its lesson.`,
    );
  }
  return lessons.map(({ name, page }) => {
    ensure(existsSync(page), `Lesson ${name} has no page: write lessons/${name}.md.`);
    return readPage(`lessons/${name}.md`, readFileSync(page, 'utf8'));
  });
}

interface RenderedLesson {
  readonly markdown: string;
  readonly quoted: ReadonlySet<string>;
}

/** The page with its directives replaced, how to run it and where it stands below the title, and the whole files at the end. */
function lessonPage(
  lesson: Lesson,
  page: Page,
  captured: Captured,
  solved: Captured | undefined,
  sources: ReadonlyMap<string, string>,
): RenderedLesson {
  const { name, number } = lesson;
  const material = materialOf(lesson, captured);
  const solutions = lesson.solutions && solved && { solutions: materialOf(lesson.solutions, solved) };
  const { markdown, css, quoted } = expandDirectives(page.body, { name, sources, ...material, ...solutions });
  const here = page.parts.length > 0 ? youAreHere(page.parts) : undefined;
  const [, heading = `# ${page.title}`, rest = markdown] = /^\s*(# .*)\n([\s\S]*)$/.exec(markdown) ?? [];
  const lines = [
    frontMatter({ title: page.title, description: page.description }),
    `<p class="eyebrow">Lesson ${number}</p>\n`,
    `${heading}\n`,
    `<div class="run-it">\n\nRun it yourself: \`${lesson.command}\`\n\n</div>\n`,
    here?.html ?? '',
    rest.trim(),
    wholeFile('The whole lesson', lesson),
    ...(lesson.solutions ? [wholeFile('All solutions', lesson.solutions)] : []),
    (css || here) && `<style>\n${here?.css ?? ''}${css}</style>\n`,
  ];
  return { markdown: lines.join('\n'), quoted };
}

function materialOf({ name, script }: LessonScript, { output, pictures }: Captured): ScriptMaterial {
  return { parts: splitLesson(name, readFileSync(script, 'utf8'), output), pictures };
}

function wholeFile(what: string, { name, script }: LessonScript): string {
  const code = codeBlock(readFileSync(script, 'utf8').trimEnd(), 'ts');
  return `\n::: details ${what}: lessons/${name}.ts\n${code}\n:::\n`;
}

/** The overview with the page's own parts in colour. */
function youAreHere(parts: readonly string[]): InlinePicture {
  const title = parts.includes('everything') ? 'The map of this book' : `You are here: ${parts.join(', ')}`;
  const { html, css } = inlinePicture('overview', overviewSvg(title, parts), 'overview');
  const strip = `<div class="you-are-here">\n\n<p class="label">${title}</p>\n\n${html}\n\n</div>\n`;
  return { html: strip, css };
}

/** The home page, with the lessons in the place of `<!-- lessons -->`. */
function homePage(text: string, lessons: readonly LessonEntry[]): string {
  const PLACE = '<!-- lessons -->';
  ensure(text.includes(PLACE), `book/index.md has no place for the list of lessons: add ${PLACE}.`);
  const list = lessons.map(({ title, link, description }) => `1. [${title}](${link}) ${description}`);
  return text.replace(PLACE, `<div class="contents">\n\n${list.join('\n')}\n\n</div>`);
}

/** Writes what has changed, and removes what is no longer there; the API reference is kept by others. */
function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    const full = join(folder, path);
    if (existsSync(full) && readFileSync(full, 'utf8') === text) continue;
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  for (const file of filesIn(folder)) {
    const path = pathFrom(folder, file);
    if (path.endsWith('.md') && !path.startsWith('reference/') && !files.has(path)) rmSync(file);
  }
}

/** CSS that gives charts the colours of VitePress's theme switch instead of the system's. Paper stays white. */
function themeSwitchCss(): string {
  return `html .chart { ${colourProperties(0)} }\n@media screen { html.dark .chart { ${colourProperties(1)} } }\n`;
}
