import { parseHTML } from 'linkedom';
import { SaxesParser } from 'saxes';
import { expect } from 'vitest';

/** The root of a drawing, to be searched by selectors. */
export function rootOf(svg: string) {
  return parseHTML(svg).document.querySelector('svg')!;
}

/** The texts of a drawing that a selector finds, in the order of the file; lines of one text are joined by a space. */
export function textsOf(svg: string, selector = 'text'): string[] {
  return [...rootOf(svg).querySelectorAll(selector)].map((text) => {
    const lines = [...text.querySelectorAll('tspan')].map(({ textContent }) => textContent);
    return lines.length > 0 ? lines.join(' ') : text.textContent;
  });
}

/** The boxes that charts draw, without outlines: bars, or cells of a heat map. */
export function boxesOf(svg: string): { x: number; y: number; width: number; height: number }[] {
  return [...rootOf(svg).querySelectorAll('g.mark-rect.role-mark path[fill]')].map((path) => {
    const [x, y, width, height] = /^M(.+),(.+)h(.+)v(.+)h/.exec(path.getAttribute('d')!)!.slice(1).map(Number);
    return { x: x!, y: y!, width: width!, height: height! };
  });
}

/** The pixels of every piece of every line. */
export function linesOf(svg: string): [number, number][][][] {
  return [...rootOf(svg).querySelectorAll('g.mark-line.role-mark path')].map((path) => {
    const pieces: string[] = path.getAttribute('d')!.replaceAll('Z', '').split('M').slice(1);
    return pieces.map((piece) => piece.split('L').map((point) => point.split(',').map(Number) as [number, number]));
  });
}

export function descriptionOf(svg: string): string {
  return rootOf(svg).querySelector('desc')!.textContent;
}

/** Attributes of all elements that a selector finds, as numbers. */
export function numbersOf(svg: string, selector: string, attribute: string): number[] {
  return [...rootOf(svg).querySelectorAll(selector)].map((element) => Number(element.getAttribute(attribute)));
}

/** What every chart promises: well-formed XML, numbers in its attributes, a name, a description, and nothing that leaks into a page. */
export function expectStandalone(svg: string, title: string): void {
  const ids: string[] = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    for (const [key, { value }] of Object.entries(attributes)) {
      expect(value, `${key} of ${name}`).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
      if (key === 'id') ids.push(value);
      // Only the drawing as a whole has a role: a screen reader would ask its parts for names.
      if (key === 'role') expect(name).toBe('svg');
    }
  });
  parser.write(svg).close();
  expect(new Set(ids).size).toBe(ids.length);

  const root = rootOf(svg);
  expect(root.getAttribute('role')).toBe('img');
  const [width, height] = ['width', 'height'].map((name) => Number(root.getAttribute(name)));
  expect(root.getAttribute('viewBox')).toBe(`0 0 ${width} ${height}`);
  expect(root.querySelector('title')!.textContent).toBe(title);
  expect(descriptionOf(svg).length).toBeGreaterThan(10);
  const style = [...root.querySelectorAll('style')].map(({ textContent }) => textContent).join('');
  for (const [, selector] of style.replace(/@media[^{]*\{/g, '').matchAll(/([^{}]+)\{[^}]*\}/g)) {
    expect(selector!.trim()).toMatch(/^\.chart( [^,]+)?$/);
  }
}
