/** Some bytes of a file. */
export interface FileRegion {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}
