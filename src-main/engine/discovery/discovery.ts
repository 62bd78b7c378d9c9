import { AppError } from '../../contract/errors.ts';
import type { EngineSettings, MemberSettings } from '../config/settings.ts';
import type { RecordType } from './dns-records.ts';
import { foundMembers, type FoundAddress } from './found-members.ts';
import { resolve, systemServers, type NameServers } from './query.ts';

/** Answers are asked for again when they end, but neither more often nor more seldom than this. */
const shortestMs = 1000;
const longestMs = 3_600_000;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;

/** How long the first answer to a new name is waited for, so that a pool does not start empty. */
const firstAnswerMs = 3000;

interface Followed {
  readonly name: string;
  readonly kind: 'a' | 'srv';
  /** The last good answer; undefined = none yet. */
  found: readonly FoundAddress[] | undefined;
  failures: number;
  timer: NodeJS.Timeout | undefined;
  readonly stop: AbortController;
}

/** What became of a question, for the events. */
export interface DiscoveryNews {
  readonly name: string;
  /** Addresses (of SRV with their ports) that serve now. */
  readonly found: readonly string[];
  /** Why the last answer stays. */
  readonly problem?: string;
}

/**
 * Follows the names of members with `discover`, once for the whole engine: asks again when the answer's TTL ends, keeps the
 * last answer while none can be had. A name that suddenly has no address counts as that: it is an accident more often
 * than a wish.
 */
export class Discovery {
  readonly #followed = new Map<string, Followed>();
  readonly #onChange: () => void;
  readonly #onNews: (news: DiscoveryNews) => void;
  #servers: NameServers = { servers: [], timeoutMs: 1000 };

  /** `onChange` is called when the members of some name have changed after they were first known. */
  constructor(onChange: () => void, onNews: (news: DiscoveryNews) => void) {
    this.#onChange = onChange;
    this.#onNews = onNews;
  }

  /** Follows new names, waiting a while for their first answers. Names that are gone are followed until `keepOnly`. */
  async follow(settings: EngineSettings): Promise<void> {
    const { servers, timeoutMs } = settings.resolver;
    this.#servers = { servers: servers.length > 0 ? servers : systemServers(), timeoutMs };
    const fresh: Promise<void>[] = [];
    for (const { address, discover } of entriesOf(settings)) {
      const key = `${discover} ${address}`;
      if (this.#followed.has(key)) continue;
      const followed: Followed = {
        name: address,
        kind: discover,
        found: undefined,
        failures: 0,
        timer: undefined,
        stop: new AbortController(),
      };
      this.#followed.set(key, followed);
      fresh.push(this.#look(followed, false));
    }
    if (fresh.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all(fresh),
      new Promise((done) => {
        timer = setTimeout(done, firstAnswerMs);
      }),
    ]);
    clearTimeout(timer);
  }

  /** Forgets the names that no member has any more. */
  keepOnly(settings: EngineSettings): void {
    const wanted = new Set(entriesOf(settings).map(({ address, discover }) => `${discover} ${address}`));
    for (const [key, followed] of this.#followed) {
      if (wanted.has(key)) continue;
      end(followed);
      this.#followed.delete(key);
    }
  }

  /** The settings with the members that are known now in place of each entry. */
  expand(settings: EngineSettings): EngineSettings {
    if (entriesOf(settings).length === 0) return settings;
    const nodes = new Map(settings.nodes.map((node) => [node.address, node.adminState]));
    return {
      ...settings,
      pools: settings.pools.map((pool) => ({
        ...pool,
        members: pool.members.flatMap((member) =>
          member.discover === undefined
            ? [member]
            : foundMembers(member, this.#followed.get(`${member.discover} ${member.address}`)?.found ?? [], nodes),
        ),
      })),
    };
  }

  close(): void {
    for (const followed of this.#followed.values()) end(followed);
    this.#followed.clear();
  }

  async #look(followed: Followed, mustTell: boolean): Promise<void> {
    try {
      const { found, ttlS } = await this.#ask(followed);
      if (followed.stop.signal.aborted) return;
      followed.failures = 0;
      const isChanged = textOf(found) !== textOf(followed.found ?? []);
      followed.found = found;
      this.#again(followed, Math.min(Math.max(ttlS * 1000, shortestMs), longestMs));
      if (!isChanged) return;
      this.#onNews({ name: followed.name, found: found.map(label) });
      if (mustTell) this.#onChange();
    } catch (error) {
      if (followed.stop.signal.aborted) return;
      followed.failures++;
      this.#again(followed, Math.min(firstRetryMs * 2 ** Math.min(followed.failures - 1, 10), longestRetryMs));
      const problem = error instanceof AppError ? error.detail : String(error);
      if (followed.failures === 1) {
        this.#onNews({ name: followed.name, found: (followed.found ?? []).map(label), problem });
      }
    }
  }

  #again(followed: Followed, delayMs: number): void {
    followed.timer = setTimeout(() => void this.#look(followed, true), delayMs).unref();
  }

  async #ask({ name, kind, stop }: Followed): Promise<{ found: FoundAddress[]; ttlS: number }> {
    if (kind === 'a') {
      const { addresses, ttlS } = await this.#addresses(name, stop.signal);
      return { found: addresses.map((address) => ({ address, service: undefined })), ttlS };
    }
    const { records } = await resolve(this.#servers, name, 'SRV', stop.signal);
    // RFC 2782: the target "." says that there is no such service.
    const services = records.filter((record) => record.target !== '');
    if (services.length === 0) throw nothing(name, 'SRV');
    const found = await Promise.all(
      services.map(async (service) => {
        const { addresses, ttlS } = await this.#addresses(service.target, stop.signal);
        return { ttlS, each: addresses.map((address) => ({ address, service })) };
      }),
    );
    const ttlS = Math.min(...services.map((service) => service.ttlS), ...found.map((each) => each.ttlS));
    return { found: found.flatMap(({ each }) => each), ttlS };
  }

  /** A and AAAA; one of the two may be without records. */
  async #addresses(name: string, signal: AbortSignal): Promise<{ addresses: string[]; ttlS: number }> {
    const answers = await Promise.all(
      (['A', 'AAAA'] as const satisfies RecordType[]).map((type) => resolve(this.#servers, name, type, signal)),
    );
    const records = answers.flatMap((answer) => answer.records);
    if (records.length === 0) throw nothing(name, 'A or AAAA');
    return {
      addresses: records.map((record) => record.target),
      ttlS: Math.min(...records.map((record) => record.ttlS)),
    };
  }
}

type Entry = MemberSettings & { readonly discover: 'a' | 'srv' };

function entriesOf(settings: EngineSettings): Entry[] {
  return settings.pools.flatMap((pool) =>
    pool.members.filter((member): member is Entry => member.discover !== undefined),
  );
}

function nothing(name: string, types: string): AppError {
  return new AppError('NOT_FOUND', `The name "${name}" has no ${types} record.`);
}

function end({ stop, timer }: Followed): void {
  stop.abort();
  clearTimeout(timer);
}

function label({ address, service }: FoundAddress): string {
  return service === undefined ? address : `${address} port ${service.port}`;
}

/** Everything of an answer but how long it holds, in any order. */
function textOf(found: readonly FoundAddress[]): string {
  return found
    .map(({ address, service }) =>
      service === undefined ? address : [address, service.port, service.priority, service.weight].join(' '),
    )
    .sort()
    .join('\n');
}
