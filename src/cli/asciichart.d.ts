/** The part of asciichart that is used; the package brings no types. */
declare module 'asciichart' {
  export function plot(series: readonly number[], config: object): string;
}
