import { parseHTML } from 'linkedom';
import { SaxesParser } from 'saxes';
import { expect } from 'vitest';

/** The root of a drawing, to be searched by selectors. */
export function rootOf(svg: string) {
  return parseHTML(svg).document.querySelector('svg')!;
}

/** All texts of a drawing, in the order of the file. */
export function textsOf(svg: string): string[] {
  return [...rootOf(svg).querySelectorAll('text')].map(({ textContent }) => textContent);
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
    expect(selector!.trim()).toMatch(/^\.chart( [.a-z-0-9]+)?$/);
  }
}
