import { ends, type RawCase, type RawSeen, type RawStep } from './raw-peer.ts';
import {
  base12,
  base13,
  bytes,
  clientHello,
  hello12,
  helloMessage,
  readAnswer,
  record,
  replaced,
  sized,
  uint16,
  without,
  X,
  type Extension,
  type TlsAnswer,
} from './tls-wire.ts';

/** Cases of our own about the first words of TLS: versions, suites, fallback, compression, heartbeats, extensions, records. */

type Row = readonly [
  name: string,
  source: string,
  steps: readonly RawStep[],
  isRight: (seen: RawSeen) => boolean,
  more?: Partial<RawCase>,
];

/** Alerts (RFC 8446 6). */
const A = {
  unexpected: 10,
  overflow: 22,
  failure: 40,
  illegal: 47,
  decode: 50,
  version: 70,
  fallback: 86,
  missing: 109,
  name: 112,
  protocol: 120,
} as const;

function isAnswered(seen: RawSeen): boolean {
  const { hello, alert } = readAnswer(seen.text);
  return hello !== undefined || alert !== undefined || seen.ending !== 'open';
}

function isOver(seen: RawSeen): boolean {
  return seen.ending !== 'open';
}

/** The server said hello, and this of it is right. */
function greets(isRight: (hello: NonNullable<TlsAnswer['hello']>) => boolean = () => true): (seen: RawSeen) => boolean {
  return (seen) => {
    const { hello } = readAnswer(seen.text);
    return hello !== undefined && isRight(hello);
  };
}

const is12 = greets(({ version }) => version === 0x0303);
const is13 = greets(({ version }) => version === 0x0304);

/** No hello, and the alert is one of these. */
function refuses(...alerts: readonly number[]): (seen: RawSeen) => boolean {
  return (seen) => {
    const { hello, alert } = readAnswer(seen.text);
    return hello === undefined && alert !== undefined && (alerts.length === 0 || alerts.includes(alert));
  };
}

/** No hello: an alert, or the end. */
function isRefused(seen: RawSeen): boolean {
  const { hello, alert } = readAnswer(seen.text);
  return hello === undefined && (alert !== undefined || seen.ending !== 'open');
}

function asks(...hellos: readonly Buffer[]): RawStep[] {
  return [Buffer.concat([...hellos]), isAnswered];
}

function only(...versions: readonly number[]): Extension {
  return [43, sized(1, uint16(...versions))];
}

/** Seven suites and a challenge of 16 bytes, as SSL 2.0 had it. */
const ssl2 = Buffer.concat([
  bytes(0x80, 9 + 21 + 16, 1, 0, 2, 0, 21, 0, 0, 0, 16),
  Buffer.from('0100800200800300800400800500800600400700c0', 'hex'),
  Buffer.alloc(16, 7),
]);
const grease = 0x4a4a;

const versions: readonly Row[] = [
  ['SSL 2.0', '6176 3', [ssl2, isOver], isRefused],
  ['SSL 3.0', '7568 3', asks(clientHello({ version: 0x0300, suites: [0x0035, 0x002f], extensions: [] }, 0x0300)), isRefused],
  ['TLS 1.0', '8996 4', asks(hello12({ version: 0x0301, suites: [0xc009, 0xc013, 0x002f] })), refuses(A.version, A.failure)],
  ['TLS 1.1', '8996 5', asks(hello12({ version: 0x0302, suites: [0xc009, 0xc013, 0x002f] })), refuses(A.version, A.failure)],
  ['TLS 1.2', '5246', asks(hello12()), is12],
  ['TLS 1.3', '8446', asks(clientHello()), is13],
  ['TLS 1.3 alone', '8446 4.2.1', asks(clientHello({ extensions: replaced(base13, only(0x0304)) })), is13],
  ['the extension counts, not the message', '8446 4.2.1', asks(clientHello({ extensions: replaced(base13, only(0x0303)) })), is12],
  ['a version to come becomes 1.2', '8446 4.2.1', asks(hello12({ version: 0x0304 })), is12],
  ['a version far off becomes 1.2', '8446 4.2.1', asks(hello12({ version: 0x03ff })), is12],
  ['versions nobody knows', '8446 4.2.1', asks(clientHello({ extensions: replaced(base13, only(0x7f1c, 0x0305)) })), refuses(A.version)],
  ['GREASE among versions', '8701 3', asks(clientHello({ extensions: replaced(base13, only(grease, 0x0304)) })), is13],
  ['GREASE everywhere', '8701 3', asks(clientHello({ suites: [grease, 0x1301, 0xc02b, 0xc02f], extensions: [[grease, bytes()], ...replaced(base13, [10, sized(2, uint16(grease, 29, 23))]), [0x1a1a, bytes(0)]] })), is13],
  ['a record that says TLS 1.2', '8446 5.1', asks(clientHello({}, 0x0303)), is13],
  ['a mark in the random bytes of 1.2', '8446 4.1.3', asks(hello12()), greets(({ random }) => random.toString('latin1', 24) === 'DOWNGRD\x01')],
  ['no such mark in those of 1.3', '8446 4.1.3', asks(clientHello()), greets(({ random }) => !random.toString('latin1', 24).startsWith('DOWNGRD'))],
  ['a fallback that was not needed', '7507 3', asks(hello12({ suites: [0xc02b, 0xc02f, 0x5600] })), refuses(A.fallback)],
  ['the same word with the best version', '7507 3', asks(clientHello({ suites: [0x1301, 0xc02b, 0x5600] })), is13],
]; // prettier-ignore

