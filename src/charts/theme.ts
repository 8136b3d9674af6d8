/**
 * Width of every chart, in pixels. With text of {@link FONT_SIZE} it can be read beside a page's text, and still when a phone shows
 * the chart at half its size.
 */
export const WIDTH = 640;

/** Height of the area between the axes, in pixels. */
export const PLOT_HEIGHT = 250;

/** Size of all text but the title, in pixels. */
export const FONT_SIZE = 17;
export const TITLE_SIZE = 20;

/** From one line of text to the next. */
export const LINE_HEIGHT = 24;

/** Free space around the content. */
export const PADDING = 14;

export const SANS = 'system-ui, sans-serif';
export const MONOSPACE = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** From this opacity on, text on a cell of a heat map is written in the ink for strong colours: both inks are legible there. */
export const STRONG_OPACITY = 0.7;

/** How many series have a colour of their own. */
export const SERIES_COLOURS = 4;

/** The colours of every chart on one background, as CSS custom properties. */
export interface ChartColours {
  /** Text. */
  readonly '--ink': string;
  /** Lines that text refers to: axes, arrows. */
  readonly '--ink-soft': string;
  /** The background. */
  readonly '--paper': string;
  /** Grid lines and frames. */
  readonly '--grid': string;
  /** Lines and bars. */
  readonly '--series-1': string;
  readonly '--series-2': string;
  readonly '--series-3': string;
  readonly '--series-4': string;
  /** The cell of the largest positive, and of the largest negative value of a heat map. */
  readonly '--heat': string;
  readonly '--heat-negative': string;
  /** Numbers in the cells of a heat map: on pale ones, and on strong ones. */
  readonly '--ink-on-pale': string;
  readonly '--ink-on-strong': string;
}

/**
 * Blue, vermilion, green and purple after Okabe and Ito, which readers with colour blindness can tell apart, each made dark
 * (here) or light (there) enough for its background.
 */
export const lightColours: ChartColours = {
  '--ink': '#1f2328',
  '--ink-soft': '#57606a',
  '--paper': '#ffffff',
  '--grid': '#d0d7de',
  '--series-1': '#0067a0',
  '--series-2': '#b04b00',
  '--series-3': '#00916a',
  '--series-4': '#c474a0',
  '--heat': '#004170',
  '--heat-negative': '#6a2d00',
  '--ink-on-pale': '#000000',
  '--ink-on-strong': '#ffffff',
};

export const darkColours: ChartColours = {
  '--ink': '#e2e7ec',
  '--ink-soft': '#a3adb8',
  '--paper': '#15191f',
  '--grid': '#3a424c',
  '--series-1': '#54afe3',
  '--series-2': '#e5903f',
  '--series-3': '#40d9a9',
  '--series-4': '#c985ae',
  '--heat': '#4fa6d6',
  '--heat-negative': '#de8b43',
  '--ink-on-pale': '#ffffff',
  '--ink-on-strong': '#000000',
};

/** The declarations of a colour set: `--ink: #1f2328; --paper: #ffffff; ...`. */
export function colourDeclarations(colours: ChartColours): string {
  return Object.entries(colours)
    .map(([name, value]) => `${name}: ${value};`)
    .join(' ');
}

/**
 * CSS for a web page that inlines charts and has its own theme switch: charts inside `dark` get the dark colours, those inside
 * `light` the light ones, whatever the system prefers. With neither, a chart follows the system. Paper stays white.
 *
 * @param selectors where each theme holds, such as `{ light: 'html.light', dark: 'html.dark' }`
 */
export function themeSwitchCss(selectors: { readonly light: string; readonly dark: string }): string {
  return [
    `${selectors.light} .chart { ${colourDeclarations(lightColours)} }`,
    `@media screen { ${selectors.dark} .chart { ${colourDeclarations(darkColours)} } }`,
  ].join('\n');
}

/**
 * The style sheet of a chart. A drawing gives its elements the class of a colour, such as `chart-series-1` for `--series-1`, and
 * paints with currentColor. All rules are about what is inside `.chart`, so that charts in one page cannot disturb the page, and
 * are the same in every chart. The colour before each var() is for programs that know no custom properties.
 */
export const STYLE = `
.chart { ${colourDeclarations(lightColours)} display: block; max-width: 100%; height: auto; font-family: ${SANS}; }
@media screen and (prefers-color-scheme: dark) { .chart { ${colourDeclarations(darkColours)} } }
${colourRules()}
.chart text { white-space: pre; }
.chart .chart-title { font-size: ${TITLE_SIZE}px; font-weight: 600; }
.chart .chart-halo { stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.chart .chart-monospace { font-family: ${MONOSPACE}; }
`;

function colourRules(): string {
  const rule = (selector: string, property: string, name: string, value: string) =>
    `${selector} { ${property}: ${value}; ${property}: var(${name}); }`;
  const rules = Object.entries(lightColours).map(([name, value]) =>
    rule(`.chart .chart-${name.slice(2)}`, 'color', name, value),
  );
  const ink = rule('.chart', 'color', '--ink', lightColours['--ink']);
  const halo = rule('.chart .chart-halo', 'stroke', '--paper', lightColours['--paper']);
  return [ink, ...rules, halo].join('\n');
}
