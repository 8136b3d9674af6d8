/** The part of asciichart that is used; the package brings no types. */
declare module 'asciichart' {
  interface PlotConfig {
    /** Rows between the lowest and the highest value. */
    height?: number;
    min?: number;
    max?: number;
    /** Columns before the first value. */
    offset?: number;
    /** Axis crossing, axis, line start, line end, flat, up from, up to, down to, down from, vertical. */
    symbols?: readonly string[];
    format?: (value: number, row: number) => string;
  }
  const asciichart: {
    plot(series: readonly number[] | readonly number[][], config?: PlotConfig): string;
    readonly blue: string;
    readonly yellow: string;
    readonly reset: string;
  };
  export default asciichart;
}
