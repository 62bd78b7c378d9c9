import { cuts, ends, type RawCase, type RawSeen, type RawStep } from './raw-peer.ts';

/** Cases of our own from RFC 6455 as it binds an intermediary: the handshake passes, then bytes pass as they are. */

type Row = readonly [
  name: string,
  source: string,
  steps: readonly RawStep[],
  isRight: (seen: RawSeen) => boolean,
  more?: Partial<RawCase>,
];

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const asking = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`]; // prettier-ignore
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n'; // prettier-ignore

function ask(...fields: readonly string[]): string {
  return `GET /chat HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`;
}

const handshake = ask(...asking);

function heard(seen: RawSeen): string {
  return seen.heard.join('');
}

/** The member heard a handshake that says each of these. */
function hears(...parts: readonly RegExp[]): (seen: RawSeen) => boolean {
  return (seen) =>
    seen.text.startsWith('HTTP/1.1 101 ') &&
    [/^GET \/chat HTTP\/1\.1\r\n/, /\r\nupgrade: *websocket\r\n/i, /\r\nconnection: *upgrade\r\n/i, ...parts].every(
      (part) => part.test(heard(seen)),
    );
}

function says(...parts: readonly (RegExp | string)[]): (seen: RawSeen) => boolean {
  return (seen) => parts.every((part) => (typeof part === 'string' ? seen.text.includes(part) : part.test(seen.text)));
}

function isSwitched(seen: RawSeen): boolean {
  return /^HTTP\/1\.1 101 [^]*\r\n\r\n/.test(seen.text);
}

function hasHead(seen: RawSeen): boolean {
  return seen.text.includes('\r\n\r\n');
}

function hasHeard(text: string): (seen: RawSeen) => boolean {
  return (seen) => heard(seen).includes(text);
}

function hasSaid(text: string): (seen: RawSeen) => boolean {
  return (seen) => seen.text.includes(text);
}

/** What came behind the head of the response. */
function behindHead(seen: RawSeen): string {
  return seen.text.slice(seen.text.indexOf('\r\n\r\n') + 4);
}

const echoes: Partial<RawCase> = { answer: switched, then: 'echo' };
const stays: Partial<RawCase> = { answer: switched, then: 'open' };

function refusal(status: string, fields = ''): Partial<RawCase> {
  return { answer: `HTTP/1.1 ${status}\r\n${fields}Content-Length: 2\r\n\r\nno`, then: 'open' };
}

const handshakes: readonly Row[] = [
  ['the handshake reaches the member', '4.1', [handshake, hasHead], hears(/\r\nsec-websocket-version: *13\r\n/i), stays],
  ['the key reaches the member', '4.1', [handshake, hasHead], hears(new RegExp(`\\r\\nsec-websocket-key: *${key}\\r\\n`, 'i')), stays],
  ['subprotocols pass', '4.1', [ask(...asking, 'Sec-WebSocket-Protocol: chat, superchat'), hasHead], hears(/\r\nsec-websocket-protocol: *chat, superchat\r\n/i), stays],
  ['extensions pass', '9.1', [ask(...asking, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'), hasHead], hears(/\r\nsec-websocket-extensions: *permessage-deflate; client_max_window_bits\r\n/i), stays],
  ['Origin passes', '4.1', [ask(...asking, 'Origin: http://example.com'), hasHead], hears(/\r\norigin: *http:\/\/example\.com\r\n/i), stays],
  ['names in another case', '4.2.1', [ask(...asking.map((field) => field.toUpperCase().replace(`SEC-WEBSOCKET-KEY: ${key.toUpperCase()}`, `SEC-WEBSOCKET-KEY: ${key}`))), hasHead], hears(/\r\nsec-websocket-key/i), stays],
  ['Connection with more tokens', '4.2.1', [ask(...asking.map((field) => field.replace('Connection: ', 'Connection: keep-alive, '))), hasHead], hears(), stays],
  ['Connection in two fields', '4.2.1', [ask(...asking, 'Connection: keep-alive'), hasHead], hears(), stays],
  ['byte by byte', '4.1', [handshake, hasHead], hears(), { ...stays, inBytes: true }],
  ['101 passes with Accept', '4.2.2', [handshake, hasHead], says(/^HTTP\/1\.1 101 /, /\r\nsec-websocket-accept: *s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i, /\r\nupgrade: *websocket\r\n/i, /\r\nconnection: *upgrade\r\n/i), stays],
  ['101 passes with its subprotocol', '4.2.2', [ask(...asking, 'Sec-WebSocket-Protocol: chat'), hasHead], says(/\r\nsec-websocket-protocol: *chat\r\n/i), { answer: switched.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: chat\r\n\r\n'), then: 'open' }],
  ['101 passes with its extensions', '9.1', [ask(...asking, 'Sec-WebSocket-Extensions: x-of-ours'), hasHead], says(/\r\nsec-websocket-extensions: *x-of-ours\r\n/i), { answer: switched.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: x-of-ours\r\n\r\n'), then: 'open' }],
  ['101 says nothing about a length', '9110 8.6', [handshake, hasHead], (seen) => isSwitched(seen) && !/content-length|transfer-encoding/i.test(seen.text), stays],
  ['no Connection: no upgrade', '9110 7.8', [ask(...asking.filter((field) => !field.startsWith('Connection')), 'Connection: close')], (seen) => seen.text.startsWith('HTTP/1.1 200') && !/\r\nupgrade:/i.test(heard(seen))],
  ['Upgrade in HTTP/1.0: no upgrade', '4.1', [handshake.replace('HTTP/1.1', 'HTTP/1.0')], (seen) => !/\r\nupgrade:/i.test(heard(seen))],
  ['400 passes', '4.2.2', [handshake, hasSaid('no')], says(/^HTTP\/1\.1 400 /, /no$/), refusal('400 Bad Request')],
  ['401 passes with its challenge', '4.1', [handshake, hasSaid('\r\n\r\nno')], says(/^HTTP\/1\.1 401 /, /\r\nwww-authenticate: *basic realm="a"\r\n/i), refusal('401 Unauthorized', 'WWW-Authenticate: Basic realm="a"\r\n')],
  ['302 passes', '4.1', [handshake, hasSaid('\r\n\r\nno')], says(/^HTTP\/1\.1 302 /, /\r\nlocation: *\/elsewhere\r\n/i), refusal('302 Found', 'Location: /elsewhere\r\n')],
  ['426 passes with the version', '4.2.2', [handshake, hasSaid('\r\n\r\nno')], says(/^HTTP\/1\.1 426 /, /\r\nsec-websocket-version: *13\r\n/i), refusal('426 Upgrade Required', 'Sec-WebSocket-Version: 13\r\n')],
  ['200 is no switch', '4.1', [handshake, hasSaid('\r\n\r\nno')], (seen) => seen.text.startsWith('HTTP/1.1 200 ') && !/\r\nupgrade:/i.test(seen.text), refusal('200 OK')],
  ['a refusal opens no tunnel', '4.1', [handshake, hasSaid('\r\n\r\nno'), '\x81\x82\0\0\0\0hi\r\n\r\n', (seen) => seen.ending !== 'open' || seen.text.split('HTTP/1.1 ').length > 2], (seen) => !heard(seen).includes('\x81\x82'), refusal('426 Upgrade Required')],
  ['behind a refusal the next request is one', '9112 9.3', [handshake, hasSaid('\r\n\r\nno'), 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n', (seen) => seen.ending !== 'open' || heard(seen).includes('/next')], (seen) => /GET \/next HTTP\/1\.1\r\n[^]*x-forwarded-for: 127\.0\.0\.1/i.test(heard(seen)) || seen.ending !== 'open', { ...refusal('426 Upgrade Required'), answersAfter: /\r\n\r\n/ }],
  ['a member that ends instead is told as 502', '9110 15.6.3', [handshake, hasHead], says(/^HTTP\/1\.1 502 /), { answer: '', then: 'end' }],
]; // prettier-ignore

/** As clients send it: masked with 0, so that the bytes stay readable. */
function masked(first: number, text: string): string {
  const length = text.length < 126 ? String.fromCharCode(0x80 | text.length) : text.length < 65_536 ? `\xfe${latin(text.length, 2)}` : `\xff${latin(text.length, 8)}`; // prettier-ignore
  return `${String.fromCharCode(first)}${length}\0\0\0\0${text}`;
}

function latin(value: number, bytes: number): string {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, bytes === 2 ? 0 : 2, bytes === 2 ? 2 : 6);
  return out.toString('latin1');
}

/** What is sent in the tunnel comes back from the member as it was. */
function passes(
  text: string,
): readonly [steps: readonly RawStep[], isRight: (seen: RawSeen) => boolean, more: Partial<RawCase>] {
  return [
    [handshake, isSwitched, text, (seen) => behindHead(seen).length >= text.length],
    (seen) => behindHead(seen) === text && seen.heard.length === 1 && (seen.heard[0] ?? '').endsWith(text),
    echoes,
  ];
}

const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
const fragments =
  masked(0x01, 'Hel') + masked(0x89, 'ping') + masked(0x00, 'lo') + masked(0x8a, 'pong') + masked(0x80, '!');
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const tunnels: readonly Row[] = [
  ['a text frame', '5.6', ...passes(masked(0x81, 'hi'))],
  ['a binary frame of every byte', '5.6', ...passes(masked(0x82, all))],
  ['an empty frame', '5.2', ...passes(masked(0x82, ''))],
  ['a frame of 125 bytes', '5.2', ...passes(masked(0x82, 'x'.repeat(125)))],
  ['a frame of 126 bytes', '5.2', ...passes(masked(0x82, 'x'.repeat(126)))],
  ['a frame of 65,535 bytes', '5.2', ...passes(masked(0x82, 'x'.repeat(65_535)))],
  ['a frame of 65,536 bytes', '5.2', ...passes(masked(0x82, 'x'.repeat(65_536)))],
  ['a message of 4 MiB', '5.2', ...passes(masked(0x82, 'steelyard '.repeat(419_430)))],
  ['fragments with control frames between them', '5.4', ...passes(fragments)],
  ['a fragmented message of 300 frames', '5.4', ...passes(masked(0x01, 'a') + masked(0x00, 'b').repeat(298) + masked(0x80, 'c'))],
  ['ping with 125 bytes', '5.5.2', ...passes(masked(0x89, 'p'.repeat(125)))],
  ['pong that nobody asked for', '5.5.3', ...passes(masked(0x8a, ''))],
  ['close with a code and a reason', '5.5.1', ...passes(masked(0x88, '\x03\xe8bye'))],
  ['close without a code', '5.5.1', ...passes(masked(0x88, ''))],
  ['reserved bits of an extension', '5.2', ...passes(masked(0xc1, 'compressed'))],
  ['an opcode nobody knows', '5.2', ...passes(masked(0x83, 'x') + masked(0x8b, 'y'))],
  ['a frame that is not masked', '5.1', ...passes('\x81\x02hi')],
  ['what looks like HTTP', '10.3', ...passes(smuggled)],
  ['what looks like the end of chunks', '10.3', ...passes(`0\r\n\r\n${smuggled}`)],
  ['one byte at a time', '5.2', [handshake, isSwitched, masked(0x81, 'slow and steady'), (seen) => behindHead(seen).length >= 21], (seen) => behindHead(seen) === masked(0x81, 'slow and steady'), { ...echoes, inBytes: true }],
  ['a frame that the client sends with the handshake', '4.1', [handshake + masked(0x81, 'early'), hasSaid('early')], (seen) => behindHead(seen) === masked(0x81, 'early'), echoes],
  ['a frame that the member sends with 101', '4.2.2', [handshake, hasSaid('soon')], (seen) => behindHead(seen) === '\x81\x04soon', { answer: `${switched}\x81\x04soon`, then: 'open' }],
  ['a frame right behind 101 and the end', '7.1.1', [handshake], (seen) => behindHead(seen) === '\x88\x02\x03\xe8' && seen.ending === 'end', { answer: `${switched}\x88\x02\x03\xe8`, then: 'end' }],
]; // prettier-ignore

const endings: readonly Row[] = [
  ["the member's end reaches the client", '7.1.1', [handshake], (seen) => isSwitched(seen) && seen.ending === 'end', { answer: switched, then: 'end' }],
  ["the client's end reaches the member", '7.1.1', [handshake, isSwitched, ends, (seen) => seen.memberEndings.length > 0], (seen) => seen.memberEndings.length === 1, stays],
  ['what was sent before the end comes whole', '7.1.1', [handshake, isSwitched, 'x'.repeat(500_000), ends, (seen) => seen.memberEndings.length > 0], (seen) => seen.memberEndings[0] === 'end' && heard(seen).endsWith('x'.repeat(500_000)), stays],
  ['the member may still speak after it', '7.1.1', [handshake, isSwitched, ends, (seen) => seen.ending !== 'open'], (seen) => behindHead(seen) === 'late' && seen.ending === 'end', { answer: switched, then: 'late' }],
  ["the client may still speak after the member's end", '7.1.1', [handshake, (seen) => seen.ending !== 'open', 'more', hasHeard('more')], hasHeard('more'), { answer: switched, then: 'end' }],
  ["the client's reset reaches the member", '7.1.7', [handshake, isSwitched, cuts, (seen) => seen.memberEndings.length > 0], (seen) => seen.memberEndings.length === 1, stays],
  ["the member's reset reaches the client", '7.1.7', [handshake], (seen) => isSwitched(seen) && seen.ending !== 'open', { answer: switched, then: 'reset' }],
  ['both close as they should', '7.1.2', [handshake, isSwitched, masked(0x88, '\x03\xe8'), hasSaid('\x88'), ends, (seen) => seen.ending !== 'open'], (seen) => behindHead(seen) === masked(0x88, '\x03\xe8') && seen.ending === 'end' && seen.memberEndings[0] === 'end', echoes],
]; // prettier-ignore

const groups: Readonly<Record<string, readonly Row[]>> = { handshake: handshakes, tunnel: tunnels, endings };

export const webSocketCases: readonly RawCase[] = Object.entries(groups).flatMap(([group, rows]) =>
  rows.map(([name, source, steps, isRight, more]) => ({
    group,
    name,
    source,
    spoken: 'http1',
    steps,
    isRight,
    ...more,
  })),
);
