import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { excerpt, maxAnswerBytes } from './expectation.ts';
import { describeFailure } from './failure.ts';
import { targetOf } from '../sockets/target.ts';
import type { ProbeTarget, Verdict } from './monitor.ts';

/** One conversation on a connection of its own. */
export interface Dialogue {
  /** What is waited for, in the words of a result: `no +PONG within 1000 ms`. */
  readonly awaited: string;
  /** Sent first. A protocol in which the server begins has none. */
  readonly opening?: string | Uint8Array;
  /** Called with all that came so far (at most 64 KiB), again with more, until it has a verdict. */
  readonly hear: (
    received: Buffer,
    say: (bytes: string | Uint8Array) => void,
    /** Goes on inside TLS (by `startTls`), where this is said first; what came before is forgotten. */
    startTls: (opening: string) => void,
  ) => Verdict | undefined;
  /** Called where the other side ended first; without it that is a failure. */
  readonly atEnd?: (received: Buffer) => Verdict | undefined;
  /** Called when the connection stands; a verdict ends the probe there. */
  readonly connected?: (socket: TLSSocket) => Verdict | undefined;
  /** Absent = clear text. */
  readonly tls?: ConnectionOptions;
  /** For protocols that begin in clear text. */
  readonly startTls?: ConnectionOptions;
}

/** Holds the conversation. It settles within `timeoutMs`, never rejects, and leaves no connection. */
export function converse(
  dialogue: Dialogue,
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  return new Promise((resolve) => {
    const where = targetOf(target);
    const { tls } = dialogue;
    let received = Buffer.alloc(0);
    let isConnected = false;
    let isSettled = false;
    const timer = setTimeout(() => {
      const came = received.length === 0 ? '' : `, only ${excerpt(received)}`;
      fail(`no ${isConnected ? dialogue.awaited : 'connection'} within ${timeoutMs} ms${came}`);
    }, timeoutMs);
    let socket = follow(tls === undefined ? connectTcp(where) : connectTls({ ...where, ...tls }), tls !== undefined);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();

    function follow(next: Socket | TLSSocket, isTls: boolean, opening = dialogue.opening): Socket | TLSSocket {
      next.on('error', (error: NodeJS.ErrnoException) => {
        fail(describeFailure(error));
      });
      next.on(isTls ? 'secureConnect' : 'connect', () => {
        isConnected = true;
        if (opening !== undefined) next.write(opening);
        settle(dialogue.connected?.(next as TLSSocket)); // only TLS dialogues look at it
      });
      next.on('data', (chunk: Buffer) => {
        if (isSettled) return;
        received = Buffer.concat([received, chunk]).subarray(0, maxAnswerBytes);
        settle(dialogue.hear(received, (bytes) => next.write(bytes), secure));
        if (received.length === maxAnswerBytes) fail(`no ${dialogue.awaited} in ${maxAnswerBytes} bytes`);
      });
      next.on('end', () => {
        if (!isSettled) settle(dialogue.atEnd?.(received));
        fail(`closed before ${dialogue.awaited}, after ${excerpt(received)}`);
      });
      return next;
    }
    function secure(opening: string): void {
      received = Buffer.alloc(0);
      socket.removeAllListeners('data').removeAllListeners('end');
      socket = follow(connectTls({ ...dialogue.startTls, socket }), true, opening);
    }
    function stop(): void {
      fail('stopped');
    }
    function fail(result: string): void {
      settle({ isPassing: false, result });
    }
    function settle(verdict: Verdict | undefined): void {
      if (verdict === undefined || isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(verdict);
      socket.destroy();
    }
  });
}
