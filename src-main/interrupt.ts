/**
 * A signal that the first SIGINT, SIGTERM or SIGHUP aborts, or a parent process that is gone (where it started this one with a channel). The
 * second signal ends the process at once.
 */
export function openInterrupt(): AbortSignal {
  const interrupt = new AbortController();
  function end(): void {
    if (interrupt.signal.aborted) process.exit(1);
    interrupt.abort();
  }
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.on('SIGHUP', end);
  if (process.channel === undefined) return interrupt.signal;
  process.once('disconnect', end);
  process.channel.unref(); // being told is no reason to live on
  return interrupt.signal;
}
