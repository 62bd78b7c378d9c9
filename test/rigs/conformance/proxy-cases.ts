import { crc32c } from '../../../src-main/engine/l4/crc32c.ts';
import { headers, preface, settings } from './http2-wire.ts';
import { get as h2Get } from './http2-frame-cases.ts';
import { ends, type RawCase, type RawSeen, type RawStep } from './raw-peer.ts';
import type { Spoken } from './proxies.ts';

/** Cases of our own from "The PROXY protocol, Versions 1 & 2" (HAProxy, 2020/03/05), towards us and from us. */

type Row = readonly [
  name: string,
  source: string,
  steps: readonly RawStep[],
  isRight: (seen: RawSeen) => boolean,
  more?: Partial<RawCase>,
];

const request = 'GET /case HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function heard(seen: RawSeen): string {
  return seen.heard.join('');
}

/** The member got the request and was told this client. */
function isFrom(client: string): (seen: RawSeen) => boolean {
  return (seen) => {
    const found = /x-forwarded-for: *(\S+)\r\n/i.exec(heard(seen))?.[1];
    return seen.text.startsWith('HTTP/1.1 200') && seen.text.endsWith('ok') && found === client;
  };
}

/** The connection spoke for itself. */
const isOwn = isFrom('127.0.0.1');
const isTold = isFrom('10.1.2.3');

/** Closed, and nobody heard of it; whoever speaks HTTP may say 400 before. */
function isDropped(seen: RawSeen): boolean {
  return seen.heard.length === 0 && seen.ending !== 'open' && (seen.text === '' || /^HTTP\/1\.[01] 4/.test(seen.text));
}

function line(text: string): string {
  return `PROXY ${text}\r\n${request}`;
}

const told = 'TCP4 10.1.2.3 10.0.0.1 54321 80';
const longest = 'TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535';

const version1: readonly Row[] = [
  ['TCP4', '2.1', [line(told)], isTold],
  ['TCP6', '2.1', [line('TCP6 2001:db8::7 2001:db8::1 54321 80')], isFrom('2001:db8::7')],
  ['TCP6 in full', '2.1', [line('TCP6 2001:0db8:0000:0000:0000:0000:0000:0007 2001:db8::1 54321 80')], (seen) => /x-forwarded-for: *2001:0?db8:[0:]*7\r\n/i.test(heard(seen))],
  ['TCP6 in upper case', '2.1', [line('TCP6 2001:DB8::7 2001:DB8::1 54321 80')], (seen) => /x-forwarded-for: *2001:db8::7\r\n/i.test(heard(seen))],
  ['the longest TCP6 line', '2.1', [line(longest)], (seen) => /x-forwarded-for: *ffff:/i.test(heard(seen))],
  ['UNKNOWN', '2.1', [line('UNKNOWN')], isOwn],
  ['UNKNOWN with addresses', '2.1', [line(`UNKNOWN ${told.slice(5)}`)], isOwn],
  ['UNKNOWN with anything', '2.1', [line('UNKNOWN what ever / there? is')], isOwn],
  ['the longest line', '2.1', [line(`UNKNOWN ${longest.slice(5)}`)], isOwn],
  ['a line of 108 bytes', '2.1', [line(`UNKNOWN ${'x'.repeat(108 - 16)}`)], isDropped],
  ['a line without an end', '2.1', ['PROXY UNKNOWN ', 'x'.repeat(200)], isDropped],
  ['ports 0 and 65535', '2.1', [line('TCP4 10.1.2.3 10.0.0.1 0 65535')], isTold],
  ['LF alone', '2.1', [`PROXY ${told}\n${request}`], isDropped],
  ['CR alone', '2.1', [`PROXY ${told}\r${request}`], isDropped],
  ['lower case', '2.1', [`proxy ${told}\r\n${request}`], isDropped],
  ['a family in lower case', '2.1', [line(told.replace('TCP', 'tcp'))], isDropped],
  ['a family that is none', '2.1', [line(told.replace('TCP4', 'UDP4'))], isDropped],
  ['no family', '2.1', [line('')], isDropped],
  ['UNKNOWN with more letters', '2.1', [line('UNKNOWNX')], isDropped],
  ['no ports', '2.1', [line('TCP4 10.1.2.3 10.0.0.1')], isDropped],
  ['one port', '2.1', [line('TCP4 10.1.2.3 10.0.0.1 54321')], isDropped],
  ['a seventh word', '2.1', [line(`${told} 1`)], isDropped],
  ['two spaces', '2.1', [line(told.replace(' ', '  '))], isDropped],
  ['a tab', '2.1', [line(told.replace(' ', '\t'))], isDropped],
  ['a space at the end', '2.1', [line(`${told} `)], isDropped],
  ['a port beyond 65535', '2.1', [line('TCP4 10.1.2.3 10.0.0.1 65536 80')], isDropped],
  ['a port with a leading zero', '2.1', [line('TCP4 10.1.2.3 10.0.0.1 054321 80')], isDropped],
  ['a port with a sign', '2.1', [line('TCP4 10.1.2.3 10.0.0.1 +5432 80')], isDropped],
  ['a port that is no number', '2.1', [line('TCP4 10.1.2.3 10.0.0.1 http 80')], isDropped],
  ['an octet beyond 255', '2.1', [line('TCP4 10.1.2.256 10.0.0.1 54321 80')], isDropped],
  ['an octet with a leading zero', '2.1', [line('TCP4 010.1.2.3 10.0.0.1 54321 80')], isDropped],
  ['three octets', '2.1', [line('TCP4 10.1.3 10.0.0.1 54321 80')], isDropped],
  ['a name as an address', '2.1', [line('TCP4 localhost 10.0.0.1 54321 80')], isDropped],
  ['an IPv6 address as TCP4', '2.1', [line('TCP4 2001:db8::7 10.0.0.1 54321 80')], isDropped],
  ['an IPv4 address as TCP6', '2.1', [line('TCP6 10.1.2.3 10.0.0.1 54321 80')], isDropped],
  ['an IPv6 address with a zone', '2.1', [line('TCP6 fe80::1%lo 2001:db8::1 54321 80')], isDropped],
  ['NUL in the line', '2.1', [line(told.replace('80', '8\0'))], isDropped],
]; // prettier-ignore

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const ipv4 = Buffer.from([10, 1, 2, 3, 10, 0, 0, 1, 0xd4, 0x31, 0, 80]);
const ipv6 = Buffer.from('20010db800000000000000000000000720010db8000000000000000000000001d4310050', 'hex');

