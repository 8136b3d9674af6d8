/**
 * Runs `work` with a signal that Ctrl-C aborts, so that it can stop in good order: by returning or by throwing the signal's reason. A second Ctrl-C
 * ends the program at once.
 *
 * @returns the result of `work`, or undefined if it threw the reason
 */
export async function interruptible<T>(
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  const { signal } = controller;
  const onInterrupt = () => {
    if (signal.aborted) process.exit(130);
    controller.abort();
    console.error(`\n${message} (Ctrl-C again ends at once)`);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    return await work(signal);
  } catch (error) {
    if (error !== signal.reason) throw error;
    return undefined;
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}
