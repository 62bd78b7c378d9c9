import type { MemberLoad, PoolRow } from '$contract/api.ts';
import type { Connection } from '../api.ts';

/** A look asks every process of a balancer: not with each tick. */
const everyMs = 3000;

/**
 * Draining members of one pool that hold nothing any more. The rows alone cannot tell: after a reload they are the new process's, and
 * the old ones may hold connections still. So every process is asked; while one cannot be, or none was yet, nobody knows.
 */
export class Emptiness {
  members = $state.raw<ReadonlySet<string>>(new Set());
  readonly #connection: Pick<Connection, 'call'>;
  readonly #now: () => number;
  #place = '';
  #empty: ReadonlySet<string> = new Set();
  #quiet: readonly string[] = [];
  #isAsking = false;
  #nextMs = -Infinity;

  constructor(connection: Pick<Connection, 'call'>, now: () => number = () => performance.now()) {
    this.#connection = connection;
    this.#now = now;
  }

  /** With each new row: what no longer is quiet is not empty, at once; of what is, every process is asked by and by. */
  async look({ device, name: pool, members }: PoolRow): Promise<void> {
    const quiet = members
      .filter(({ adminState, currentConnections }) => adminState === 'draining' && currentConnections === 0)
      .map(({ name }) => name);
    const place = JSON.stringify([device, pool]);
    if (place !== this.#place) this.#nextMs = -Infinity;
    this.#set(place === this.#place ? quiet.filter((name) => this.#empty.has(name)) : []);
    this.#place = place;
    this.#quiet = quiet;
    if (quiet.length === 0 || this.#isAsking || this.#now() < this.#nextMs) return;
    this.#isAsking = true;
    const empty: string[] = [];
    for (const member of quiet) {
      const load = await this.#connection.call('members.load', { device, pool, member }).catch(() => undefined);
      if (load !== undefined && isEmpty(load)) empty.push(member);
    }
    this.#isAsking = false;
    if (place !== this.#place) return;
    this.#nextMs = this.#now() + everyMs;
    // Whoever came meanwhile counts.
    this.#set(empty.filter((name) => this.#quiet.includes(name)));
  }

  #set(empty: readonly string[]): void {
    if (empty.length === this.#empty.size && empty.every((name) => this.#empty.has(name))) return;
    this.#empty = new Set(empty);
    this.members = this.#empty;
  }
}

function isEmpty({ processes, unknown }: MemberLoad): boolean {
  return processes.length > 0 && unknown.length === 0 && processes.every(({ connections }) => connections === 0);
}
