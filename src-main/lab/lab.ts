import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabState } from '../contract/api.ts';
import { AppError, type Problem, toProblem } from '../contract/errors.ts';
import { type EngineProcess, startEngine } from '../engine/start.ts';
import { entryBeside } from '../entry.ts';
import type { Fault } from './backend.ts';
import { type Child, openChild } from './child.ts';
import { configText, members } from './estate.ts';
import type { FleetOrder, FleetReport } from './fleet.ts';
import { claimAddress, makePrivate, removeFolder, shortFolder, socketName, splitAddress } from './places.ts';

export interface LabOptions {
  /** Where the engine's configuration and socket go; made with mode 0700. */
  readonly folder: string;
  /** What the engine says of its version. */
  readonly version: string;
  /** Of the traffic's random source. */
  readonly seed: number;
  /** `host:port` of the virtual server; default: a free port of 127.0.0.1. */
  readonly listen?: string;
  /** Called with a whole snapshot about once a second, and when the lab's state changes. */
  readonly onChange?: (state: LabState) => void;
}

/** Name of the lab's engine in the inventory. */
export const labDevice = 'lab';

const askTimeoutMs = 15_000;
const reportMs = 1000;
const firstRetryMs = 500;
const lastRetryMs = 30_000;
/** A process of the lab: how it ended, and how to end it. */
type Part = Pick<Child, 'ended' | 'stop'>;

interface Running {
  readonly stopped: AbortController;
  readonly socketFolder: string | undefined;
  readonly address: string;
  readonly listen: string;
  fleet: Child;
  engine: Part;
  report: FleetReport;
}

/**
 * What makes the console live with no device at hand: the engine before four sample back ends of unequal speed, under light steady
 * traffic, each in a process of its own that ends with this one. A part that dies is started again by itself.
 */
export class Lab {
  readonly #options: LabOptions;
  #running: Running | undefined;
  #starting: Promise<void> | undefined;
  #problem: Problem | undefined;
  #rate: number | undefined;

  constructor(options: LabOptions) {
    this.#options = options;
  }

  /** The engine's address for the inventory, while the lab runs. */
  get address(): string | undefined {
    return this.#running?.address;
  }

