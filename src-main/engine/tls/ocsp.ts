import { createHash, type X509Certificate } from 'node:crypto';
import { request as openRequest } from 'node:http';
import { der } from './der.ts';

/** An OCSP answer that may be stapled. */
export interface OcspAnswer {
  readonly bytes: Buffer;
  /** Until when clients take it, milliseconds since 1970; 0 = it does not say. */
  readonly nextUpdateMs: number;
}

const longestAnswerBytes = 65_536;
const sequence = 0x30;
const octetString = 0x04;
const integer = 0x02;
/** OBJECT IDENTIFIER 1.3.14.3.2.26 (SHA-1) with NULL: the one hash that every responder knows (RFC 6960 4.1.1, RFC 5019). */
const sha1Algorithm = Buffer.from('300906052b0e03021a0500', 'hex');
/** OBJECT IDENTIFIER 1.3.6.1.5.5.7.48.1.1, id-pkix-ocsp-basic. */
const basicResponse = Buffer.from('06092b0601050507300101', 'hex');

/** Where the certificate says that its state can be asked for (authority information access); undefined = nowhere. */
export function ocspResponderOf(certificate: X509Certificate): URL | undefined {
  const uri = /OCSP - URI:(\S+)/.exec(certificate.infoAccess ?? '')?.[1];
  if (uri === undefined || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  // What it answers is signed: http is what responders speak.
  return url.protocol === 'http:' ? url : undefined;
}

/** The request for one certificate (RFC 6960 4.1.1), without a nonce so that a responder can answer from its store. */
export function renderOcspRequest(certificate: X509Certificate, issuer: X509Certificate): Buffer {
  const { name, key } = issuerParts(issuer);
  const serial = certificate.serialNumber;
  const number = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, 'hex');
  const positive = (number[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), number]) : number;
  const id = der(
    sequence,
    sha1Algorithm,
    der(octetString, createHash('sha1').update(name).digest()),
    der(octetString, createHash('sha1').update(key).digest()),
    der(integer, positive),
  );
  return der(sequence, der(sequence, der(sequence, der(sequence, id))));
}

/** Asks the responder. Throws where it does not answer with "good" in time. */
export async function askOcsp(
  responder: URL,
  certificate: X509Certificate,
  issuer: X509Certificate,
  timeoutMs: number,
): Promise<OcspAnswer> {
  const bytes = await post(responder, renderOcspRequest(certificate, issuer), timeoutMs);
  return readOcspAnswer(bytes);
}

/** Reads as much of an answer (RFC 6960 4.2.1) as decides whether to staple it: clients verify its signature. */
export function readOcspAnswer(bytes: Buffer): OcspAnswer {
  const [status, body] = children(only(bytes));
  if (status?.tag !== 0x0a || status.value[0] !== 0)
    throw new Error(`the responder answered status ${status?.value[0] ?? '?'}`);
  const [type, octets] = children(only(body?.value ?? Buffer.alloc(0)));
  if (type === undefined || octets === undefined || !basicResponse.subarray(2).equals(type.value)) {
    throw new Error('the responder answered another kind of response');
  }
  const [data] = children(only(octets.value));
  const responses = children(data ?? none).find(({ tag }) => tag === sequence);
  const [single] = children(responses ?? none);
  const parts = children(single ?? none);
  const state = parts[1]?.tag;
  // [0] good, [1] revoked, [2] unknown
  if (state !== 0x80) throw new Error(`the certificate is ${state === 0xa1 ? 'revoked' : 'unknown to its responder'}`);
  const next = parts.slice(3).find(({ tag }) => tag === 0xa0);
  return { bytes, nextUpdateMs: next === undefined ? 0 : timeOf(only(next.value)) };
}

function post(responder: URL, body: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/ocsp-request', 'content-length': body.length };
    const outgoing = openRequest(
      responder,
      { method: 'POST', headers, timeout: timeoutMs, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        let length = 0;
        response.on('data', (part: Buffer) => {
          parts.push(part);
          length += part.length;
          if (length > longestAnswerBytes) response.destroy(new Error('the responder answered too much'));
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(parts));
          else reject(new Error(`the responder answered HTTP ${response.statusCode ?? 0}`));
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

interface Element {
  readonly tag: number;
  readonly value: Buffer;
  readonly whole: Buffer;
}

const none: Element = { tag: 0, value: Buffer.alloc(0), whole: Buffer.alloc(0) };

/** The subject's name as DER, and the bytes of the public key alone: what an OCSP request names an issuer by. */
function issuerParts(issuer: X509Certificate): { readonly name: Buffer; readonly key: Buffer } {
  const [certificate] = children(only(issuer.raw));
  // Certificate fields after the optional [0] version: serial, algorithm, issuer, validity, subject, key (RFC 5280 4.1).
  const fields = children(certificate ?? none).filter(({ tag }) => tag !== 0xa0);
  const [, key] = children(fields[5] ?? none);
  // A BIT STRING begins with the number of unused bits.
  return { name: fields[4]?.whole ?? Buffer.alloc(0), key: key?.value.subarray(1) ?? Buffer.alloc(0) };
}

function only(bytes: Buffer): Element {
  return elements(bytes)[0] ?? none;
}

function children(element: Element): Element[] {
  return elements(element.value);
}

/** DER elements one after another; what is cut short is left out. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const more = first < 128 ? 0 : first - 128;
    if (more > 4 || at + 2 + more > bytes.length) break;
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
    const start = at + 2 + more;
    if (start + length > bytes.length) break;
    found.push({ tag, value: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

/** GeneralizedTime `YYYYMMDDHHMMSSZ`; 0 where it is none. */
function timeOf(element: Element): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(element.value.toString('latin1'));
  if (match === null) return 0;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
