import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { PeerSink } from './peer-sink.ts';
import { endOfHead, ping, readQuestion } from './peer-wire.ts';
import type { ServerCache } from './server-cache.ts';

const longestQuestion = 262_144;

/** Answers the other workers' questions from this worker's caches. The path is made anew: what a killed worker left is removed. */
export async function servePeers(path: string, cacheOf: (server: string) => ServerCache | undefined): Promise<void> {
  await rm(path, { force: true });
  const server = createServer((socket) => {
    answerPeer(socket, cacheOf);
  });
  // Without it each worker asks members for itself.
  server.on('error', () => undefined);
  server.listen(path);
}

function answerPeer(socket: Socket, cacheOf: (server: string) => ServerCache | undefined): void {
  let heard = '';
  let sink: PeerSink | undefined;
  socket.setEncoding('latin1');
  socket.on('error', () => undefined); // 'close' follows
  socket.on('close', () => {
    sink?.gone();
  });
  socket.on('data', (part: string) => {
    heard += part;
    if (heard.length > longestQuestion) socket.destroy();
    else next();
  });

  /** One question at a time: the next is asked when this is answered. */
  function next(): void {
    const end = heard.indexOf(endOfHead);
    if (sink !== undefined || end < 0) return;
    const text = heard.slice(0, end + endOfHead.length);
    heard = heard.slice(text.length);
    if (text === ping) {
      socket.write(ping);
      return;
    }
    const question = readQuestion(text);
    if (question === undefined) {
      socket.destroy();
      return;
    }
    const current = new PeerSink(socket, question.clientAddress, () => {
      sink = undefined;
    });
    sink = current;
    const cache = cacheOf(question.server);
    if (cache?.answerPeer(current, question.head, question.forgottenAtUs) !== true) current.goOn();
  }
}
