import { clientNetwork } from './client-network.ts';
import { noLine, type HeldClient, type HeldRequest, type Holder, type PersistenceMethod } from './method.ts';
import type { PersistenceSettings } from './method.ts';

/** Clients of one network stay on one member until nothing has come from it for `timeoutMs`. */
export const sourceIp: PersistenceMethod = {
  id: 'source-ip',
  settings: ['ipv4Prefix', 'ipv6Prefix', 'timeoutMs', 'maxEntries'],
  keepsEntries: true,
  create: (_pool, settings, before) => {
    if (!(before instanceof SourceIpHolder) || !before.isSameNetwork(settings)) return new SourceIpHolder(settings);
    before.configure(settings);
    return before;
  },
};

interface Entry {
  member: string;
  usedAtMs: number;
}

class SourceIpHolder implements Holder {
  readonly cookieName = noLine;
  #settings: PersistenceSettings;
  /** By network, the longest unused first: whoever comes is put to the end. */
  readonly #entries = new Map<string, Entry>();

  constructor(settings: PersistenceSettings) {
    this.#settings = settings;
  }

  isSameNetwork({ ipv4Prefix, ipv6Prefix }: PersistenceSettings): boolean {
    return ipv4Prefix === this.#settings.ipv4Prefix && ipv6Prefix === this.#settings.ipv6Prefix;
  }

  configure(settings: PersistenceSettings): void {
    this.#settings = settings;
    this.#evict(settings.maxEntries);
  }

  find(request: HeldRequest, nowMs: number): string | undefined {
    const network = this.#network(request.sourceAddress());
    const entry = this.#live(network, nowMs);
    if (entry === undefined) return undefined;
    entry.usedAtMs = nowMs;
    this.#entries.delete(network);
    this.#entries.set(network, entry);
    return entry.member;
  }

  hold(request: HeldRequest, member: string, nowMs: number): Buffer {
    const network = this.#network(request.sourceAddress());
    if (network === '') return noLine;
    this.#entries.delete(network);
    this.#evict(this.#settings.maxEntries - 1);
    this.#entries.set(network, { member, usedAtMs: nowMs });
    return noLine;
  }

  look(address: string, nowMs: number): HeldClient | undefined {
    const client = this.#network(address);
    const entry = this.#live(client, nowMs);
    if (entry === undefined) return undefined;
    const idleMs = Math.round(nowMs - entry.usedAtMs);
    return { client, member: entry.member, idleMs, expiresInMs: this.#settings.timeoutMs - idleMs };
  }

  forget(address: string): boolean {
    return this.#entries.delete(this.#network(address));
  }

  #network(address: string): string {
    return clientNetwork(address, this.#settings.ipv4Prefix, this.#settings.ipv6Prefix);
  }

  #live(network: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(network);
    if (entry === undefined || nowMs - entry.usedAtMs < this.#settings.timeoutMs) return entry;
    this.#entries.delete(network);
    return undefined;
  }

  /** Leaves at most so many, the longest unused go. */
  #evict(maximum: number): void {
    for (const network of this.#entries.keys()) {
      if (this.#entries.size <= maximum) return;
      this.#entries.delete(network);
    }
  }
}