const weak: readonly (readonly [name: string, source: string, suite: number])[] = [
  ['NULL', '9325 4.1', 0x003b],
  ['ECDHE with NULL', '9325 4.1', 0xc010],
  ['anonymous DH', '9325 4.1', 0x006c],
  ['anonymous ECDH', '9325 4.1', 0xc018],
  ['EXPORT', '9325 4.1', 0x0003],
  ['RC4', '7465 2', 0x0005],
  ['ECDHE with RC4', '7465 2', 0xc011],
  ['DES', '9325 4.1', 0x0009],
  ['Triple DES', '9325 4.1', 0x000a],
  ['MD5', '9325 4.1', 0x0001],
  ['RSA key transport', '9325 4.1', 0x009c],
  ['IDEA', '5469 1', 0x0007],
  ['SEED', '9325 4.1', 0x0096],
];

const suites: readonly Row[] = [
  ...weak.map(([name, source, suite]): Row => [name, source, asks(hello12({ suites: [suite] })), refuses(A.failure)]),
  ['ones nobody knows', '5246 7.4.1.2', asks(hello12({ suites: [0xeeee, grease] })), refuses(A.failure)],
  ['those of 1.3 for 1.2', '8446 B.4', asks(hello12({ suites: [0x1301, 0x1302] })), refuses(A.failure)],
  ['those of 1.2 for 1.3', '8446 B.4', asks(clientHello({ suites: [0xc02b], extensions: replaced(base13, only(0x0304)) })), refuses(A.failure)],
  ['none', '5246 7.4.1.2', asks(clientHello({ suites: [] })), refuses(A.decode, A.illegal, A.failure)],
  ['ECDSA for who can verify it', '5246 7.4.2', asks(hello12({ suites: [0xc02b] })), greets(({ suite }) => suite === 0xc02b)],
  ['RSA for who can verify that alone', '5246 7.4.2', asks(hello12({ suites: [0xc02f], extensions: replaced(base12, [13, sized(2, uint16(0x0804, 0x0401))]) })), greets(({ suite }) => suite === 0xc02f)],
  ['signatures by SHA-1 alone', '9155 4', asks(hello12({ extensions: replaced(base12, [13, sized(2, uint16(0x0203, 0x0201))]) })), refuses(A.failure)],
  ['groups nobody knows', '8446 4.2.7', asks(clientHello({ extensions: replaced(without(base13, 51), [10, sized(2, uint16(0xfeee))]) })), refuses(A.failure, A.missing, A.illegal)],
]; // prettier-ignore

