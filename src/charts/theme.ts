/** The colours of every chart on one background, as CSS custom properties. */
export interface ChartColours {
  /** Text and axes. */
  readonly '--ink': string;
  /** Text that matters less: axis ticks, notes. */
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
  '--series-1': '#0072b2',
  '--series-2': '#c25400',
  '--series-3': '#00795a',
  '--series-4': '#a8457e',
  '--heat': '#00487d',
  '--heat-negative': '#8a3b00',
};

export const darkColours: ChartColours = {
  '--ink': '#e2e7ec',
  '--ink-soft': '#a3adb8',
  '--paper': '#15191f',
  '--grid': '#3a424c',
  '--series-1': '#56b4e9',
  '--series-2': '#ffa04d',
  '--series-3': '#3ccfa0',
  '--series-4': '#e79ac6',
  '--heat': '#56b4e9',
  '--heat-negative': '#ffa04d',
};

/** The declarations of a colour set: `--ink: #1f2328; --paper: ...`. */
export function colourDeclarations(colours: ChartColours): string {
  return Object.entries(colours)
    .map(([name, value]) => `${name}: ${value};`)
    .join(' ');
}

/**
 * CSS for a web page that inlines charts and has its own theme switch: charts inside `dark` get the dark colours, those inside
 * `light` the light ones, whatever the system prefers. With neither, a chart follows the system.
 *
 * @param selectors where each theme holds, such as `{ light: 'html.light', dark: 'html.dark' }`
 */
export function themeSwitchCss(selectors: { readonly light: string; readonly dark: string }): string {
  return [
    `${selectors.light} .chart { ${colourDeclarations(lightColours)} }`,
    `${selectors.dark} .chart { ${colourDeclarations(darkColours)} }`,
  ].join('\n');
}
