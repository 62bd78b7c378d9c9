import { randomBytes } from 'node:crypto';

/** Records and hellos of TLS (RFC 8446, RFC 5246) as a test writes and reads them: anything can be said, right or wrong. */

export type Extension = readonly [type: number, body: Buffer];

export interface Hello {
  /** The version of the message itself; default TLS 1.2, as TLS 1.3 says too. */
  readonly version?: number;
  readonly suites?: readonly number[];
  readonly compression?: readonly number[];
  readonly sessionId?: Buffer;
  readonly extensions?: readonly Extension[];
  /** Behind the extensions. */
  readonly trailing?: Buffer;
}

export function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function uint16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
}

/** `body` behind its length of so many bytes; `lie` is added to that length. */
export function sized(width: 1 | 2 | 3, body: Buffer, lie = 0): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(body.length + lie, 0, width);
  return Buffer.concat([length, body]);
}

export function record(type: number, body: Buffer, version = 0x0301): Buffer {
  return Buffer.concat([bytes(type), uint16(version), sized(2, body)]);
}

const suites12 = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];
const suites13 = [0x1301, 0x1302, 0x1303];

export const X = {
  name: [0, sized(2, Buffer.concat([bytes(0), sized(2, Buffer.from('a.example'))]))],
  groups: [10, sized(2, uint16(29, 23, 24))],
  points: [11, sized(1, bytes(0))],
  signatures: [13, sized(2, uint16(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501))],
  secret: [23, Buffer.alloc(0)],
  renegotiation: [0xff01, bytes(0)],
  versions: [43, sized(1, uint16(0x0304, 0x0303))],
  share: [51, sized(2, Buffer.concat([uint16(29), sized(2, randomBytes(32))]))],
  pskModes: [45, sized(1, bytes(1))],
} as const satisfies Record<string, Extension>;

export const base12: readonly Extension[] = [X.name, X.groups, X.points, X.signatures, X.secret, X.renegotiation];
export const base13: readonly Extension[] = [...base12, X.versions, X.share, X.pskModes];

/** The extensions with one in place of that of the same type. */
export function replaced(list: readonly Extension[], one: Extension): readonly Extension[] {
  return list.map((each) => (each[0] === one[0] ? one : each));
}

export function without(list: readonly Extension[], ...types: readonly number[]): readonly Extension[] {
  return list.filter(([type]) => !types.includes(type));
}

/** A ClientHello as a handshake message; by default one of TLS 1.3 that a server of any age understands. */
export function helloMessage(hello: Hello = {}): Buffer {
  const { version = 0x0303, suites = [...suites13, ...suites12], compression = [0] } = hello;
  const { sessionId = randomBytes(32), extensions = base13, trailing = Buffer.alloc(0) } = hello;
  const list = extensions.map(([type, body]) => Buffer.concat([uint16(type), sized(2, body)]));
  const body = Buffer.concat([
    uint16(version),
    randomBytes(32),
    sized(1, sessionId),
    sized(2, uint16(...suites)),
    sized(1, Buffer.from(compression)),
    sized(2, Buffer.concat(list)),
    trailing,
  ]);
  return Buffer.concat([bytes(1), sized(3, body)]);
}

export function clientHello(hello: Hello = {}, recordVersion = 0x0301): Buffer {
  return record(22, helloMessage(hello), recordVersion);
}

/** A hello of TLS 1.2 and nothing later. */
export function hello12(hello: Hello = {}): Buffer {
  return clientHello({ suites: suites12, extensions: base12, ...hello });
}

/** What a server said until everything was encrypted. */
export interface TlsAnswer {
  readonly hello?: {
    readonly version: number;
    readonly suite: number;
    readonly compression: number;
    readonly random: Buffer;
    readonly extensions: ReadonlyMap<number, Buffer>;
  };
  /** The description of the first alert. */
  readonly alert?: number;
  /** Types of all records. */
  readonly types: readonly number[];
}

export function readAnswer(text: string): TlsAnswer {
  const all = Buffer.from(text, 'latin1');
  const types: number[] = [];
  let alert: number | undefined = undefined;
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= all.length; at += 5 + all.readUInt16BE(at + 3)) {
    const [type = 0] = all.subarray(at);
    const body = all.subarray(at + 5, at + 5 + all.readUInt16BE(at + 3));
    if (types.length === 0 && ![20, 21, 22, 23, 24].includes(type)) return { types: [] };
    types.push(type);
    if (type === 21) alert ??= body[1];
    if (type === 22) messages.push(body);
  }
  const hello = readServerHello(Buffer.concat(messages));
  return { types, ...(hello === undefined ? {} : { hello }), ...(alert === undefined ? {} : { alert }) };
}

function readServerHello(message: Buffer): TlsAnswer['hello'] {
  if (message[0] !== 2 || message.length < 4 + message.readUIntBE(1, 3)) return undefined;
  const end = 4 + message.readUIntBE(1, 3);
  let at = 6 + 32;
  at += 1 + (message[at] ?? 0);
  const extensions = new Map<number, Buffer>();
  for (let next = at + 5; next + 4 <= end; next += 4 + message.readUInt16BE(next + 2)) {
    extensions.set(message.readUInt16BE(next), message.subarray(next + 4, next + 4 + message.readUInt16BE(next + 2)));
  }
  const version = extensions.get(43)?.readUInt16BE(0) ?? message.readUInt16BE(4);
  const [suite, compression, random] = [message.readUInt16BE(at), message[at + 2] ?? 0, message.subarray(6, 38)];
  return { version, suite, compression, random, extensions };
}
