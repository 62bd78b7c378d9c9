import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { parseAddress } from '../contract/address.ts';
import type { DeviceSpec } from '../contract/api.ts';

const againMs = 300_000;

/** Which device has an address: of its own way in and the one that it is polled by. Names are resolved by the way, and again in time. */
export class DeviceAddresses {
  readonly #specs: () => readonly DeviceSpec[];
  readonly #nowMs: () => number;
  readonly #resolved = new Map<string, { readonly atMs: number; readonly addresses: readonly string[] }>();

  constructor(specs: () => readonly DeviceSpec[], nowMs: () => number) {
    this.#specs = specs;
    this.#nowMs = nowMs;
  }

  /** The device at an address, where it is one alone: behind one address with several ports nobody knows which one spoke. */
  deviceAt(address: string): string | undefined {
    const found = this.#specs().filter((spec) => hostsOf(spec).some((host) => this.#addresses(host).includes(address)));
    return found.length === 1 ? found[0]?.name : undefined;
  }

  #addresses(host: string): readonly string[] {
    if (isIP(host) !== 0) return [host];
    const known = this.#resolved.get(host);
    if (known === undefined || this.#nowMs() - known.atMs > againMs) void this.#resolve(host, known?.addresses ?? []);
    return known?.addresses ?? [];
  }

  async #resolve(host: string, before: readonly string[]): Promise<void> {
    this.#resolved.set(host, { atMs: this.#nowMs(), addresses: before });
    try {
      const answers = await lookup(host, { all: true });
      this.#resolved.set(host, { atMs: this.#nowMs(), addresses: answers.map(({ address }) => address) });
    } catch {
      // asked again in time; until then the sender's bare address stands
    }
  }

  /** Resolves the names beforehand, so that the first trap finds its device. */
  warm(): void {
    for (const host of this.#specs().flatMap(hostsOf)) this.#addresses(host);
  }
}

function hostsOf({ address, poll }: DeviceSpec): readonly string[] {
  return [address, ...(poll === undefined ? [] : [poll])]
    .map((text) => parseAddress(text).host)
    .filter((host) => host !== '');
}
