import { TsgptError } from './errors.ts';

/** What JavaScript and ONNX Runtime say if there is no memory for an array. */
const messages =
  /Array buffer allocation failed|Invalid (?:typed )?array (?:buffer )?length|Invalid string length|Failed to allocate memory for requested buffer of size (?<bytes>\d+)|bad[ _]alloc/;

/** A failure to get memory as an error that says so, with the failure as its cause; undefined for any other error. */
export function outOfMemory(cause: unknown): TsgptError | undefined {
  if (cause instanceof TsgptError) return undefined;
  const found = messages.exec(cause instanceof Error ? cause.message : String(cause));
  if (!found) return undefined;
  const bytes = Number(found.groups?.bytes ?? 0);
  const size = bytes >= 2 ** 30 ? ` of ${(bytes / 2 ** 30).toFixed(1)} GiB` : '';
  return new TsgptError(
    `there is not enough memory for an array${size}; use smaller batches, shorter texts or windows, or a smaller model`,
    { cause },
  );
}
