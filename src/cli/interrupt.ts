/**
 * A signal that Ctrl-C aborts, so that long work ends in good order. A second Ctrl-C ends the program at once. Call
 * `release` when the work is done.
 */
export function interruptSignal(message: string): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    console.error(`\n${message} (Ctrl-C again ends at once)`);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  const release = () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  };
  return { signal: controller.signal, release };
}
