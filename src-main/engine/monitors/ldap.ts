import type { MonitorSettings } from '../config/settings.ts';
import { withClientTls } from './client-tls.ts';
import { converse, type Dialogue } from './dialogue.ts';
import { excerpt } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** An anonymous simple bind of LDAP version 3 must succeed (RFC 4511, section 4.2). With `tls`, inside TLS from the start (ldaps). */
export const ldapMonitor: MonitorKind = { type: 'ldap', settings: ['tls'], probe };

/** Message 1: a bind of version 3, with an empty name and an empty simple password. */
const bind = Buffer.from([0x30, 0x0c, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0]);
/** Message 2: unbind. */
const unbind = Buffer.from([0x30, 5, 2, 1, 2, 0x42, 0]);

/** RFC 4511, section 4.1.9: those that a bind may bring. */
const resultNames: Readonly<Record<number, string>> = {
  1: 'operations error',
  2: 'protocol error',
  8: 'stronger authentication required',
  13: 'confidentiality required',
  48: 'inappropriate authentication',
  49: 'invalid credentials',
  50: 'insufficient access rights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwilling to perform',
};

interface Element {
  readonly tag: number;
  readonly body: Buffer;
  readonly end: number;
}

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const dialogue: Dialogue = { awaited: 'answer to the bind', opening: bind, hear: judge };
  if (!settings.hasTls) return converse(dialogue, target, settings.timeoutMs, signal);
  return withClientTls(settings, target, (tls) => converse({ ...dialogue, tls }, target, settings.timeoutMs, signal));
}

function judge(received: Buffer, say: (bytes: Uint8Array) => void): Verdict | undefined {
  const message = elementAt(received, 0);
  if (message === 'short') return undefined;
  const code = message === 'broken' || message.tag !== 0x30 ? undefined : resultOf(message.body);
  if (code === undefined)
    return { isPassing: false, result: `expected an answer to the bind, got ${excerpt(received)}` };
  if (code === 0) {
    say(unbind);
    return { isPassing: true, result: 'bound' };
  }
  return { isPassing: false, result: `the bind was refused: ${resultNames[code] ?? 'result'} (${code})` };
}

/** The result code of message 1, a BindResponse; undefined where it is anything else. */
function resultOf(body: Buffer): number | undefined {
  const id = elementAt(body, 0);
  if (typeof id === 'string' || id.tag !== 2 || id.body.length !== 1 || id.body[0] !== 1) return undefined;
  const response = elementAt(body, id.end);
  if (typeof response === 'string' || response.tag !== 0x61) return undefined;
  const code = elementAt(response.body, 0);
  return typeof code === 'string' || code.tag !== 0x0a || code.body.length !== 1 ? undefined : code.body[0];
}

/** One BER element with a definite length of at most two bytes: a BindResponse needs no more. */
function elementAt(bytes: Buffer, start: number): Element | 'short' | 'broken' {
  const first = bytes[start];
  if (first !== undefined && start === 0 && ![0x30, 2, 0x0a].includes(first)) return 'broken';
  const short = bytes[start + 1];
  if (first === undefined || short === undefined) return 'short';
  const more = short < 0x80 ? 0 : short - 0x80;
  if (more > 2 || short === 0x80) return 'broken';
  const from = start + 2 + more;
  if (bytes.length < from) return 'short';
  const length = more === 0 ? short : bytes.readUIntBE(start + 2, more);
  if (bytes.length < from + length) return 'short';
  return { tag: first, body: bytes.subarray(from, from + length), end: from + length };
}
