import type { DeviceState } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';

export class InterimSchedule {
  readonly #stops = new Map<string, () => void>();
  start(device: string, intervalMs: number, poll: (signal: AbortSignal) => Promise<void>): void {
    let stopped = false;
    async function loop(): Promise<void> {
      while (!stopped) {
        const started = Date.now();
        await poll(AbortSignal.timeout(10_000)).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, Math.max(50, intervalMs - (Date.now() - started))));
      }
    }
    void loop();
    this.#stops.set(device, () => {
      stopped = true;
    });
  }
  stop(device: string): void {
    this.#stops.get(device)?.();
    this.#stops.delete(device);
  }
  close(): void {
    for (const stop of this.#stops.values()) stop();
  }
}

export class InterimLocks {
  readonly #until = new Map<string, number>();
  stateOf(device: string, isLab: boolean): DeviceState['lock'] {
    const until = this.#until.get(device) ?? 0;
    return { isLocked: !isLab && until < Date.now() };
  }
  unlock(devices: readonly string[], minutes: number): void {
    for (const device of devices) this.#until.set(device, Date.now() + minutes * 60_000);
  }
  lock(devices: readonly string[]): void {
    for (const device of devices) this.#until.delete(device);
  }
  assertWritable(device: string, isLab: boolean, typed: string | undefined): void {
    if (typed !== device && this.stateOf(device, isLab).isLocked) {
      throw new AppError('LOCKED', `"${device}" is read-only; unlock it or type its name.`);
    }
  }
}
