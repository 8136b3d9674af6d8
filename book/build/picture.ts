import { DOMParser } from 'linkedom';
import { ensure } from '../../src/core/errors.ts';

/** An SVG that can stand in a page beside others. */
export interface InlinePicture {
  /** One block of HTML without empty lines, as Markdown wants it. */
  readonly html: string;
  /** The picture's own style sheet, in effect for this picture only. */
  readonly css: string;
}

/** Attributes that name one element, or several. */
const REFERENCES = ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns'];

/**
 * Prepares an SVG file for standing in a page: in a page all ids and all style sheets share one space, so every id gets the prefix
 * `id`, and the style sheet comes out, bound to the element with that id.
 *
 * @param name the picture's name for error messages
 * @param id an id that nothing else on the page has
 * @throws TsgptError if it is no SVG, or has no title to tell what it shows to those who cannot see it
 */
export function inlinePicture(name: string, svg: string, id: string): InlinePicture {
  const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  ensure(root?.tagName === 'svg', `The picture ${name} is not an SVG file.`);
  const title = root.querySelector('title')?.textContent.trim();
  ensure(title, `The picture ${name} has no <title>, which tells those who cannot see it what it shows.`);
  root.setAttribute('role', 'img');

  const all = [root, ...root.querySelectorAll('*')];
  const ids = new Set(all.map((element) => element.getAttribute('id')).filter((value) => value !== null));
  const renamed = (value: string) => (ids.has(value) ? `${id}-${value}` : value);
  const withReferences = (text: string) =>
    text.replace(/url\((['"]?)#([^)'"]+)\1\)/g, (_, __, target: string) => `url(#${renamed(target)})`);

  let css = '';
  for (const element of all) {
    if (element.tagName === 'style') {
      css += `${element.textContent.trim()}\n`;
      element.remove();
      continue;
    }
    for (const { name: attribute, value } of [...element.attributes]) {
      // Title and description speak for the whole image; names of its parts are not allowed in it.
      if (attribute === 'aria-label') element.removeAttribute(attribute);
      else if (attribute === 'id') element.setAttribute(attribute, renamed(value));
      else if (REFERENCES.includes(attribute)) {
        element.setAttribute(attribute, value.split(/\s+/).map(renamed).join(' '));
      } else if (/^(xlink:)?href$/.test(attribute) && value.startsWith('#')) {
        element.setAttribute(attribute, `#${renamed(value.slice(1))}`);
      } else if (value.includes('url(')) element.setAttribute(attribute, withReferences(value));
    }
  }
  css = withReferences(css).replace(/#([\w-]+)(?=[^{}]*\{)/g, (_, target: string) => `#${renamed(target)}`);
  // Pictures shrink on a phone; those that are still too wide scroll in their frame, which the keyboard reaches too.
  const width = Number.parseFloat(root.getAttribute('width') ?? '') || 640;
  const html = `<div class="picture" id="${id}" style="--picture-width: ${width}px" role="group" aria-label="${escapeAttribute(title)}" tabindex="0" v-pre>${root.outerHTML}</div>`;
  return {
    html: html.replace(/\n\s*\n/g, '\n'),
    // :where() adds nothing to the weight of a rule, so the site's own light and dark colours still come first.
    css: css && `:where(#${id}) {\n${css}}\n`,
  };
}

/** Text for an attribute in double quotes. */
export function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
