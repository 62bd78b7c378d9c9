import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { getServers } from 'node:dns';
import { connect, isIPv6 } from 'node:net';
import { AppError } from '../../contract/errors.ts';
import { parseServerAddress } from '../config/listen-address.ts';
import { readAnswer, writeQuery, type DnsAnswer, type DnsRecord, type RecordType } from './dns-records.ts';

/** A name server, and how long it may take. */
export interface NameServers {
  /** One after another until one answers. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly timeoutMs: number;
}

/** Those of the system. */
export function systemServers(): NameServers['servers'] {
  return getServers().flatMap((text) => parseServerAddress(text) ?? []);
}

/** The name exists and has no such record, or does not exist: an answer as well. */
export interface Resolved {
  readonly records: readonly DnsRecord[];
}

/** Asks for records of a name. Throws UNREACHABLE or TIMED_OUT where no server gives an answer, CANCELLED by `signal`. */
export async function resolve(
  { servers, timeoutMs }: NameServers,
  name: string,
  type: RecordType,
  signal: AbortSignal,
): Promise<Resolved> {
  let problem = 'there is no name server';
  for (const server of servers) {
    try {
      const answer = await ask(server, name, type, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      // 3 = the name does not exist.
      if (answer.code === 0 || answer.code === 3) return { records: answer.records };
      problem = `${server.host}:${server.port} answers with code ${answer.code}`;
    } catch (error) {
      if (signal.aborted) throw new AppError('CANCELLED', `The question for ${name} was given up.`);
      const isLate = error instanceof Error && error.name === 'TimeoutError';
      const why = isLate ? `does not answer within ${timeoutMs} ms` : error instanceof Error ? error.message : 'failed';
      problem = `${server.host}:${server.port}: ${why}`;
    }
  }
  throw new AppError('UNREACHABLE', `The ${type} records of "${name}" cannot be had: ${problem}.`);
}

async function ask(
  server: NameServers['servers'][number],
  name: string,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const query = writeQuery(randomInt(65_536), name, type);
  const answer = await askUdp(server, query, type, signal);
  return answer.isTruncated ? askTcp(server, query, type, signal) : answer;
}

/** A socket of its own per question, so that its port is hard to guess as well as its id. What does not fit is not listened to. */
function askUdp(
  { host, port }: NameServers['servers'][number],
  query: Buffer,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  return new Promise((resolvePromise, reject) => {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
    function finish(work: () => void): void {
      signal.removeEventListener('abort', abort);
      socket.close();
      work();
    }
    function abort(): void {
      finish(() => {
        reject(signal.reason as Error); // AbortSignal.timeout's and AbortController's reasons are errors
      });
    }
    signal.addEventListener('abort', abort);
    socket.on('error', (error) => {
      finish(() => {
        reject(error);
      });
    });
    socket.on('message', (bytes) => {
      const answer = readAnswer(bytes, query, type);
      if (answer === undefined) return;
      finish(() => {
        resolvePromise(answer);
      });
    });
    socket.connect(port, host, () => {
      socket.send(query);
    });
  });
}

/** As RFC 7766: the same question, each message behind its length. */
function askTcp(
  { host, port }: NameServers['servers'][number],
  query: Buffer,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  return new Promise((resolvePromise, reject) => {
    let got = Buffer.alloc(0);
    const socket = connect({ host, port, signal });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    socket.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      const answer = readAnswer(got.subarray(2, 2 + got.readUInt16BE(0)), query, type);
      socket.destroy();
      if (answer === undefined) reject(new Error('an answer over TCP that does not fit the question'));
      else resolvePromise(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('the connection was closed without an answer'));
    });
  });
}
