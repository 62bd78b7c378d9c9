import { connect, createServer, type Socket } from 'node:net';

/** A member that speaks as a test wants, one call per connection. */
export interface TcpMember {
  readonly port: number;
  /** Connections so far. */
  readonly count: () => number;
  /** How each connection that is over ended, in order. */
  readonly endings: readonly ('end' | 'reset')[];
  readonly close: () => Promise<void>;
}

/** Listens on a free port of `host` unless one is given, or on a Unix socket. */
export function startTcpMember(speak: (socket: Socket) => void, host = '127.0.0.1', port = 0): Promise<TcpMember> {
  const sockets = new Set<Socket>();
  const endings: ('end' | 'reset')[] = [];
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    count++;
    sockets.add(socket);
    socket.on('error', () => {
      endings.push('reset');
      socket.destroy();
    });
    socket.on('close', (hadError) => {
      if (!hadError) endings.push('end');
      sockets.delete(socket);
    });
    speak(socket);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(host.startsWith('/') ? { path: host } : { port, host }, () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        count: () => count,
        endings,
        close: () =>
          new Promise((done) => {
            server.close(() => {
              done();
            });
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

/** Says its name at once, as SMTP and MySQL do, then gives back what it gets and closes when the client does. */
export function greetAndEcho(name: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(`${name}\n`);
    socket.pipe(socket);
  };
}

/** A client that a test drives step by step. */
export interface TcpClient {
  readonly socket: Socket;
  /** All bytes so far. */
  readonly received: () => Buffer;
  /** Waits until the text stands in what came. */
  readonly until: (text: string) => Promise<void>;
  /** Waits for the connection's end. */
  readonly ending: Promise<'end' | 'reset'>;
}

export function openClient(
  target: number | string,
  options: { readonly localAddress?: string; readonly host?: string } = {},
): TcpClient {
  const parts: Buffer[] = [];
  const socket = connect({
    ...(typeof target === 'number' ? { port: target, host: '127.0.0.1', ...options } : { path: target }),
    allowHalfOpen: true,
  });
  const ending = new Promise<'end' | 'reset'>((resolve) => {
    socket.on('end', () => {
      resolve('end');
    });
    socket.on('error', () => {
      resolve('reset');
    });
  });
  socket.on('data', (bytes: Buffer) => parts.push(bytes));
  function received(): Buffer {
    return Buffer.concat(parts);
  }
  return {
    socket,
    received,
    ending,
    until: (text) =>
      new Promise((resolve, reject) => {
        function look(): void {
          if (received().includes(text)) resolve();
        }
        socket.on('data', look);
        socket.on('close', () => {
          reject(new Error(`closed before "${text}" came, after "${received().toString('latin1', 0, 200)}"`));
        });
        look();
      }),
  };
}

/** Waits until a condition holds; says what it was when it does not within 20 s. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`not so after 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