const handshake: readonly Row[] = [
  ['compression is not chosen', '9325 3.3', asks(hello12({ compression: [1, 0] })), greets(({ compression }) => compression === 0)],
  ['compression alone', '5246 7.4.1.2', asks(hello12({ compression: [1] })), isRefused],
  ['compression in 1.3', '8446 4.1.2', asks(clientHello({ compression: [1, 0] })), refuses(A.illegal)],
  ['safe renegotiation, asked by the extension', '5746 3.6', asks(hello12()), greets(({ extensions }) => extensions.get(0xff01)?.toString('hex') === '00')],
  ['safe renegotiation, asked by the suite', '5746 3.6', asks(hello12({ suites: [0xc02b, 0xc02f, 0x00ff], extensions: without(base12, 0xff01) })), greets(({ extensions }) => extensions.get(0xff01)?.toString('hex') === '00')],
  ['a first hello that claims to be a later one', '5746 3.6', asks(hello12({ extensions: replaced(base12, [0xff01, sized(1, Buffer.alloc(12, 1))]) })), refuses(A.failure)],
  ['the extended master secret', '7627 5.1', asks(hello12()), greets(({ extensions }) => extensions.has(23))],
  ['heartbeats are not offered', '9325 3', asks(hello12({ extensions: [...base12, [15, bytes(1)]] })), greets(({ extensions }) => !extensions.has(15))],
  ['a heartbeat that lies about its length', '6520 4', [hello12({ extensions: [...base12, [15, bytes(1)]] }), isAnswered, record(24, Buffer.concat([bytes(1), uint16(0x4000)]), 0x0303), isOver], (seen) => isOver(seen) && !readAnswer(seen.text).types.includes(24)],
  ['a heartbeat before anything', '6520 4', [record(24, Buffer.concat([bytes(1), uint16(0x4000)])), isOver], (seen) => isOver(seen) && !readAnswer(seen.text).types.includes(24)],
  ['a key share that the server does not know', '8446 4.1.4', asks(clientHello({ extensions: replaced(replaced(base13, [10, sized(2, uint16(grease, 29, 23))]), [51, sized(2, Buffer.concat([uint16(grease), sized(2, bytes(0))]))]) })), greets(({ random }) => random.toString('hex').startsWith('cf21ad74'))],
  ['no key share and no groups', '8446 9.2', asks(clientHello({ extensions: replaced(without(base13, 51, 10), only(0x0304)) })), refuses(A.missing, A.failure)],
  ['no signature algorithms', '8446 9.2', asks(clientHello({ extensions: replaced(without(base13, 13), only(0x0304)) })), refuses(A.missing, A.failure)],
  ['a ticket that is not last', '8446 4.2.11', asks(clientHello({ extensions: [[41, Buffer.concat([sized(2, Buffer.concat([sized(2, Buffer.from('ticket')), Buffer.alloc(4)])), sized(2, sized(1, Buffer.alloc(32)))])], ...base13] })), refuses(A.illegal)],
  ['a ticket nobody gave', '8446 4.2.11', asks(clientHello({ extensions: [...base13, [41, Buffer.concat([sized(2, Buffer.concat([sized(2, Buffer.from('ticket')), Buffer.alloc(4)])), sized(2, sized(1, Buffer.alloc(32)))])]] })), is13],
  ['an extension twice', '8446 4.2', asks(clientHello({ extensions: [...base13, X.groups] })), refuses(A.illegal, A.decode)],
  ['extensions whose length lies', '8446 4.2', asks(clientHello({ extensions: [...base13, [0x1234, bytes()]], trailing: bytes(0, 0) })), refuses(A.decode, A.illegal)],
  ['an extension beyond the message', '8446 4.2', asks(clientHello({ extensions: replaced(base13, [10, sized(2, uint16(29, 23), 20)]) })), refuses(A.decode, A.illegal)],
  ['a session identifier of 33 bytes', '5246 7.4.1.2', asks(clientHello({ sessionId: Buffer.alloc(33) })), refuses(A.decode, A.illegal)],
  ['no name', '6066 3', asks(clientHello({ extensions: without(base13, 0) })), is13],
  ['a name nobody knows', '6066 3', asks(clientHello({ extensions: replaced(base13, [0, sized(2, Buffer.concat([bytes(0), sized(2, Buffer.from('other.example'))]))]) })), (seen) => is13(seen) || refuses(A.name)(seen)],
  ['an empty name', '6066 3', asks(clientHello({ extensions: replaced(base13, [0, sized(2, bytes(0, 0, 0))]) })), refuses(A.decode, A.illegal, A.name)],
  ['a name with NUL', '6066 3', asks(clientHello({ extensions: replaced(base13, [0, sized(2, Buffer.concat([bytes(0), sized(2, Buffer.from('a.example\0.b'))]))]) })), refuses(A.decode, A.illegal, A.name)],
  ['two names', '6066 3', asks(clientHello({ extensions: replaced(base13, [0, sized(2, Buffer.concat([bytes(0), sized(2, Buffer.from('a.example')), bytes(0), sized(2, Buffer.from('b.example'))]))]) })), refuses(A.decode, A.illegal, A.name)],
  ['protocols: one of ours', '7301 3.2', asks(hello12({ extensions: [...base12, [16, sized(2, Buffer.concat([sized(1, Buffer.from('foo')), sized(1, Buffer.from('http/1.1'))]))]] })), greets(({ extensions }) => extensions.get(16)?.toString('latin1').endsWith('http/1.1') === true)],
  ['protocols: none of ours', '7301 3.2', asks(hello12({ extensions: [...base12, [16, sized(2, sized(1, Buffer.from('foo')))]] })), refuses(A.protocol)],
  ['protocols: an empty list', '7301 3.1', asks(hello12({ extensions: [...base12, [16, sized(2, bytes())]] })), refuses(A.decode, A.illegal)],
  ['protocols: an empty name', '7301 3.1', asks(hello12({ extensions: [...base12, [16, sized(2, bytes(0))]] })), refuses(A.decode, A.illegal)],
  ['a fragment length that is none', '6066 4', asks(hello12({ extensions: [...base12, [1, bytes(9)]] })), refuses(A.illegal)],
  ['a hello of 9,000 bytes', '8446 4.1.2', asks(clientHello({ extensions: [...base13, [21, Buffer.alloc(9000)]] })), is13],
]; // prettier-ignore

