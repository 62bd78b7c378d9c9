import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { AppInfo } from '../contract/api.ts';
import type { Console } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import type { Report } from '../dispatch.ts';
import { joinPeer, type Peer, type Wire } from '../web/peer.ts';
import { cutLines } from './lines.ts';
import { localPath } from './path.ts';

export interface LocalOffer {
  /**
   * Lets no further command join, waits until the calls that run are answered (`patienceMs` at most) and who is there has gone by himself
   * (`graceMs`: a command that keeps a change looks how it ended, and the change's own command ends at the same moment), then closes.
   */
  readonly close: () => Promise<void>;
}

const patienceMs = 10_000;
const usualGraceMs = 3000;

/**
 * Lets the commands of this account use the console that owns `dataDir`: the contract's messages as JSON lines. Who may connect is
 * said by the directory (0700) and the socket (0600). The caller owns the directory's lock, so a socket that lies there is a dead one.
 */
export async function offerLocal(
  console: Console,
  dataDir: string,
  report: Report,
  graceMs = usualGraceMs,
): Promise<LocalOffer> {
  const path = localPath(dataDir);
  const open = new Map<Socket, Peer>();
  let joined = 0;
  const server = createServer((socket) => {
    joined += 1;
    open.set(socket, join(console, socket, { client: `local-${joined}`, shell: 'cli' }, report));
    socket.on('close', () => open.delete(socket));
  });
  if (process.platform !== 'win32') await rm(path, { force: true });
  await listen(server, path);
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      const [grace, deadline] = [AbortSignal.timeout(graceMs), AbortSignal.timeout(patienceMs)];
      for (const [socket, peer] of open) endWhenIdle(socket, peer, grace, deadline);
      await closed;
    },
  };
}

function join(
  console: Console,
  socket: Socket,
  context: { client: string; shell: AppInfo['shell'] },
  report: Report,
): Peer {
  const peer = joinPeer(console, wireOf(socket), context, report);
  function refuse(): void {
    socket.destroy();
  }
  socket.on('data', cutLines(peer.take, refuse));
  socket.on('error', refuse);
  socket.on('close', peer.end);
  return peer;
}

function wireOf(socket: Socket): Wire {
  return {
    send: (text, sent) => {
      socket.write(`${text}\n`, sent);
    },
    pause: () => {
      socket.pause();
    },
    resume: () => {
      socket.resume();
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new AppError('INTERNAL', `Cannot listen on ${path}: ${error.message}.`, { cause: error }));
    });
    server.listen(path, resolve);
  });
  if (process.platform !== 'win32') await chmod(path, 0o600);
}

function endWhenIdle(socket: Socket, peer: Peer, grace: AbortSignal, deadline: AbortSignal): void {
  if (socket.destroyed) return;
  if ((peer.openCalls() === 0 && grace.aborted) || deadline.aborted) socket.destroy();
  else setTimeout(endWhenIdle, 20, socket, peer, grace, deadline);
}
