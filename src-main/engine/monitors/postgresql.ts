import type { MonitorSettings } from '../config/settings.ts';
import { converse } from './dialogue.ts';
import { excerpt } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * PostgreSQL's start-up, protocol 3.0 (PostgreSQL manual, "Message Flow"). Without `user` it asks what pg_isready asks: any answer but
 * "cannot connect now" (57P03: starting, stopping, recovering) is a pass. With `user` that role must be let in, to `database` where
 * that is given: no error, until the server is ready for a query or asks for a password.
 */
export const postgresqlMonitor: MonitorKind = { type: 'postgresql', settings: ['user', 'database'], probe };

const protocol3 = 196_608;
const cannotConnectNow = '57P03';
const terminate = Buffer.from([0x58, 0, 0, 0, 4]);
/** NoticeResponse, ParameterStatus, BackendKeyData, NegotiateProtocolVersion: may come, say nothing of health. */
const passedOver = 'NSKv';

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const user = settings.user ?? '';
  let taken = 0;
  return converse(
    {
      awaited: 'answer to the start-up',
      opening: startUp(user === '' ? 'steelyard' : user, settings.database ?? ''),
      hear: (received, say) => {
        for (;;) {
          const message = messageAt(received, taken);
          if (message === undefined) return undefined;
          if (message === 'broken') {
            return { isPassing: false, result: `expected PostgreSQL, got ${excerpt(received.subarray(taken))}` };
          }
          taken += 5 + message.body.length;
          const verdict = judge(message.type, message.body, user);
          if (verdict?.isPassing === true) say(terminate);
          if (verdict !== undefined) return verdict;
        }
      },
    },
    target,
    settings.timeoutMs,
    signal,
  );
}

function startUp(user: string, database: string): Buffer {
  const pairs = ['user', user, ...(database === '' ? [] : ['database', database]), 'application_name', 'steelyard'];
  const body = Buffer.from(`${pairs.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.writeUInt32BE(protocol3, 4);
  return Buffer.concat([head, body]);
}

function messageAt(received: Buffer, start: number): { type: string; body: Buffer } | 'broken' | undefined {
  if (received.length === start) return undefined;
  const type = String.fromCharCode(received[start] ?? 0);
  if (!`REZ${passedOver}`.includes(type)) return 'broken';
  if (received.length < start + 5) return undefined;
  const length = received.readUInt32BE(start + 1);
  if (length < 4 || length > 65_536) return 'broken';
  return received.length < start + 1 + length
    ? undefined
    : { type, body: received.subarray(start + 5, start + 1 + length) };
}

function judge(type: string, body: Buffer, user: string): Verdict | undefined {
  if (type === 'E') {
    const code = fieldOf(body, 'C');
    const isPassing = user === '' && code !== cannotConnectNow && code !== '';
    const words = code === '' ? 'an error without a code' : `${code} ${fieldOf(body, 'M')}`;
    return { isPassing, result: isPassing ? `answers (${words})` : words };
  }
  if (type === 'Z') return { isPassing: true, result: user === '' ? 'ready' : `ready, logged in as ${user}` };
  if (type !== 'R') return undefined;
  if (body.length < 4) return { isPassing: false, result: 'a broken demand for authentication' };
  // 0 = let in: what follows tells whether it is ready.
  return body.readUInt32BE(0) === 0 ? undefined : { isPassing: true, result: 'answers, asks for a password' };
}

/** A field of an ErrorResponse: a letter and a C string each. */
function fieldOf(body: Buffer, letter: string): string {
  const field = body
    .toString('utf8')
    .split('\0')
    .find((each) => each.startsWith(letter));
  return (field ?? '').slice(1, 200).replace(/\p{Cc}/gu, ' ');
}
