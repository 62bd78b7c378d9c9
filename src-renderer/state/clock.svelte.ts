/** The time that ages and countdowns are drawn from: it moves once a second, not with every reader. */
export class Clock {
  nowMs = $state(Date.now());

  /** Ticks until the returned function is called. */
  start(): () => void {
    const timer = setInterval(() => {
      this.nowMs = Date.now();
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }
}
