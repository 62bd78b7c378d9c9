import { clientNetwork } from '../persistence/client-network.ts';

/** So many clients are known at once; the longest unseen is forgotten first. */
export const maxRateClients = 65_536;
/** An IPv6 client owns a whole /64: single addresses of it would be free. */
const ipv6Prefix = 64;

interface Client {
  tokens: number;
  atMs: number;
  /** Requests since the last report to the supervisor, and whether one was refused. */
  asked: number;
  wasShort: boolean;
}

export interface RateSettings {
  readonly perClientPerSecond: number;
  readonly burst: number;
}

/** A token bucket of requests per client of one virtual server. */
export class RequestRate {
  #settings: RateSettings;
  readonly #shareOf: (client: string) => number;
  /** The longest unseen first. */
  readonly #clients = new Map<string, Client>();

  /** `shareOf` answers the share of a client's rate that is this worker's. */
  constructor(settings: RateSettings, shareOf: (client: string) => number = () => 1) {
    this.#settings = settings;
    this.#shareOf = shareOf;
  }

  configure(settings: RateSettings): void {
    this.#settings = settings;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** How a client is told from others. */
  static keyOf(address: string): string {
    return clientNetwork(address, 32, ipv6Prefix);
  }

  /** Takes one request of the client: 0 = it may pass, else after how many seconds the next may. */
  take(client: string, nowMs: number): number {
    const share = this.#shareOf(client);
    const rate = this.#settings.perClientPerSecond * share;
    const burst = Math.max(1, this.#settings.burst * share);
    const known = this.#clients.get(client) ?? { tokens: burst, atMs: nowMs, asked: 0, wasShort: false };
    this.#clients.delete(client);
    if (this.#clients.size >= maxRateClients) this.#forgetOldest();
    this.#clients.set(client, known);
    known.tokens = Math.min(burst, known.tokens + (rate * (nowMs - known.atMs)) / 1000);
    known.atMs = nowMs;
    known.asked++;
    if (known.tokens >= 1) {
      known.tokens -= 1;
      return 0;
    }
    known.wasShort = true;
    return Math.max(1, Math.ceil((1 - known.tokens) / rate));
  }

  /** Requests of each client that came too fast since the last call. */
  readShort(): [string, number][] {
    const short: [string, number][] = [];
    for (const [client, each] of this.#clients) {
      if (each.wasShort) short.push([client, each.asked]);
      each.asked = 0;
      each.wasShort = false;
    }
    return short;
  }

  #forgetOldest(): void {
    const oldest = this.#clients.keys().next();
    if (oldest.done !== true) this.#clients.delete(oldest.value);
  }
}
