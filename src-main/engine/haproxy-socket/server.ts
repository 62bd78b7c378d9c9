import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { EngineSettings } from '../config/settings.ts';
import { refusal, removeStaleSocket } from '../supervisor/listeners.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { answerCommand, type SocketTarget } from './commands.ts';

const maxLineBytes = 16_384;
const idleMs = 60_000;

/**
 * HAProxy's runtime socket (management.txt 9.3) for tools made for it: a line of commands, several by `;`, is answered, an empty line
 * after each answer, and the connection closed; after `prompt` it stays. Owner only. Throws ADDRESS_IN_USE, PERMISSION_DENIED.
 */
export async function openHaproxySocket(
  settings: EngineSettings['haproxySocket'],
  supervisor: Supervisor,
  version: string,
): Promise<{ readonly close: () => void }> {
  const { path, level } = settings;
  if (path === '') return { close: () => undefined };
  await removeStaleSocket(path);
  let initial = supervisor.settings;
  const stop = supervisor.events.listen((event) => {
    // Changes at run time leave the configured weights as they were.
    if (event.event === 'config' && ['reload', 'put'].includes(String(event['cause']))) initial = supervisor.settings;
  });
  const target: SocketTarget = {
    supervisor,
    version: version === '' ? '0' : version,
    level,
    initialWeight: (pool, member) =>
      initial.pools.find((each) => each.name === pool)?.members.find((each) => each.name === member)?.weight,
  };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, target);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(refusal(`unix:${path}`, error.code ?? error.message));
    });
    server.listen({ path }, resolve);
  });
  chmodSync(path, 0o600);
  return {
    close: () => {
      stop();
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(path, { force: true });
    },
  };
}

/** Reads lines one after another: a reader that does not take its answers is not asked for more. */
function serve(socket: Socket, target: SocketTarget): void {
  let isInteractive = false;
  let received = '';
  let hasEnded = false;
  let running: Promise<void> | undefined;
  socket.setEncoding('utf8');
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    received += text;
    if (received.length > maxLineBytes) socket.destroy();
    else running ??= drain();
  });
  socket.on('end', () => {
    hasEnded = true;
    running ??= drain();
  });

  async function drain(): Promise<void> {
    for (;;) {
      const end = received.indexOf('\n');
      if (end < 0 && !(hasEnded && received !== '')) break;
      const line = received.slice(0, end < 0 ? undefined : end);
      received = end < 0 ? '' : received.slice(end + 1);
      await answerLine(line);
      if (!isInteractive) {
        socket.end();
        return;
      }
    }
    if (hasEnded) socket.end();
    running = undefined;
  }

  async function answerLine(line: string): Promise<void> {
    for (const part of line.replace(/\r$/, '').split(';')) {
      const command = part.trim();
      if (command === 'quit') {
        isInteractive = false;
        return;
      }
      let answer = '';
      if (command === 'prompt') isInteractive = !isInteractive;
      else if (command !== '') answer = await answerCommand(target, command);
      await write(`${answer}\n`);
    }
    if (isInteractive) await write('> ');
  }

  function write(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (socket.writable)
        socket.write(text, () => {
          resolve();
        });
      else resolve();
    });
  }
}