  /** Starts what is not running yet. Throws ADDRESS_IN_USE and whatever keeps a part from starting; then nothing is left running. */
  async start(): Promise<LabState> {
    if (!this.#running) {
      this.#starting ??= this.#open().finally(() => {
        this.#starting = undefined;
      });
      await this.#starting;
    }
    return this.state();
  }

  state(): LabState {
    const running = this.#running;
    return {
      isRunning: running !== undefined,
      ...(running ? { device: labDevice, listen: running.listen } : {}),
      backends: (running?.report.backends ?? []).map((backend) => ({
        name: backend.name,
        address: `127.0.0.1:${backend.port}`,
        latencyMs: backend.latencyMs,
        requests: backend.counts.requests,
      })),
      ...(this.#rate === undefined ? {} : { requestsPerSecond: this.#rate }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** Ends everything; what runs at that moment ends with it. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // a start that failed has left nothing, and told its caller
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    this.#rate = undefined;
    this.#problem = undefined;
    running.stopped.abort();
    await Promise.all([running.fleet.stop(), running.engine.stop()]);
    await removeFolder(running.socketFolder);
    this.#changed();
  }

  /** What back ends and clients have counted by now: the truth that the engine's figures are compared with. */
  async report(): Promise<FleetReport> {
    return this.#order({ kind: 'report' });
  }

  /** Stops the traffic, waits for its last answer, and gives the final counts; `resumeTraffic` goes on. */
  async drainTraffic(): Promise<FleetReport> {
    return this.#order({ kind: 'drain' });
  }

  async resumeTraffic(): Promise<void> {
    await this.#order({ kind: 'resume' });
  }

  async setFault(backend: string, fault: Fault): Promise<void> {
    await this.#order({ kind: 'fault', name: backend, fault });
  }

  async #order(order: FleetOrder): Promise<FleetReport> {
    if (!this.#running) throw new AppError('NOT_FOUND', 'The lab is not running. Start it first.');
    return orderFleet(this.#running.fleet, order);
  }

  async #open(): Promise<void> {
    const opened: Part[] = [];
    let socketFolder: string | undefined;
    try {
      const { folder, seed } = this.#options;
      const file = join(folder, 'engine.yaml');
      await makePrivate(folder);
      socketFolder = await shortFolder(folder);
      const socket = join(socketFolder ?? folder, socketName);
      const listen = await claimAddress(this.#options.listen ?? '127.0.0.1:0');
      const fleet = openFleet();
      opened.push(fleet);
      const report = await orderFleet(fleet, { kind: 'backends', members, seed });
      await writeFile(file, configText(listen, socket, report), { mode: 0o600 });
      const engine = await openEngine(file, this.#options.version);
      opened.push(engine);
      await orderFleet(fleet, trafficOrder(listen));
      const address = `engine+unix:${socket}`;
      this.#running = { stopped: new AbortController(), socketFolder, address, listen, fleet, engine, report };
      this.#problem = undefined;
      this.#changed();
      this.#watch(this.#running, file);
    } catch (error) {
      await Promise.all(opened.map((part) => part.stop()));
      await removeFolder(socketFolder);
      this.#problem = toProblem(error);
      this.#changed();
      throw error;
    }
  }

  #watch(running: Running, file: string): void {
    void this.#revive(running, 'engine', () => openEngine(file, this.#options.version));
    void this.#revive(running, 'fleet', () => this.#reopenFleet(running));
    void this.#report(running);
  }

  /** The back ends return to their ports, which stand in the engine's configuration. */
  async #reopenFleet(running: Running): Promise<Child> {
    const fleet = openFleet();
    const ports = new Map(running.report.backends.map((backend) => [backend.name, backend.port]));
    const back = members.map((member) => ({ ...member, port: ports.get(member.name) ?? 0 }));
    try {
      await orderFleet(fleet, { kind: 'backends', members: back, seed: this.#options.seed });
      await orderFleet(fleet, trafficOrder(running.listen));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  async #revive<K extends 'fleet' | 'engine'>(
    running: Running,
    part: K,
    open: () => Promise<Running[K]>,
  ): Promise<void> {
    for (;;) {
      const how = await running[part].ended;
      if (this.#running !== running) return;
      this.#problem = new AppError('INTERNAL', `${how}. It is started again.`).toProblem();
      this.#changed();
      let waitMs = firstRetryMs;
      for (let isBack = false; !isBack; waitMs = Math.min(waitMs * 2, lastRetryMs)) {
        await pause(waitMs, running.stopped.signal);
        if (this.#running !== running) return;
        isBack = await this.#tryAgain(running, part, open);
      }
    }
  }

  async #tryAgain<K extends 'fleet' | 'engine'>(
    running: Running,
    part: K,
    open: () => Promise<Running[K]>,
  ): Promise<boolean> {
    try {
      const opened = await open();
      if (this.#running !== running) await opened.stop();
      else running[part] = opened;
      this.#problem = undefined;
      return true;
    } catch (error) {
      this.#problem = toProblem(error);
      return false;
    } finally {
      this.#changed();
    }
  }

  async #report(running: Running): Promise<void> {
    const { signal } = running.stopped;
    let last = { at: performance.now(), answered: 0 };
    while (this.#running === running) {
      await pause(reportMs, signal);
      const report = await orderFleet(running.fleet, { kind: 'report' }).catch(() => undefined); // `#revive` tells of a dead fleet
      if (this.#running !== running || !report) continue;
      running.report = report;
      const now = { at: performance.now(), answered: answered(report) };
      const perSecond = (now.answered - last.answered) / ((now.at - last.at) / 1000);
      this.#rate = perSecond < 0 ? undefined : perSecond;
      last = now;
      this.#changed();
    }
  }

  #changed(): void {
    this.#options.onChange?.(this.state());
  }
}

function openFleet(): Child {
  return openChild("The lab's back ends and traffic", entryBeside(import.meta.url, 'fleet'), []);
}

async function orderFleet(fleet: Child, order: FleetOrder): Promise<FleetReport> {
  return (await fleet.ask(order, askTimeoutMs)) as FleetReport; // fleet.entry.ts answers every order with one
}

/** One worker: the shares that it gives are the exact sequence of the weights. */
async function openEngine(file: string, version: string): Promise<Part> {
  const engine: EngineProcess = await startEngine({ file, workers: 1, version });
  return {
    ended: engine.ended.then((status) => `The lab's engine ended with status ${status ?? 'none (it was killed)'}`),
    stop: () => engine.stop(1000),
  };
}

function trafficOrder(listen: string): FleetOrder {
  return { kind: 'traffic', ...splitAddress(listen) };
}

function answered(report: FleetReport): number {
  return Object.values(report.traffic?.statuses ?? {}).reduce((sum, count) => sum + count, 0);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