const fatal = bytes(21, 3, 1, 0, 2, 2, 40);

const records: readonly Row[] = [
  ['byte by byte', '8446 5.1', asks(clientHello()), is13, { inBytes: true }],
  ['a record for every ten bytes', '8446 5.1', asks(tens(helloMessage())), is13],
  ['a record larger than 2^14', '8446 5.1', [Buffer.concat([bytes(22), uint16(0x0301, 0x4801)]), Buffer.alloc(1000, 1), isAnswered], isRefused],
  ['an empty record of the handshake', '8446 5.1', [record(22, bytes()), clientHello(), isAnswered], isRefused],
  ['an empty record of data first', '8446 5.1', [record(23, bytes()), isAnswered], isRefused],
  ['data first', '8446 5.1', [record(23, Buffer.from('GET / HTTP/1.1\r\n\r\n')), isAnswered], isRefused],
  ['a record of a type nobody knows', '8446 5', [record(99, bytes(1)), isAnswered], isRefused],
  ['a change of cipher first', '5246 7.1', [record(20, bytes(1)), clientHello(), isAnswered], isRefused],
  ['a change of cipher before the keys (CCS injection)', '5246 7.1', [hello12(), isAnswered, record(20, bytes(1), 0x0303), isOver], (seen) => isOver(seen)],
  ['a ServerHello as a first message', '8446 4', [record(22, Buffer.concat([bytes(2), helloMessage().subarray(1)])), isAnswered], isRefused],
  ['a Finished as a first message', '8446 4', [record(22, Buffer.concat([bytes(20), sized(3, Buffer.alloc(12))])), isAnswered], isRefused],
  ['a second hello behind the first', '8446 4.1.2', [hello12(), isAnswered, hello12(), isOver], isOver],
  ['a fatal alert', '8446 6.2', [fatal, isOver], (seen) => isRefused(seen) && isOver(seen)],
  ['a fatal alert behind the hello', '8446 6.2', [hello12(), isAnswered, fatal, isOver], isOver],
  ['close_notify in place of a hello', '8446 6.1', [bytes(21, 3, 1, 0, 2, 1, 0), ends, isOver], isOver],
  ['a flood of warnings', '8446 6', [Buffer.concat(Array.from({ length: 200 }, () => bytes(21, 3, 1, 0, 2, 1, 100))), isOver], isOver],
  ['clear text HTTP', '9110 4.2.2', ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', isOver], (seen) => isOver(seen) && seen.heard.length === 0],
  ['another protocol', '8446 5', ['SSH-2.0-OpenSSH_9.2\r\n', isOver], (seen) => isOver(seen) && seen.heard.length === 0],
  ['a message of 16 MiB that is only announced', '8446 4', [record(22, Buffer.concat([bytes(1, 0xff, 0xff, 0xff), Buffer.alloc(500)])), isAnswered], isRefused],
  ['half a hello, then the end', '8446 6.1', [clientHello().subarray(0, 100), ends, isOver], (seen) => isOver(seen) && readAnswer(seen.text).hello === undefined],
]; // prettier-ignore

function tens(message: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += 10) parts.push(record(22, message.subarray(at, at + 10)));
  return Buffer.concat(parts);
}

const groups: Readonly<Record<string, readonly Row[]>> = { versions, suites, handshake, records };

export const tlsCases: readonly RawCase[] = Object.entries(groups).flatMap(([group, rows]) =>
  rows.map(([name, source, steps, isRight, more]) => ({ group, name, source, spoken: 'tls', steps, isRight, ...more })),
);
