import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRawMember, type RawMember } from '../raw-http.ts';
import { Http2Seen, type Http2Case, type Step } from './http2-case.ts';
import { F, frame, preface, readFrames, settings, T } from './http2-wire.ts';
import { openProxy, type ProxyName } from './proxies.ts';
import { acceptOf } from './raw-peer.ts';

/** Whatever comes without a word after this long never comes; ours is given much longer, so that a busy machine spoils no result. */
const patienceMs = { haproxy: 1000, nginx: 1000, engine: 10_000 };
/** How many cases run at once, each with a listener and a member of its own. */
const lanes = 4;
/** What a member hears may come a moment after what the client sees. */
const settleMs = 20;

const defaultAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

/** Runs all cases against one proxy; answers what was seen, in their order. */
export async function runHttp2Cases(name: ProxyName, cases: readonly Http2Case[]): Promise<Http2Seen[]> {
  const members = await Promise.all(Array.from({ length: lanes }, openMember));
  const proxy = await openProxy(
    name,
    members.map(({ port }) => ({ spoken: 'http2', member: port })),
  );
  const results: Http2Seen[] = [];
  let next = 0;
  await Promise.all(
    members.map(async (member, lane) => {
      for (let at = next++; at < cases.length; at = next++) {
        const one = cases[at];
        if (one !== undefined) results[at] = await member.run(one, proxy.ports[lane] ?? 0, patienceMs[name]);
      }
    }),
  );
  await proxy.close();
  await Promise.all(members.map(({ close }) => close()));
  return results;
}

interface LaneMember {
  readonly port: number;
  readonly run: (one: Http2Case, port: number, waitMs: number) => Promise<Http2Seen>;
  readonly close: () => Promise<void>;
}

async function openMember(): Promise<LaneMember> {
  let current: Http2Case | undefined = undefined;
  let seen = new Http2Seen();
  const answered = new WeakMap<Socket, number>();
  const met = new WeakSet<Socket>();
  const member: RawMember = await startRawMember((socket, said) => {
    if (!met.has(socket)) watch(socket);
    const { answer = defaultAnswer, answersAfter = /\r\n\r\n/, then = 'end' } = current ?? {};
    const from = answered.get(socket);
    if (from === undefined && !answersAfter.test(said)) return;
    if (from === undefined) {
      socket.write(
        Buffer.from(
          answer.replace('{accept}', () => acceptOf(said)),
          'latin1',
        ),
      );
      if (then === 'end') setTimeout(() => socket.end(), settleMs);
      if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), settleMs);
    }
    if (then === 'echo') socket.write(Buffer.from(said.slice(from ?? said.indexOf('\r\n\r\n') + 4), 'latin1'));
    answered.set(socket, said.length);
  });

  function watch(socket: Socket): void {
    met.add(socket);
    const { memberEndings } = seen;
    socket.on('end', () => memberEndings.push('end'));
    socket.on('error', () => memberEndings.push('reset'));
  }

  async function run(one: Http2Case, port: number, waitMs: number): Promise<Http2Seen> {
    current = one;
    seen = new Http2Seen();
    const before = member.heard.length;
    const mine = seen;
    await speak(one, port, waitMs, mine, () => {
      mine.heard = member.heard.slice(before).join('');
    });
    return mine;
  }
  return { port: member.port, run, close: member.close };
}

/** Says the case on a connection of its own until the peer has said its last word, or nothing more comes. */
async function speak(one: Http2Case, port: number, waitMs: number, seen: Http2Seen, listen: () => void): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setNoDelay(true);
  let wake: () => void = ignore;
  let rest: Buffer = Buffer.alloc(0);
  const deadline = performance.now() + waitMs;
  function notice(ending: 'end' | 'reset'): void {
    if (seen.ending === 'open') seen.ending = ending;
    wake();
  }
  socket.on('data', (bytes: Buffer) => {
    const read = readFrames(Buffer.concat([rest, bytes]));
    rest = read.rest;
    for (const each of read.frames) {
      seen.add(each);
      if (each.type === T.settings && (each.flags & F.ack) === 0 && one.inBytes !== true && !socket.destroyed) {
        socket.write(frame(T.settings, F.ack, 0));
      }
    }
    wake();
  });
  socket.on('end', () => {
    notice('end');
  });
  socket.on('error', () => {
    notice('reset');
  });

  async function until(isThere: () => boolean): Promise<boolean> {
    for (;;) {
      listen();
      if (isThere() || seen.isClosed || performance.now() > deadline) return !seen.isClosed;
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(settleMs)]);
    }
  }

  async function send(bytes: Buffer): Promise<void> {
    if (seen.isClosed || socket.destroyed) return;
    if (one.inBytes !== true) {
      socket.write(bytes);
      return;
    }
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Answers whether something was sent. */
  async function take(step: Step): Promise<boolean> {
    let answer: boolean | Buffer = Buffer.isBuffer(step) ? step : false;
    if (!Buffer.isBuffer(step)) await until(() => (answer = step(seen)) !== false);
    if (!Buffer.isBuffer(answer)) return false;
    await send(answer);
    return true;
  }

  await send(one.start ?? Buffer.concat([preface, settings()]));
  let isAsking = true;
  for (const step of one.steps) isAsking = await take(step);
  if (isAsking) await until(() => seen.isOver);
  await sleep(settleMs);
  listen();
  socket.destroy();
}

function ignore(): void {
  return undefined;
}
