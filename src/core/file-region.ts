/** A range of bytes in a file. */
export interface FileRegion {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}
