/**
 * A mistake in the caller's input: a missing file, a wrong shape, an impossible configuration.
 *
 * Its message is one clear sentence that says what is wrong and what to do. The command line prints only that sentence and exits with code 1. Any
 * other error is a defect in tsgpt and keeps its stack trace.
 */
export class TsgptError extends Error {
  override name = 'TsgptError';
}

/** Throws a {@link TsgptError} with `message` unless `condition` holds. */
export function ensure(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new TsgptError(typeof message === 'string' ? message : message());
}
