/**
 * A mistake in what the caller gave us: a missing file, a wrong shape, an impossible configuration.
 *
 * Its message is one clear sentence saying what was wrong and what to do. The command line prints just that sentence and
 * exits with code 1; any other error is a defect of ours and keeps its stack trace.
 */
export class TsgptError extends Error {
  override name = 'TsgptError';
}

/** Throws a {@link TsgptError} with `message` unless `condition` holds. */
export function ensure(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new TsgptError(typeof message === 'string' ? message : message());
}