/** A v2 header; `length` lies about what follows. */
function v2(command: number, family: number, rest: readonly Buffer[], length = -1): Buffer {
  const body = Buffer.concat(rest);
  const size = length < 0 ? body.length : length;
  return Buffer.concat([signature, Buffer.from([command, family, size >> 8, size & 255]), body]);
}

function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value]);
}

/** With its checksum (2.2.3), off by `error`. */
function summed(error: number): Buffer {
  const header = v2(0x21, 0x11, [ipv4, tlv(3, Buffer.alloc(4))]);
  header.writeUInt32BE(crc32c(header) ^ error, header.length - 4);
  return header;
}

/** 2.2: without a family that it knows the receiver is free to accept the connection for itself or to reject it. */
function isOwnOrDropped(seen: RawSeen): boolean {
  return isOwn(seen) || isDropped(seen);
}

function behind(header: Buffer): Buffer {
  return Buffer.concat([header, Buffer.from(request, 'latin1')]);
}

const version2: readonly Row[] = [
  ['TCP over IPv4', '2.2', [behind(v2(0x21, 0x11, [ipv4]))], isTold],
  ['TCP over IPv6', '2.2', [behind(v2(0x21, 0x21, [ipv6]))], isFrom('2001:db8::7')],
  ['LOCAL', '2.2', [behind(v2(0x20, 0, []))], isOwn],
  ['LOCAL with addresses that do not count', '2.2', [behind(v2(0x20, 0x11, [ipv4]))], isOwn],
  ['LOCAL with a family nobody knows', '2.2', [behind(v2(0x20, 0x77, [ipv4]))], isOwn],
  ['LOCAL with extensions', '2.2', [behind(v2(0x20, 0, [tlv(4, Buffer.alloc(20))]))], isOwn],
  ['without a family', '2.2', [behind(v2(0x21, 0, []))], isOwnOrDropped],
  ['without a family, with bytes to be ignored', '2.2', [behind(v2(0x21, 0, [ipv4]))], isOwnOrDropped],
  ['of a Unix socket', '2.2', [behind(v2(0x21, 0x31, [Buffer.alloc(216)]))], isOwnOrDropped],
  ['NOOP', '2.2.4', [behind(v2(0x21, 0x11, [ipv4, tlv(4, Buffer.alloc(100))]))], isTold],
  ['an extension nobody knows', '2.2', [behind(v2(0x21, 0x11, [ipv4, tlv(0xea, Buffer.from('x'))]))], isTold],
  ['an empty extension', '2.2', [behind(v2(0x21, 0x11, [ipv4, tlv(0xe0, Buffer.alloc(0))]))], isTold],
  ['ALPN, authority, identifier, TLS', '2.2.1', [behind(v2(0x21, 0x11, [ipv4, tlv(1, Buffer.from('h2')), tlv(2, Buffer.from('a.example')), tlv(5, Buffer.from('id')), tlv(0x20, Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), tlv(0x21, Buffer.from('TLSv1.3'))]))]))], isTold],
  ['a network namespace', '2.2.7', [behind(v2(0x21, 0x11, [ipv4, tlv(0x30, Buffer.from('blue'))]))], isTold],
  ['a checksum that fits', '2.2.3', [behind(summed(0))], isTold],
  ['a checksum that does not', '2.2.3', [behind(summed(1))], isDropped],
  ['2,000 bytes of extensions', '2.2', [behind(v2(0x21, 0x11, [ipv4, tlv(4, Buffer.alloc(2000))]))], isTold],
  ['an extension that is cut', '2.2', [behind(v2(0x21, 0x11, [ipv4, Buffer.from([4, 0])]))], isDropped],
  ['an extension that leads beyond the header', '2.2', [behind(v2(0x21, 0x11, [ipv4, Buffer.from([4, 0, 200, 1])]))], isDropped],
  ['version 1 in the signature of 2', '2.2', [behind(v2(0x11, 0x11, [ipv4]))], isDropped],
  ['version 3', '2.2', [behind(v2(0x31, 0x11, [ipv4]))], isDropped],
  ['a command nobody knows', '2.2', [behind(v2(0x22, 0x11, [ipv4]))], isDropped],
  ['a family nobody knows', '2.2', [behind(v2(0x21, 0x41, [ipv4]))], isDropped],
  ['a transport nobody knows', '2.2', [behind(v2(0x21, 0x13, [ipv4]))], isDropped],
  ['a length without addresses', '2.2', [behind(v2(0x21, 0x11, [], 0))], isDropped],
  ['a length that cuts IPv4 addresses', '2.2', [behind(v2(0x21, 0x11, [ipv4], 11))], isDropped],
  ['a length that cuts IPv6 addresses', '2.2', [behind(v2(0x21, 0x21, [ipv4]))], isDropped],
  ['a wrong byte in the signature', '2.2', [behind(Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIX\n', 'latin1'), v2(0x21, 0x11, [ipv4]).subarray(12)]))], isDropped],
  ['a wrong byte before the end of the signature', '2.2', ['\r\n\r\n\0\r\nQUIT\r'], isDropped],
  ['NUL missing in the signature', '2.2', [behind(Buffer.concat([Buffer.from('\r\n\r\n\r\nQUIT\n', 'latin1'), v2(0x21, 0x11, [ipv4]).subarray(12)]))], isDropped],
]; // prettier-ignore

const h2 = Buffer.concat([preface, settings(), headers(1, h2Get())]);
const isPartWise: Partial<RawCase> = { inBytes: true };
const late: Partial<RawCase> = { spoken: 'late' };
const overHttp2: Partial<RawCase> = { spoken: 'told-http2' };

function isFromByHttp2(client: string): (seen: RawSeen) => boolean {
  return (seen) => new RegExp(`^GET /case [^]*x-forwarded-for: *${client}\r\n`, 'i').test(heard(seen));
}

function hears(seen: RawSeen): boolean {
  return heard(seen).includes('\r\n\r\n');
}

const connection: readonly Row[] = [
  ['version 1, byte by byte', '2', [line(told)], isTold, isPartWise],
  ['version 2, byte by byte', '2', [behind(v2(0x21, 0x11, [ipv4, tlv(4, Buffer.alloc(3))]))], isTold, isPartWise],
  ['version 2 cut behind its first 16 bytes', '2', [v2(0x21, 0x11, [ipv4]).subarray(0, 16), pause, v2(0x21, 0x11, [ipv4]).subarray(16), pause, request], isTold],
  ['version 1 cut between CR and LF', '2', [`PROXY ${told}\r`, pause, `\n${request}`], isTold],
  ['none at all', '2', [request], isDropped],
  ['something else', '2', ['SSH-2.0-OpenSSH_9.2\r\n'], isDropped],
  ['twice: the second is no HTTP', '2', [`PROXY ${told}\r\n${line(told)}`], isDropped],
  ['version 1 behind version 2', '2', [Buffer.concat([v2(0x21, 0x11, [ipv4]), Buffer.from(line(told), 'latin1')])], isDropped],
  ['behind a request it is no header', '2', [`PROXY ${told}\r\nGET /case HTTP/1.1\r\nHost: a\r\n\r\nPROXY ${told.replace('10.1.2.3', '10.9.9.9')}\r\n`], (seen) => !heard(seen).includes('10.9.9.9') && seen.heard.length === 1],
  ['that never comes', '2', [], isDropped, late],
  ['version 1 that stays half', '2', ['PROXY TCP4 10.'], isDropped, late],
  ['version 2 that stays half', '2', [v2(0x21, 0x11, [ipv4]).subarray(0, 20)], isDropped, late],
  ['a signature that stays half', '2', [signature.subarray(0, 6)], isDropped, late],
  ['the client ends within it', '2', ['PROXY TCP4 10.', ends], isDropped],
  ['the client ends within version 2', '2', [v2(0x21, 0x11, [ipv4]).subarray(0, 20), ends], isDropped],
  ['the client ends behind it', '2', [`PROXY ${told}\r\n`, ends], (seen) => seen.heard.length === 0 && seen.ending !== 'open'],
  ['several requests have one client', '2', [`PROXY ${told}\r\nGET /one HTTP/1.1\r\nHost: a\r\n\r\n`, (seen) => seen.text.includes('ok'), request], (seen) => heard(seen).toLowerCase().split('x-forwarded-for: 10.1.2.3\r\n').length === 3],
  ['HTTP/2 behind version 1', '2', [Buffer.concat([Buffer.from(`PROXY ${told}\r\n`, 'latin1'), h2]), hears], isFromByHttp2('10\\.1\\.2\\.3'), overHttp2],
  ['HTTP/2 behind version 2', '2', [Buffer.concat([v2(0x21, 0x21, [ipv6]), h2]), hears], isFromByHttp2('2001:db8::7'), overHttp2],
  ['HTTP/2 behind version 2, byte by byte', '2', [Buffer.concat([v2(0x21, 0x11, [ipv4]), h2]), hears], isFromByHttp2('10\\.1\\.2\\.3'), { ...overHttp2, inBytes: true }],
  ['HTTP/2 without', '2', [h2], (seen) => seen.heard.length === 0 && seen.ending !== 'open', overHttp2],
]; // prettier-ignore

/** So that what was sent before travels alone. */
let pauses = 0;
function pause(): boolean {
  pauses = (pauses + 1) % 10;
  return pauses === 0;
}

const own = /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET \/case HTTP\/1\.1\r\n/;
const v1Out: Partial<RawCase> = { spoken: 'v1' };
const v2Out: Partial<RawCase> = { spoken: 'v2' };
const relays1: Partial<RawCase> = { spoken: 'relay-v1' };
const relays2: Partial<RawCase> = { spoken: 'relay-v2' };

/** The member heard exactly this v1 line and the request. */
function tellsLine(text: string): (seen: RawSeen) => boolean {
  return (seen) => heard(seen) === `PROXY ${text}\r\n${request}` && seen.text.endsWith('ok');
}

/** The member heard a v2 header that says this, then the request. */
function tells(command: number, family: number, addresses: string): (seen: RawSeen) => boolean {
  return (seen) => {
    const bytes = Buffer.from(heard(seen), 'latin1');
    if (bytes.length < 16 || !bytes.subarray(0, 12).equals(signature)) return false;
    const end = 16 + bytes.readUInt16BE(14);
    const said = bytes.subarray(16, 16 + addresses.length / 2).toString('hex');
    const isBehind = bytes.toString('latin1', end) === request;
    return bytes[12] === command && bytes[13] === family && said === addresses && isBehind && seen.text.endsWith('ok');
  };
}

/** A v2 header about a client and a listener of 127.0.0.1, whatever their ports. */
function tellsOwn(seen: RawSeen): boolean {
  const bytes = Buffer.from(heard(seen), 'latin1');
  const isBegun = bytes.subarray(0, 14).equals(Buffer.concat([signature, Buffer.from([0x21, 0x11])]));
  return isBegun && bytes.subarray(16, 24).toString('hex') === '7f0000017f000001';
}

const sending: readonly Row[] = [
  ['HTTP: version 1 tells the client', '2.1', [request], (seen) => own.test(heard(seen)), v1Out],
  ['HTTP: version 2 tells the client', '2.2', [request], (seen) => tellsOwn(seen) && heard(seen).includes('GET /case HTTP/1.1'), v2Out],
  ['HTTP: each client has a connection of its own', '2', [`GET /one HTTP/1.1\r\nHost: a\r\n\r\n`, (seen) => seen.text.includes('ok'), request], (seen) => seen.heard.length > 0 && seen.heard.every((text) => text.startsWith('PROXY TCP4 ') && text.split('PROXY ').length === 2), v1Out],
  ['version 1 in, version 1 out', '2', [line(told)], tellsLine(told), relays1],
  ['version 2 in, version 1 out', '2', [behind(v2(0x21, 0x11, [ipv4]))], tellsLine(told), relays1],
  ['IPv6 in version 2, out in version 1', '2', [behind(v2(0x21, 0x21, [ipv6]))], tellsLine('TCP6 2001:db8::7 2001:db8::1 54321 80'), relays1],
  ['LOCAL in, out in version 1 speaks for itself', '2', [behind(v2(0x20, 0, []))], (seen) => own.test(heard(seen)) || tellsLine('UNKNOWN')(seen), relays1],
  ['UNKNOWN in, out in version 1 speaks for itself', '2', [line('UNKNOWN')], (seen) => own.test(heard(seen)) || tellsLine('UNKNOWN')(seen), relays1],
  ['version 1 in, version 2 out', '2', [line(told)], tells(0x21, 0x11, ipv4.toString('hex')), relays2],
  ['version 2 in, version 2 out', '2', [behind(v2(0x21, 0x11, [ipv4]))], tells(0x21, 0x11, ipv4.toString('hex')), relays2],
  ['IPv6 in version 1, out in version 2', '2', [line('TCP6 2001:db8::7 2001:db8::1 54321 80')], tells(0x21, 0x21, ipv6.toString('hex')), relays2],
  ['LOCAL in, out in version 2 speaks for itself', '2', [behind(v2(0x20, 0, []))], (seen) => tells(0x21, 0x11, '7f0000017f000001')(seen) || tells(0x20, 0, '')(seen), relays2],
  ['no bytes of the client come before it', '2', [`PROXY ${told}\r`, pause, `\n${request}`], tellsLine(told), relays1],
  ['a client that says nothing is told of', '2', [`PROXY ${told}\r\n`, (seen) => heard(seen) !== ''], (seen) => heard(seen) === `PROXY ${told}\r\n`, { ...relays1, answersAfter: /never/ }],
  ['a header that is none reaches no member', '2', [request], isDropped, relays1],
]; // prettier-ignore

const groups: Readonly<Record<string, readonly [Spoken, readonly Row[]]>> = {
  'version 1': ['told', version1],
  'version 2': ['told', version2],
  connection: ['told', connection],
  'to members': ['v1', sending],
};

export const proxyCases: readonly RawCase[] = Object.entries(groups).flatMap(([group, [spoken, rows]]) =>
  rows.map(([name, source, steps, isRight, more]) => ({ group, name, source, spoken, steps, isRight, ...more })),
);
