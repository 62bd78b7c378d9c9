import { connect, createServer, type Socket } from 'node:net';

/** A member that says exactly what a test wants, byte for byte. */
export interface RawMember {
  readonly port: number;
  /** Whole text of what each connection sent, in order of arrival. */
  readonly heard: string[];
  readonly close: () => Promise<void>;
}

/** `answer` is called with each piece that comes, the connection's number and what it said so far. */
export function startRawMember(answer: (socket: Socket, said: string, connection: number) => void): Promise<RawMember> {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const index = heard.push('') - 1;
    sockets.add(socket);
    socket.on('data', (bytes: Buffer) => {
      heard[index] = (heard[index] ?? '') + bytes.toString('latin1');
      answer(socket, heard[index], index);
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        heard,
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

/** Answers every whole request head with 200 and this body. */
export function answering(body: string): (socket: Socket, said: string) => void {
  const counts = new WeakMap<Socket, number>();
  return (socket, said) => {
    const heads = said.split('\r\n\r\n').length - 1;
    for (let done = counts.get(socket) ?? 0; done < heads; done++) {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
    counts.set(socket, heads);
  };
}

export interface Spoken {
  /** Everything that came back, latin1. */
  readonly text: string;
  /** `end` = a proper close, `reset` = cut, `open` = still open when the time was over or `until` had come. */
  readonly ending: 'end' | 'reset' | 'open';
}

export interface SpeakOptions {
  /** Enough once this has come. */
  readonly until?: string | RegExp;
  readonly timeoutMs?: number;
  /** Half-closes after the bytes. */
  readonly ends?: boolean;
}

/** Sends bytes on a connection of its own and gathers what comes back. */
export function speak(port: number, text: string | Buffer, options: SpeakOptions = {}): Promise<Spoken> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const timer = setTimeout(() => {
      finish('open');
    }, options.timeoutMs ?? 10_000);
    socket.on('connect', () => {
      if (options.ends === true) socket.end(text);
      else socket.write(text);
    });
    socket.on('data', (bytes: Buffer) => {
      got += bytes.toString('latin1');
      const { until } = options;
      if (until !== undefined && (typeof until === 'string' ? got.includes(until) : until.test(got))) finish('open');
    });
    socket.on('end', () => {
      finish('end');
    });
    socket.on('error', () => {
      finish('reset');
    });

    function finish(ending: Spoken['ending']): void {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: got, ending });
    }
  });
}
