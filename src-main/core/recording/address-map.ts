/** A random function of text, the same for the same text: hexadecimal digits. */
export type Digest = (text: string) => string;

/** First octets that say what kind of address it is: they stay. */
const keptOctets = new Set([0, 10, 127, 169, 172, 192, 255]);

/**
 * Substitutes for addresses that keep what they have in common: two addresses in one subnet have substitutes in one subnet, whatever its
 * length from 8 bits on (prefix-preserving, as Crypto-PAn: a bit is turned by a keyed function of the bits before it). Loopback, zero,
 * masks, multicast and the private ranges stay what they are (of 169, 172 and 192 the first two octets stay); host bits that were all zero before a `/n` stay zero.
 */
export class AddressMap {
  readonly #digest: Digest;
  readonly #found = new Map<string, string>();

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  ipv4(address: string, prefix?: number): string {
    const octets = address.split('.').map(Number);
    if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) return address;
    const [first = 0] = octets;
    if (first === 0 || first === 127 || first >= 224 || isMask(octets)) return address;
    const bits = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
    const fixed = first === 172 || first === 192 || first === 169 ? 16 : 8;
    const turned = this.#turned(`4:${bits}`, bits, fixed, prefix);
    const own = [0, 8, 16, 24].map((from) => parseInt(turned.slice(from, from + 8), 2));
    if (!keptOctets.has(first)) own[0] = this.#publicOctet(first);
    return this.#kept(address, own.join('.'));
  }

  /** Any spelling; the substitute is written in full groups. Link-local and unique-local prefixes stay. */
  ipv6(address: string, prefix?: number): string {
    const groups = groupsOf(address);
    if (groups === undefined || /^(0+:)*0*[01]?$/.test(groups.map(String).join(':'))) return address;
    const bits = groups.map((group) => group.toString(2).padStart(16, '0')).join('');
    const turned = this.#turned(`6:${bits}`, bits, 16, prefix);
    const words = Array.from({ length: 8 }, (_, at) => parseInt(turned.slice(at * 16, at * 16 + 16), 2).toString(16));
    return this.#kept(address, words.join(':'));
  }

  /** What was mapped so far. */
  known(address: string): string | undefined {
    return this.#found.get(address);
  }

  entries(): ReadonlyMap<string, string> {
    return this.#found;
  }

  #kept(address: string, substitute: string): string {
    this.#found.set(address, substitute);
    return substitute;
  }

  #turned(salt: string, bits: string, fixed: number, prefix: number | undefined): string {
    const isNetwork = prefix !== undefined && !bits.slice(prefix).includes('1');
    let out = bits.slice(0, fixed);
    for (let at = fixed; at < bits.length; at += 1) {
      if (isNetwork && at >= prefix) return out.padEnd(bits.length, '0');
      const turn = parseInt(this.#digest(`${salt[0] ?? ''}${bits.slice(0, at)}`)[0] ?? '0', 16) & 1;
      out += String(Number(bits[at]) ^ turn);
    }
    return out;
  }

  /** One of 198.18.0.0/15's neighbours or any other that is no range of its own. */
  #publicOctet(first: number): number {
    for (let round = 0; ; round += 1) {
      const octet = parseInt(this.#digest(`octet${first}.${round}`).slice(0, 2), 16);
      if (octet > 0 && octet < 224 && !keptOctets.has(octet)) return octet;
    }
  }
}

function isMask(octets: readonly number[]): boolean {
  return /^1{8,}0*$/.test(octets.map((octet) => octet.toString(2).padStart(8, '0')).join(''));
}

function groupsOf(address: string): readonly number[] | undefined {
  const [head = '', tail, more] = address.split('::');
  if (more !== undefined) return undefined;
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  if (missing < 0) return undefined;
  const words = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  if (words.length !== 8 || words.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return undefined;
  return words.map((word) => parseInt(word, 16));
}
