import { connect, type Socket } from 'node:net';
import type { AnswerMessage, CallName, EventMessage } from '../contract/api.ts';
import type { EventListener } from '../contract/console.ts';
import { AppError, type Outcome } from '../contract/errors.ts';
import { cutLines } from './lines.ts';
import { localPath } from './path.ts';

/** The console of another process, used over its local socket. */
export interface RemoteConsole {
  readonly call: (call: CallName, input: unknown) => Promise<Outcome<unknown>>;
  readonly onEvent: (listener: EventListener) => () => void;
  readonly close: () => void;
}

/** Joins the console that owns `dataDir`; undefined where none does. */
export async function connectConsole(dataDir: string): Promise<RemoteConsole | undefined> {
  const socket = await open(localPath(dataDir));
  return socket && joinRemote(socket);
}

function joinRemote(socket: Socket): RemoteConsole {
  const waiting = new Map<number, (outcome: Outcome<unknown>) => void>();
  const listeners = new Set<EventListener>();
  let lastId = 0;

  function receive(line: string): void {
    // The other end is our own program: it sends the contract's two forms and nothing else.
    const message = JSON.parse(line) as AnswerMessage | EventMessage;
    if ('event' in message) {
      for (const listener of listeners) listener(message.event, message.data as never); // the name says what it is
      return;
    }
    waiting.get(message.id)?.(message.outcome);
    waiting.delete(message.id);
  }
  function lose(): void {
    for (const settle of waiting.values()) settle({ ok: false, problem: lost().toProblem() });
    waiting.clear();
  }

  socket.on(
    'data',
    cutLines(receive, () => socket.destroy()),
  );
  socket.on('error', () => socket.destroy());
  socket.on('close', lose);
  return {
    call: (call, input) =>
      new Promise((resolve) => {
        lastId += 1;
        waiting.set(lastId, resolve);
        if (socket.destroyed) lose();
        else socket.write(`${JSON.stringify({ id: lastId, call, input })}\n`);
      }),
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      socket.destroy();
    },
  };
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // No file, nobody behind it, or a file that is no socket: nobody owns the directory.
      if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(error.code ?? '')) resolve(undefined);
      else
        reject(
          new AppError('UNREACHABLE', `The console at ${path} cannot be reached: ${error.message}.`, { cause: error }),
        );
    });
  });
}

function lost(): AppError {
  return new AppError(
    'SESSION_CLOSED',
    'The console that owns the data directory ended before it answered. Whether the call was carried out is not known: look before you repeat it.',
  );
}
