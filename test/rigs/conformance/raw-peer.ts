import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTcpMember } from '../tcp.ts';
import { openProxy, type ProxyName, type Spoken } from './proxies.ts';

/** What a client sends (latin1), does, or waits for, in turn. */
export type RawStep = string | Buffer | { readonly does: 'end' | 'reset' } | ((seen: RawSeen) => boolean);

/** The client half-closes. */
export const ends = { does: 'end' } as const;
/** The client cuts the connection. */
export const cuts = { does: 'reset' } as const;

/** One fact of a protocol below HTTP or beside it: what a client says on a connection of its own, and whether what was seen is right. */
export interface RawCase {
  readonly group: string;
  readonly name: string;
  readonly source: string;
  readonly spoken: Spoken;
  readonly steps: readonly RawStep[];
  readonly isRight: (seen: RawSeen) => boolean;
  /** What the member says once it has heard `answersAfter`; default: 200 with the body `ok`. `{accept}` as in Http2Case. */
  readonly answer?: string;
  /** Default: a head. */
  readonly answersAfter?: RegExp;
  /** What the member does then; default: it ends soon after. `late` = it says so once the other side has ended, and ends. */
  readonly then?: 'end' | 'open' | 'reset' | 'echo' | 'late';
  /** The client sends byte by byte. */
  readonly inBytes?: boolean;
}

/** What came of one case. */
export interface RawSeen {
  /** All that the client got, latin1. */
  text: string;
  ending: 'end' | 'reset' | 'open';
  /** All that each connection to the member said, latin1. */
  heard: string[];
  /** How those connections ended at the member. */
  memberEndings: ('end' | 'reset')[];
}

/** Whatever comes without a word after this long never comes; ours is given much longer, so that a busy machine spoils no result. */
const patienceMs = { haproxy: 1000, nginx: 1000, engine: 10_000 };
/** Cases of one kind that run at once. */
const lanes = 3;
/** What a member hears may come a moment after what the client sees. */
const settleMs = 20;

const defaultAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

/** Runs all cases against one proxy; answers what was seen, in their order. */
export async function runRawCases(name: ProxyName, cases: readonly RawCase[]): Promise<RawSeen[]> {
  const kinds = [...new Set(cases.map(({ spoken }) => spoken))].flatMap((spoken) =>
    Array.from({ length: lanes }, () => spoken),
  );
  const members = await Promise.all(kinds.map(openMember));
  const listeners = members.map(({ port }, at) => ({ spoken: kinds[at] ?? 'http1', member: port }));
  const proxy = await openProxy(name, listeners);
  const results: RawSeen[] = [];
  const waiting = cases.map((one, at) => ({ one, at }));
  await Promise.all(
    members.map(async (member, lane) => {
      for (;;) {
        const next = waiting.findIndex(({ one }) => one.spoken === kinds[lane]);
        const [taken] = next < 0 ? [] : waiting.splice(next, 1);
        if (taken === undefined) return;
        results[taken.at] = await member.run(taken.one, proxy.ports[lane] ?? 0, patienceMs[name]);
      }
    }),
  );
  await proxy.close();
  await Promise.all(members.map(({ close }) => close()));
  return results;
}

interface LaneMember {
  readonly port: number;
  readonly run: (one: RawCase, port: number, waitMs: number) => Promise<RawSeen>;
  readonly close: () => Promise<void>;
}

/** What a member does now; a connection that a proxy keeps may serve one case after another. */
interface Turn {
  readonly one: RawCase | undefined;
  readonly seen: RawSeen;
}

async function openMember(): Promise<LaneMember> {
  let turn: Turn = { one: undefined, seen: nothingSeen() };
  const member = await startTcpMember((socket) => {
    attend(socket, () => turn);
  });

  async function run(one: RawCase, port: number, waitMs: number): Promise<RawSeen> {
    turn = { one, seen: nothingSeen() };
    const { seen } = turn;
    await speak(one, port, waitMs, seen);
    return seen;
  }
  return { port: member.port, run, close: member.close };
}

function nothingSeen(): RawSeen {
  return { text: '', ending: 'open', heard: [], memberEndings: [] };
}

/** The member's side of one connection. */
function attend(socket: Socket, latest: () => Turn): void {
  let turn = latest();
  let index = turn.seen.heard.push('') - 1;
  let hasAnswered = false;
  socket.on('data', (bytes: Buffer) => {
    if (latest() !== turn) {
      turn = latest();
      index = turn.seen.heard.push('') - 1;
      hasAnswered = false;
    }
    const { answer = defaultAnswer, answersAfter = /\r\n\r\n/, then = 'end' } = turn.one ?? {};
    const said = (turn.seen.heard[index] ?? '') + bytes.toString('latin1');
    turn.seen.heard[index] = said;
    if (hasAnswered) {
      if (then === 'echo') socket.write(bytes);
      return;
    }
    const found = answersAfter.exec(said);
    if (found === null) return;
    hasAnswered = true;
    socket.write(
      Buffer.from(
        answer.replace('{accept}', () => acceptOf(said)),
        'latin1',
      ),
    );
    if (then === 'end') setTimeout(() => socket.end(), settleMs);
    if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), settleMs);
    if (then === 'echo') socket.write(Buffer.from(said.slice(found.index + found[0].length), 'latin1'));
  });
  socket.on('end', () => {
    turn.seen.memberEndings.push('end');
    socket.end(turn.one?.then === 'late' ? 'late' : '');
  });
  socket.on('error', () => turn.seen.memberEndings.push('reset'));
}

/** RFC 6455 4.2.2: what answers the key of the handshake; HAProxy checks it. */
export function acceptOf(said: string): string {
  const key = /sec-websocket-key: *(\S+)/i.exec(said)?.[1] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Says the case on a connection of its own until what it waits for has come, the connection is over, or nothing more comes. */
async function speak(one: RawCase, port: number, waitMs: number, seen: RawSeen): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setNoDelay(true);
  const deadline = performance.now() + waitMs;
  function notice(ending: 'end' | 'reset'): void {
    if (seen.ending === 'open') seen.ending = ending;
  }
  socket.on('data', (bytes: Buffer) => {
    seen.text += bytes.toString('latin1');
  });
  socket.on('end', () => {
    notice('end');
  });
  socket.on('error', () => {
    notice('reset');
  });

  async function until(isThere: () => boolean): Promise<void> {
    while (!isThere() && performance.now() < deadline) await sleep(2);
  }

  async function send(bytes: Buffer): Promise<void> {
    if (socket.destroyed) return;
    if (one.inBytes !== true) {
      socket.write(bytes);
      return;
    }
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  for (const step of one.steps) {
    if (typeof step === 'function') await until(() => step(seen));
    else if (typeof step === 'string' || Buffer.isBuffer(step)) {
      await send(Buffer.isBuffer(step) ? step : Buffer.from(step, 'latin1'));
    } else if (step.does === 'end') socket.end();
    else socket.resetAndDestroy();
  }
  if (typeof one.steps.at(-1) !== 'function') await until(() => seen.ending !== 'open');
  await sleep(settleMs);
  socket.destroy();
}
