import { describe, expect, it } from 'vitest';
import { inlinePicture } from '../../book/build/picture.ts';
import { lossCurveSvg } from '../../src/charts/loss-curve.ts';
import { expectSentence } from './fixture.ts';

const svg = (inside: string, attributes = '') =>
  `<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>\n\n<title>A "b" &amp; &lt;c&gt;</title>${inside}</svg>`;

describe('a picture in a page', () => {
  it('is one block without empty lines, named by its title', () => {
    const { html } = inlinePicture('x', svg('\n\n<text>{{ a }}</text>'), 'p1');
    expect(html).not.toMatch(/\n\s*\n/);
    expect(html).toMatch(
      /^<div class="picture" id="p1" style="--picture-width: \d+px" role="group" aria-label="A &quot;b&quot; &amp; &lt;c>" tabindex="0" v-pre><svg /,
    );
    expect(html).toContain('role="img"');
    expect(html).not.toContain('<?xml');
  });

  it('shares no id with another', () => {
    const inside = `<desc id="d">D</desc><clipPath id="clip"/><g id="g" clip-path="url(#clip)" style="fill: url('#clip')"><use href="#g"/><use href="https://example.org/#g"/></g>`;
    const { html } = inlinePicture('x', svg(inside, 'aria-labelledby="d other"'), 'p1');
    expect(html.match(/ id="[^"]*"/g)).toEqual([' id="p1"', ' id="p1-d"', ' id="p1-clip"', ' id="p1-g"']);
    expect(html).toContain('clip-path="url(#p1-clip)"');
    expect(html).toContain('url(#p1-clip)');
    expect(html).not.toMatch(/url\('?#clip/);
    expect(html).toContain('href="#p1-g"');
    expect(html).toContain('href="https://example.org/#g"');
    expect(html).toContain('aria-labelledby="p1-d other"');
  });

  it('has a style sheet of its own, that weighs no more than before', () => {
    const style = '<style>.a { fill: url(#clip); } #g { color: #123abc; }</style>';
    const { html, css } = inlinePicture('x', svg(`${style}<g id="g"/><g id="clip"/>`), 'p1');
    expect(html).not.toContain('<style');
    expect(css).toBe(':where(#p1) {\n.a { fill: url(#p1-clip); } #p1-g { color: #123abc; }\n}\n');
    expect(inlinePicture('x', svg(''), 'p1').css).toBe('');
  });

  it('can be a chart', async () => {
    const chart = await lossCurveSvg({
      train: [
        { step: 0, loss: 4 },
        { step: 9, loss: 3 },
      ],
      validation: [],
    });
    const { html, css } = inlinePicture('x', chart, 'p1');
    expect(html).toContain('<title>Loss during training</title>');
    expect(html).not.toContain('aria-label="line"');
    expect(css).toContain('--paper');
  });

  it('must be an SVG with a title', () => {
    expectSentence(() => inlinePicture('06-x/a', '<p>no</p>', 'p'), 'The picture 06-x/a is not an SVG file.');
    expectSentence(
      () => inlinePicture('06-x/a', '<svg xmlns="http://www.w3.org/2000/svg"></svg>', 'p'),
      'The picture 06-x/a has no <title>, which tells those who cannot see it what it shows.',
    );
  });
});
