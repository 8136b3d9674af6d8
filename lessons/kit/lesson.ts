import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import colors from 'picocolors';

/** Begins a part of the lesson: its title in the output, and the name its page shows it by. */
export function section(title: string): void {
  console.log(`\n${colors.bold(`## ${title}`)}`);
}

/** Keeps a picture of the lesson, an SVG, under `runs/lessons/`, and says where it lies. */
export function picture(name: string, svg: string): void {
  const lesson = basename(process.argv[1] ?? 'lesson', '.ts');
  const folder = join(process.env.TSGPT_LESSONS_OUT ?? join('runs', 'lessons'), lesson);
  const path = join(folder, `${name}.svg`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, svg);
  console.log(`picture: ${path}`);
}
