import { join } from 'node:path';

/**
 * What workers say to each other over the sockets of their caches: a line with the virtual server, the client's address and when the
 * key was lately forgotten, then the request's head; back comes a response, or `askMember`. One request after another on a connection.
 */

export const endOfHead = '\r\n\r\n';

/** The answer "ask a member yourself". No member writes it. */
export const askMember = Buffer.from(
  'HTTP/1.1 599 Ask a member\r\nSteelyard-Peer: no\r\nContent-Length: 0\r\n\r\n',
  'latin1',
);

/** In the place of a question: does the worker run? It gives it back at once. */
export const ping = `ping${endOfHead}`;

export interface PeerQuestion {
  readonly server: string;
  readonly clientAddress: string;
  /** What was stored before is not good any more. */
  readonly forgottenAtUs: number;
}

/** The question's line and the request behind it. */
export function writeQuestion({ server, clientAddress, forgottenAtUs }: PeerQuestion, request: Buffer): Buffer {
  const line = `${encodeURIComponent(server)} ${clientAddress} ${forgottenAtUs}\r\n`;
  return Buffer.concat([Buffer.from(line, 'latin1'), request]);
}

/** `text` = all up to the end of the request's head. Undefined = not understood. */
export function readQuestion(text: string): (PeerQuestion & { readonly head: string }) | undefined {
  const match = /^([^ \r\n]*) ([^ \r\n]*) (\d+)\r\n/.exec(text);
  if (match === null) return undefined;
  const [line, server = '', clientAddress = '', atUs] = match;
  return {
    server: decodeURIComponent(server),
    clientAddress,
    forgottenAtUs: Number(atUs),
    head: text.slice(line.length),
  };
}

/** Where a worker's cache listens. `directory` is the supervisor's, for the engine's own user alone. */
export function peerPath(directory: string, worker: number): string {
  return join(directory, String(worker));
}
