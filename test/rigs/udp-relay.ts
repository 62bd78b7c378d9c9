import { createSocket, type Socket } from 'node:dgram';

/** What a relay does to a datagram: after how many milliseconds each copy of it goes on, or what goes on at once instead. None: it is lost. */
export type Fate = (datagram: {
  readonly number: number;
  readonly direction: 'up' | 'down';
  readonly bytes: Buffer;
}) => readonly (number | Buffer)[];

export interface UdpRelay {
  readonly port: number;
  readonly passed: () => { readonly up: number; readonly down: number };
  readonly setFate: (fate: Fate) => void;
  readonly stop: () => void;
}

function straight(): readonly number[] {
  return [0];
}

/** A UDP relay on loopback in front of a server: a way that loses, delays, doubles and reorders as a test says. */
export async function openUdpRelay(port: number): Promise<UdpRelay> {
  const clients = new Map<number, Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const passed = { up: 0, down: 0 };
  let fate: Fate = straight;
  const front = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });

  function pass(direction: 'up' | 'down', bytes: Buffer, send: (bytes: Buffer) => void): void {
    passed[direction] += 1;
    for (const one of fate({ number: passed[direction], direction, bytes })) {
      if (Buffer.isBuffer(one) || one === 0) {
        send(one === 0 ? bytes : one);
        continue;
      }
      const timer = setTimeout(() => {
        timers.delete(timer);
        send(bytes);
      }, one);
      timers.add(timer);
    }
  }
  function backOf(clientPort: number): Socket {
    const known = clients.get(clientPort);
    if (known !== undefined) return known;
    const back = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    back.on('message', (bytes) => {
      pass('down', bytes, (one) => {
        front.send(one, clientPort, '127.0.0.1');
      });
    });
    clients.set(clientPort, back);
    return back;
  }

  front.on('message', (bytes, from) => {
    const back = backOf(from.port);
    pass('up', bytes, (one) => {
      back.send(one, port, '127.0.0.1');
    });
  });
  await new Promise<void>((resolve) => {
    front.bind(0, '127.0.0.1', resolve);
  });
  return {
    port: front.address().port,
    passed: () => ({ ...passed }),
    setFate: (next) => {
      fate = next;
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      fate = () => [];
      front.close();
      for (const back of clients.values()) back.close();
    },
  };
}
