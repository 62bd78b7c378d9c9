import type { AppInfo, DeviceState, DeviceTick, LabState, PoolRow, Tick } from '$contract/api.ts';
import { type Problem, toProblem } from '$contract/errors.ts';
import type { PushState } from '$contract/plan.ts';
import type { Connection } from '../api.ts';

/** What the console last said, as whole snapshots, and whether it can still be reached. */
export class ConsoleState {
  readonly connection: Connection;
  devices = $state.raw<readonly DeviceState[]>([]);
  tick = $state.raw<Tick | undefined>(undefined);
  pushes = $state.raw<readonly PushState[]>([]);
  lab = $state.raw<LabState | undefined>(undefined);
  info = $state.raw<AppInfo | undefined>(undefined);
  /** False until the inventory was read once. */
  isLoaded = $state(false);
  loadProblem = $state.raw<Problem | undefined>(undefined);
  isReachable = $state(true);
  readonly #watches = new Map<string, readonly { readonly device: string; readonly pool: string }[]>();
  readonly #tickListeners = new Set<(tick: Tick) => void>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Subscribes and reads everything once; returns what stops it. */
  start(): () => void {
    const { connection } = this;
    const stops = [
      connection.on('devices', (devices) => {
        this.devices = devices;
        this.isLoaded = true;
      }),
      connection.on('tick', (tick) => {
        this.tick = tick;
        for (const listener of this.#tickListeners) listener(tick);
      }),
      connection.on('push', (push) => {
        this.#keepPush(push);
      }),
      connection.on('lab', (lab) => {
        this.lab = lab;
      }),
      connection.onStatus((status) => {
        const wasReachable = this.isReachable;
        this.isReachable = status === 'open';
        if (!wasReachable && this.isReachable) void this.load();
      }),
    ];
    void this.load();
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Reads inventory, pushes, lab and version; a failure stands in `loadProblem`. */
  async load(): Promise<void> {
    const { connection } = this;
    try {
      const [info, devices, pushes, lab] = await Promise.all([
        connection.call('app.info', {}),
        connection.call('devices.list', {}),
        connection.call('push.list', {}),
        connection.call('lab.get', {}),
      ]);
      this.info = info;
      this.devices = devices;
      this.pushes = pushes;
      this.lab = lab;
      this.isLoaded = true;
      this.loadProblem = undefined;
      await this.#sendWatches();
    } catch (error) {
      this.loadProblem = toProblem(error);
    }
  }

  device(name: string): DeviceState | undefined {
    return this.devices.find(({ spec }) => spec.name === name);
  }

  deviceTick(name: string): DeviceTick | undefined {
    return this.tick?.devices.find(({ device }) => device === name);
  }

  /** When a device last answered, in ms since 1970: the tick knows it newer than the inventory. */
  answeredAtMs(name: string): number | undefined {
    const at = this.deviceTick(name)?.at ?? this.device(name)?.lastSampleAt;
    return at === undefined ? undefined : Date.parse(at);
  }

  /** Whether a device's numbers are fresh now. */
  freshness(name: string): DeviceState['freshness'] {
    return this.deviceTick(name)?.freshness ?? this.device(name)?.freshness ?? 'waiting';
  }

  poolRow(device: string, pool: string): PoolRow | undefined {
    return this.tick?.pools.find((row) => row.device === device && row.name === pool);
  }

  /** The newest push of a device, running or ended. */
  push(device: string): PushState | undefined {
    return this.pushes.find((push) => push.device === device);
  }

  onTick(listener: (tick: Tick) => void): () => void {
    this.#tickListeners.add(listener);
    return () => this.#tickListeners.delete(listener);
  }

  /** Asks for rows of these pools with each tick, for as long as `owner` stands; returns what ends it. */
  watch(owner: string, pools: readonly { readonly device: string; readonly pool: string }[]): () => void {
    this.#watches.set(owner, pools);
    this.#sendWatches().catch(() => undefined); // a lost console shows as such, and load() sends the watches again
    return () => {
      if (this.#watches.get(owner) !== pools) return;
      this.#watches.delete(owner);
      this.#sendWatches().catch(() => undefined); // as above
    };
  }

  /** Puts an answer of a call in place before its event arrives. */
  keepPush(push: PushState): void {
    this.#keepPush(push);
  }

  #keepPush(push: PushState): void {
    this.pushes = [push, ...this.pushes.filter(({ id }) => id !== push.id)].toSorted((a, b) =>
      b.startedAt.localeCompare(a.startedAt),
    );
  }

  async #sendWatches(): Promise<void> {
    const seen = new Map<string, { device: string; pool: string }>();
    for (const { device, pool } of [...this.#watches.values()].flat()) {
      seen.set(JSON.stringify([device, pool]), { device, pool });
    }
    await this.connection.call('watch.set', { pools: [...seen.values()].slice(0, 50) });
  }
}
