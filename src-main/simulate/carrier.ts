import { toProblem } from '../contract/errors.ts';
import { type CarriedServer, isLoopback } from './carried.ts';
import { fromZero, look, nothingSeen, type Seen } from './carrier-counters.ts';
import { openEngine } from './carrier-engine.ts';
import type { Counters, Traffic } from './traffic.ts';

/** What a simulated appliance sees of the traffic that it carries. Keys are those of `carried.ts`. */
export interface CarriedView {
  /** Undefined of what is not carried. */
  readonly counters: (key: string) => Counters | undefined;
  /** Since when a member's monitors fail; undefined while they do not. */
  readonly failedSince: (key: string) => Date | undefined;
  /** The same of whatever member stands at an address and port. */
  readonly failedAt: (address: string, port: string) => Date | undefined;
  /** Counters begin at 0. */
  readonly reset: () => void;
}

/** Serves the virtual servers of a simulated appliance that stand on loopback addresses, by an engine of its own. */
export interface Carrier extends CarriedView {
  /** Serves what `read` says from now on, also where that changes by itself. Rejects where the engine does not start; then it is closed. */
  readonly start: (read: () => readonly CarriedServer[]) => Promise<void>;
  /** Resolves when what is configured by now is in force. */
  readonly settle: () => Promise<void>;
  /** Resolves when counters and health are of now. */
  readonly refresh: () => Promise<void>;
  /** Every connection is cut, and counters begin at 0. */
  readonly restart: () => void;
  readonly close: () => Promise<void>;
}

/** Another hand may have changed something, or a port is free at last. */
const lookEveryMs = 500;
const retryAfterMs = 1000;

/** `tell` hears each fault in words: a port that is taken, a certificate that cannot be used. */
export function makeCarrier(tell: (text: string) => void): Carrier {
  const engine = openEngine();
  const told = new Set<string>();
  let read: (() => readonly CarriedServer[]) | undefined;
  let wanted = '';
  let serving: readonly CarriedServer[] = [];
  let retryAt: number | undefined;
  let seen: Seen = nothingSeen;
  let timer: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = queue.then(async () => {
      if (!isClosed) await work();
    });
    queue = done.catch(() => undefined); // the caller has it; the next one does not
    return done;
  }
  function tellOnce(text: string): void {
    if (!told.has(text)) tell(text);
    told.add(text);
  }
  async function settle(): Promise<void> {
    const next = (read?.() ?? []).filter(({ address, port }) => isLoopback(address) && port > 0);
    const text = JSON.stringify(next);
    if (text === wanted && (retryAt === undefined || Date.now() < retryAt)) return;
    if (text !== wanted) told.clear();
    wanted = text;
    for (const fault of elsewhere(next)) tellOnce(fault);
    retryAt = (await bring(next)) ? undefined : Date.now() + retryAfterMs;
  }
  /** All at once where nothing stands against it; else one after another, and what cannot be served is left out. */
  async function bring(next: readonly CarriedServer[]): Promise<boolean> {
    if ((await engine.apply(next)) === undefined) {
      serving = next;
      return true;
    }
    const keys = new Set(next.map(({ key }) => key));
    let list = serving.filter(({ key }) => keys.has(key));
    for (const server of next) {
      const others = list.filter(({ key }) => key !== server.key);
      const fault = await engine.apply([...others, server]);
      list = fault === undefined ? [...others, server] : others;
      if (fault !== undefined) tellOnce(faultOf(server, fault));
    }
    await engine.apply(list);
    serving = list;
    return false;
  }
  async function refresh(): Promise<void> {
    const statistics = await engine.statistics();
    if (statistics !== undefined) seen = look(seen, statistics);
  }
  async function close(): Promise<void> {
    clearInterval(timer);
    await queue;
    isClosed = true;
    await engine.close();
    engine.forget();
  }
  return {
    start: async (first) => {
      read = first;
      try {
        await inTurn(async () => {
          await engine.open();
          await settle();
          await refresh();
        });
      } catch (error) {
        await close();
        throw error;
      }
      timer = setInterval(() => {
        void inTurn(async () => {
          await settle();
          await refresh();
        }).catch((error: unknown) => {
          tellOnce(`The traffic is not looked at any more: ${toProblem(error).detail}.`);
        });
      }, lookEveryMs).unref();
    },
    settle: () => inTurn(settle),
    refresh: () => inTurn(refresh),
    counters: (key) => seen.counters.get(key),
    failedSince: (key) => seen.failed.get(key),
    failedAt: (address, port) => seen.failedAt.get(`${address}:${port}`),
    reset: () => {
      seen = fromZero(seen);
    },
    restart: () => {
      seen = nothingSeen;
      void inTurn(async () => {
        await engine.close();
        [wanted, serving] = ['', []];
        await engine.open();
        await settle();
      }).catch((error: unknown) => {
        tellOnce(`The traffic did not come back: ${toProblem(error).detail}.`);
      });
    },
    close,
  };
}

function faultOf({ key, address, port }: CarriedServer, why: string): string {
  return `The virtual server ${key} is not served on ${address}:${port}: ${why.replace(/\.$/, '')}.`;
}

/** Members of other machines get nothing: no packet leaves this one. */
function elsewhere(servers: readonly CarriedServer[]): readonly string[] {
  return servers.flatMap(({ key, pool }) =>
    pool.members
      .filter(({ address }) => !isLoopback(address))
      .map((member) => `${key} sends nothing to ${member.address}:${member.port}: that is no loopback address.`),
  );
}

/** Counters of what is carried are real, of the rest pretended. */
export function carriedTraffic(pretended: Traffic, view: CarriedView | undefined): Traffic {
  if (view === undefined) return pretended;
  return {
    advance: (flows, now) => {
      pretended.advance(
        flows.filter(({ name }) => view.counters(name) === undefined),
        now,
      );
    },
    of: (name) => view.counters(name) ?? pretended.of(name),
    reset: () => {
      pretended.reset();
      view.reset();
    },
  };
}
