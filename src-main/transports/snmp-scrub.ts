/** What takes out of a text what says whose it is; the same becomes the same. */
export interface RowScrub {
  readonly text: (text: string) => string;
  readonly ipv4: (address: string) => string;
  readonly ipv6: (address: string) => string;
  /** Addresses that were met so far, with their substitutes. */
  readonly addresses: () => ReadonlyMap<string, string>;
}

interface RecordedRow {
  readonly oid: string;
  readonly tag: string;
  readonly isHex: boolean;
  readonly value: string;
}

/** sysContact, sysName, sysLocation: words of people, whatever they look like. */
const peopleWords: Readonly<Record<string, string>> = {
  '1.3.6.1.2.1.1.4.0': 'contact',
  '1.3.6.1.2.1.1.5.0': 'device',
  '1.3.6.1.2.1.1.6.0': 'location',
};

/**
 * The values of a recording (`snmp-recording.ts`) as snmprec lines that snmpsim serves, each OID once, with everything scrubbed: text,
 * addresses as text, IpAddress and bytes, and what stands in a row's index (names with their length before them, addresses).
 */
export function scrubbedRows(recording: string, scrub: RowScrub): string {
  const rows = new Map<string, RecordedRow>();
  for (const line of recording.split('\n')) {
    const [, oid, tag = '', hex, value = ''] = /^([\d.]+)\|(\d+)(x?)\|(.*)$/.exec(line) ?? [];
    if (oid !== undefined) rows.set(oid, { oid, tag, isHex: hex === 'x', value });
  }
  // Values first: addresses in an index are known by the values that hold them too.
  const values = [...rows.values()].map((row) => ({ row, value: valueOf(row, scrub) }));
  const lines = values.map(({ row, value }) => ({ oid: indexOf(row.oid, scrub), rest: value }));
  return lines
    .toSorted((one, other) => compare(one.oid, other.oid))
    .map(({ oid, rest }) => `${oid}|${rest}\n`)
    .join('');
}

function valueOf({ oid, tag, isHex, value }: RecordedRow, scrub: RowScrub): string {
  const word = peopleWords[oid];
  if (word !== undefined) return `4x|${Buffer.from(word).toString('hex')}`;
  if (tag === '64') return `64|${isHex ? value : scrub.ipv4(value)}`;
  if (tag !== '4' || !isHex) return `${tag}${isHex ? 'x' : ''}|${value}`;
  return `4x|${bytesOf(Buffer.from(value, 'hex'), scrub).toString('hex')}`;
}

function bytesOf(bytes: Buffer, scrub: RowScrub): Buffer {
  const text = bytes.toString('utf8');
  const ending = /\0*$/.exec(text)?.[0] ?? '';
  const words = text.slice(0, text.length - ending.length);
  if (/^[\t\n\r\x20-\x7e\u00a0-\ufffc]*$/.test(words)) return Buffer.from(`${scrub.text(words)}${ending}`);
  if (bytes.length === 4 || bytes.length === 8) {
    const own = scrub.ipv4([...bytes.subarray(0, 4)].join('.'));
    return Buffer.concat([Buffer.from(own.split('.').map(Number)), bytes.subarray(4)]);
  }
  if (bytes.length === 16 || bytes.length === 20) {
    const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16)).join(':');
    const own = scrub.ipv6(groups).split(':');
    // An address that stays as it is (`::1`) may be written short.
    return own.length === 8 && !own.includes('')
      ? Buffer.concat([Buffer.from(own.map((word) => word.padStart(4, '0')).join(''), 'hex'), bytes.subarray(16)])
      : bytes;
  }
  return Buffer.alloc(bytes.length); // of what nobody knows to read the length stays
}

/** Where a table's own numbers end is not known here: whatever looks like a name or an address behind the enterprise is one. */
function indexOf(oid: string, scrub: RowScrub): string {
  const numbers = oid.split('.').map(Number);
  const known = scrub.addresses();
  const out: number[] = numbers.slice(0, 7);
  for (let at = 7; at < numbers.length;) {
    const word = wordAt(numbers, at, scrub);
    // A column's number 1 before a name of four letters looks like a type before an address: the name is known, so it wins.
    const isTyped = numbers[at] === 1 && numbers[at + 1] === 4 && numbers.length >= at + 6;
    const bare = numbers.slice(at, at + 4).join('.');
    if (word !== undefined) {
      out.push(word.length, ...Buffer.from(word));
      at += 1 + (numbers[at] ?? 0);
    } else if (isTyped && wordAt(numbers, at + 1, scrub) === undefined) {
      out.push(
        1,
        4,
        ...scrub
          .ipv4(numbers.slice(at + 2, at + 6).join('.'))
          .split('.')
          .map(Number),
      );
      at += 6;
    } else if (known.has(bare)) {
      out.push(...(known.get(bare) ?? bare).split('.').map(Number));
      at += 4;
    } else {
      out.push(numbers[at] ?? 0);
      at += 1;
    }
  }
  return out.join('.');
}

/** The substitute of a text with its length before it, where there is one here and it has something to be taken out. */
function wordAt(numbers: readonly number[], at: number, scrub: RowScrub): string | undefined {
  const length = numbers[at] ?? 0;
  const body = numbers.slice(at + 1, at + 1 + length);
  if (length < 2 || body.length < length || body.some((one) => one < 0x20 || one > 0x7e)) return undefined;
  const text = String.fromCharCode(...body);
  const own = scrub.text(text);
  return own === text ? undefined : own;
}

function compare(one: string, other: string): number {
  const [left, right] = [one.split('.').map(Number), other.split('.').map(Number)];
  for (const [at, number] of left.entries()) {
    const against = right[at];
    if (against === undefined) return 1;
    if (number !== against) return number - against;
  }
  return left.length - right.length;
}
