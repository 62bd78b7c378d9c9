import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Console } from '../contract/console.ts';
import type { Report } from '../dispatch.ts';
import { joinPeer, type Wire } from './peer.ts';

export interface Sockets {
  /** Takes over a connection whose Host, Origin and session were found good. */
  readonly accept: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly close: () => void;
}

/** The largest message is a plan that comes back to be pushed. A longer one ends the connection with 1009. */
const mostMessageBytes = 8 * 2 ** 20;
const mostClients = 32;
/** A browser that sleeps or is gone without a word is let go after one to two of these. */
const pulseMs = 30_000;

export function openSockets(console: Console, report: Report): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: mostMessageBytes,
    perMessageDeflate: false,
    clientTracking: true,
  });
  const alive = new WeakSet<WebSocket>();
  let joined = 0;

  const pulse = setInterval(() => {
    for (const socket of server.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pulseMs);

  server.on('connection', (socket: WebSocket) => {
    joined += 1;
    alive.add(socket);
    const peer = joinPeer(console, wireOf(socket), { client: `web-${joined}`, shell: 'web' }, report);
    socket.on('pong', () => alive.add(socket));
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) socket.close(1003, 'text alone is taken');
      else peer.take(data.toString('utf8'));
    });
    socket.on('error', () => {
      socket.terminate(); // a frame too long or not of the protocol: `close` follows
    });
    socket.on('close', peer.end);
  });

  return {
    accept: (request, socket, head) => {
      if (server.clients.size >= mostClients) {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request));
    },
    close: () => {
      clearInterval(pulse);
      for (const socket of server.clients) {
        socket.close(1001, 'the console ends');
        socket.terminate();
      }
      server.close();
    },
  };
}

function wireOf(socket: WebSocket): Wire {
  return {
    send: (text, sent) => {
      socket.send(text, sent);
    },
    pause: () => {
      socket.pause();
    },
    resume: () => {
      socket.resume();
    },
  };
}
