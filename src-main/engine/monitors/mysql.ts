import type { MonitorSettings } from '../config/settings.ts';
import { converse } from './dialogue.ts';
import { excerpt } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * MySQL's connection phase, protocol 10 (MySQL Internals Manual, "Connection Phase"), as MariaDB speaks it too. Without `user` the
 * server's greeting is enough; the server counts that as an aborted connection and may block an address after `max_connect_errors` of
 * them. With `user` it logs in without a password, into `database` where that is given, and leaves by COM_QUIT.
 */
export const mysqlMonitor: MonitorKind = { type: 'mysql', settings: ['user', 'database'], probe };

// Capability flags.
const longPassword = 0x1;
const connectWithDatabase = 0x8;
const protocol41 = 0x200;
const secureConnection = 0x8000;
const pluginAuth = 0x80000;

const utf8 = 33;
const quit = Buffer.from([1, 0, 0, 0, 1]);

interface Packet {
  readonly sequence: number;
  readonly payload: Buffer;
}

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const user = settings.user ?? '';
  let version = '';
  let taken = 0;
  return converse(
    {
      awaited: user === '' ? 'greeting' : 'login',
      hear: (received, say) => {
        for (;;) {
          const packet = packetAt(received, taken);
          if (packet === undefined) return undefined;
          taken += 4 + packet.payload.length;
          const first = packet.payload[0];
          if (first === 0xff) return { isPassing: false, result: describeError(packet.payload) };
          if (version === '') {
            const greeting = versionOf(packet);
            if (greeting === undefined) return unexpected('a greeting of protocol 10', packet.payload);
            version = greeting;
            if (user === '') return { isPassing: true, result: `MySQL ${version}` };
            say(frame(1, loginOf(user, settings.database ?? '')));
          } else if (first === 0) {
            say(quit);
            return { isPassing: true, result: `MySQL ${version}, logged in as ${user}` };
          } else if (first === 0xfe) {
            // Another way to prove an empty password: nothing in the old methods, an empty C string in the new.
            const isNative = packet.payload.toString('latin1', 1, 23) === 'mysql_native_password\0';
            say(frame(packet.sequence + 1, isNative ? Buffer.alloc(0) : Buffer.alloc(1)));
          } else if (first !== 1) return unexpected('an answer to the login', packet.payload);
        }
      },
    },
    target,
    settings.timeoutMs,
    signal,
  );
}

/** A whole packet; a length that no packet of the connection phase has shows as one that never ends. */
function packetAt(received: Buffer, start: number): Packet | undefined {
  if (received.length < start + 4) return undefined;
  const length = received.readUIntLE(start, 3);
  const end = start + 4 + length;
  return received.length < end
    ? undefined
    : { sequence: received.readUInt8(start + 3), payload: received.subarray(start + 4, end) };
}

function frame(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence & 0xff, 3);
  return Buffer.concat([head, payload]);
}

/** The version in a greeting; undefined where it is none: it is the first packet, and its fixed part follows the version. */
function versionOf({ sequence, payload }: Packet): string | undefined {
  const end = payload.indexOf(0, 1);
  if (sequence !== 0 || payload[0] !== 10 || end < 2 || payload.length < end + 16) return undefined;
  const version = payload.toString('latin1', 1, end);
  return /^[\x20-\x7e]{1,100}$/.test(version) ? version : undefined;
}

/** HandshakeResponse41 with an empty password. */
function loginOf(user: string, database: string): Buffer {
  const head = Buffer.alloc(32);
  const flags = longPassword | protocol41 | secureConnection | pluginAuth;
  head.writeUInt32LE(database === '' ? flags : flags | connectWithDatabase, 0);
  head.writeUInt32LE(0xffffff, 4);
  head.writeUInt8(utf8, 8);
  const texts = [`${user}\0`, '\0', database === '' ? '' : `${database}\0`, 'mysql_native_password\0'];
  return Buffer.concat([head, ...texts.map((text) => Buffer.from(text))]);
}

/** `error 1045: Access denied ...`: 0xff, the number, then where the protocol is 4.1 `#` and five letters of SQLSTATE, the text. */
function describeError(payload: Buffer): string {
  if (payload.length < 3) return 'an error without a number';
  const text = payload.subarray(payload[3] === 0x23 ? 9 : 3);
  return `error ${payload.readUInt16LE(1)}: ${excerpt(text)}`;
}

function unexpected(wanted: string, payload: Buffer): Verdict {
  return { isPassing: false, result: `expected ${wanted}, got ${excerpt(payload)}` };
}
