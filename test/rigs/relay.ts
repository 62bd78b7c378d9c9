import { createServer, type Socket, connect } from 'node:net';

export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

/** A TCP relay on loopback in front of a server: a link that a test can cut, freeze and slow down. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  /** Bytes passed since the start: `up` from client to server, `down` from server to client. */
  readonly bytes: () => { readonly up: number; readonly down: number };
  readonly connections: () => number;
  /** Cuts every open connection (RST); new ones are accepted unless `refuse(true)`. */
  readonly cut: () => void;
  /** Cuts every open connection towards its client alone: the server hears nothing, as when a firewall forgets a connection. */
  readonly abandon: () => void;
  /** Cuts a connection as soon as this many further bytes have passed in that direction, all connections together. */
  readonly cutAfter: (direction: 'up' | 'down', bytes: number) => void;
  /** Nothing passes and nothing is closed, as when a cable is pulled, until `thaw`. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Every chunk waits this long, in order. */
  readonly delay: (milliseconds: number) => void;
  /** While true every new connection is reset at once. */
  readonly refuse: (isRefusing: boolean) => void;
  readonly close: () => Promise<void>;
}

type Direction = 'up' | 'down';

export async function openRelay(target: RelayTarget): Promise<Relay> {
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  const passed = { up: 0, down: 0 };
  const left: Record<Direction, number | undefined> = { up: undefined, down: undefined };
  const timers = new Set<NodeJS.Timeout>();
  const abandoned = new Set<Socket>();
  let isFrozen = false;
  let isRefusing = false;
  let delayMs = 0;

  const listener = createServer({ pauseOnConnect: true }, (client) => {
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(target.port, target.host);
    const pair = { client, server };
    pairs.add(pair);
    join(client, server, 'up');
    join(server, client, 'down');
    if (!isFrozen) client.resume();
  });

  function join(from: Socket, to: Socket, direction: Direction): void {
    let last = Promise.resolve();
    from.on('data', (chunk) => {
      last = last.then(() => pass(chunk, to, direction));
    });
    from.on('end', () => void last.then(() => to.end()));
    from.on('error', drop);
    from.on('close', drop);
    function drop(): void {
      for (const pair of pairs) if (pair.client === from || pair.server === from) dropPair(pair);
    }
  }

  async function pass(chunk: Buffer, to: Socket, direction: Direction): Promise<void> {
    if (delayMs > 0) await wait(delayMs);
    const limit = left[direction];
    const part = limit === undefined ? chunk : chunk.subarray(0, limit);
    passed[direction] += part.length;
    if (to.writable) to.write(part);
    if (limit === undefined) return;
    left[direction] = limit - part.length;
    if (left[direction] > 0) return;
    left[direction] = undefined;
    cut();
  }

  function wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, milliseconds);
      timers.add(timer);
    });
  }

  function dropPair(pair: { readonly client: Socket; readonly server: Socket }): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  function cut(): void {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    pairs.clear();
  }

  function abandon(): void {
    const all = [...pairs];
    pairs.clear();
    for (const { client, server } of all) {
      abandoned.add(server);
      client.resetAndDestroy();
    }
  }

  function setFrozen(value: boolean): void {
    isFrozen = value;
    for (const { client, server } of pairs) {
      for (const socket of [client, server]) {
        if (value) socket.pause();
        else socket.resume();
      }
    }
  }

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    bytes: () => ({ ...passed }),
    connections: () => pairs.size,
    cut,
    abandon,
    cutAfter: (direction, bytes) => {
      left[direction] = bytes;
    },
    freeze: () => {
      setFrozen(true);
    },
    thaw: () => {
      setFrozen(false);
    },
    delay: (milliseconds) => {
      delayMs = milliseconds;
    },
    refuse: (value) => {
      isRefusing = value;
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const pair of pairs) dropPair(pair);
      for (const server of abandoned) server.destroy();
      await closed;
    },
  };
}
