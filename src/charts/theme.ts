/** The width of a chart, its sizes of text and the free space around it, in pixels: legible where a phone shows half the size. */
export const [WIDTH, FONT_SIZE, TITLE_SIZE, PADDING] = [640, 17, 20, 14] as const;

export const FONT = 'system-ui, sans-serif';

/**
 * The colours of every chart on light and on dark paper. The series are blue, vermilion, green and purple after Okabe and Ito, which
 * readers with colour blindness can tell apart. The style sheet finds the light colours by their values, so no two are equal.
 */
export const COLOURS = {
  ink: ['#1f2328', '#e2e7ec'],
  'ink-soft': ['#57606a', '#a3adb8'],
  paper: ['#ffffff', '#15191f'],
  grid: ['#d0d7de', '#3a424c'],
  'series-1': ['#0067a0', '#54afe3'],
  'series-2': ['#b04b00', '#e5903f'],
  'series-3': ['#00916a', '#40d9a9'],
  'series-4': ['#c474a0', '#c985ae'],
  heat: ['#004170', '#4fa6d6'],
  'heat-negative': ['#6a2d00', '#de8b43'],
} as const;

/** The colours of lines and bars, in their order. */
export const SERIES = ([1, 2, 3, 4] as const).map((i) => COLOURS[`series-${i}`][0]);

/** The colour that a drawing has as an attribute. */
export const colour = (name: keyof typeof COLOURS): string => COLOURS[name][0];

/** The colours as custom properties: on light paper (0) or on dark (1). */
export const colourProperties = (theme: 0 | 1): string =>
  Object.entries(COLOURS)
    .map(([name, pair]) => `--${name}: ${pair[theme]};`)
    .join(' ');

/** The style sheet of every chart. Programs that know no custom properties show the attributes: the light colours. */
const STYLE = [
  `.chart { ${colourProperties(0)} display: block; max-width: 100%; height: auto; }`,
  `@media screen and (prefers-color-scheme: dark) { .chart { ${colourProperties(1)} } }`,
  ...Object.entries(COLOURS).flatMap(([name, [light]]) =>
    ['fill', 'stroke'].map((kind) => `.chart [${kind}="${light}"] { ${kind}: var(--${name}); }`),
  ),
  '.chart text { white-space: pre; paint-order: stroke; }',
].join('\n');

/** A standalone SVG file of a drawing. Each sentence becomes one of its description. */
export function svgFile(
  title: string,
  sentences: readonly string[],
  [width, height]: readonly number[],
  drawing: string,
) {
  const description = sentences
    .filter(Boolean)
    .map((sentence) => sentence.replace(/[.]?$/, '.'))
    .join(' ');
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" ${size} font-family="${FONT}">
<title>${escaped(title)}</title><desc>${escaped(description)}</desc><style>\n${STYLE}\n</style>
<rect width="100%" height="100%" fill="${colour('paper')}"/>\n${drawing}\n</svg>\n`;
  // XML may not contain control characters, halves of surrogate pairs, U+FFFE and U+FFFF, not even escaped.
  return svg.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

/** A text as it stands in XML. */
export const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
