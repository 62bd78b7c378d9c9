import { createSocket } from 'node:dgram';
import { integer, tlv } from './ber.ts';
import { type AgentReply, type AgentRow, answerRequest, readRequest, sortRows, writeReply } from './snmp-agent.ts';

const ltm = '1.3.6.1.4.1.3375.2.2';

function name(text: string): string {
  return [text.length, ...Buffer.from(text)].join('.');
}

/** The rows of a BIG-IP with so many members in pools of ten: what its polls ask for, indexes as a real one has them. */
export function bigIpRows(members: number): readonly AgentRow[] {
  const found: AgentRow[] = [
    { oid: '1.3.6.1.2.1.1.1.0', value: tlv(4, Buffer.from('BIG-IP')) },
    { oid: '1.3.6.1.2.1.1.3.0', value: integer(360_000, 67) },
    { oid: '1.3.6.1.2.1.1.5.0', value: tlv(4, Buffer.from('orchard')) },
  ];
  for (let at = 0; at < members; at += 1) {
    const index = `${name(`/Common/pool-${Math.floor(at / 10)}`)}.${name(`/Common/node-${at}`)}.80`;
    found.push(
      { oid: `${ltm}.5.3.2.1.3.${index}`, value: tlv(4, Buffer.from([10, 0, at >> 8, at & 255])) },
      { oid: `${ltm}.5.3.2.1.4.${index}`, value: integer(80) },
      { oid: `${ltm}.5.3.2.1.6.${index}`, value: integer(1) },
      { oid: `${ltm}.5.6.2.1.5.${index}`, value: integer(1) },
      { oid: `${ltm}.5.6.2.1.6.${index}`, value: integer(1) },
      ...[6, 8, 10, 11, 19].map((column) => ({
        oid: `${ltm}.5.4.3.1.${column}.${index}`,
        value: integer(BigInt(at) * 1_000_003n, 70),
      })),
    );
  }
  return found;
}

/** Entries below which a poll's moving columns of such a box lie, and how many there are. */
export const movingEntries = [`${ltm}.5.3.2.1.6`, `${ltm}.5.4.3.1`, `${ltm}.5.6.2.1`];
export const movingColumns = 8;

export interface Fleet {
  readonly ports: readonly number[];
  readonly answered: () => number;
  readonly stop: () => void;
}

/** What one agent of a fleet does with its true answer: sends it now (`[0]`), late, other bytes, or nothing. */
export type Mischief = (place: number, answer: Buffer) => readonly (number | Buffer)[];

/** Many agents with the same rows in one process, each on a port of its own: answers are made once and then sent again. */
export async function startFleet(
  count: number,
  rows: readonly AgentRow[],
  mischief: Mischief = () => [0],
  maxBytes = 20_000,
): Promise<Fleet> {
  const table = sortRows(rows);
  const made = new Map<string, AgentReply>();
  const timers = new Set<NodeJS.Timeout>();
  let answered = 0;
  const sockets = Array.from({ length: count }, () => createSocket({ type: 'udp4', recvBufferSize: 1 << 18 }));
  for (const [place, socket] of sockets.entries()) {
    socket.on('message', (bytes, from) => {
      const request = readRequest(bytes);
      if (request?.community !== 'orchard') return;
      const key = `${request.pdu} ${request.numbers.join()} ${request.oids.join()}`;
      const reply = made.get(key) ?? answerRequest(table, request, maxBytes);
      made.set(key, reply);
      const answer = writeReply(request, { ...reply, id: request.id });
      answered += 1;
      for (const one of mischief(place, answer)) {
        const bytesOut = Buffer.isBuffer(one) ? one : answer;
        function send(): void {
          socket.send(bytesOut, from.port, from.address, () => undefined);
        }
        if (typeof one === 'number' && one > 0) timers.add(setTimeout(send, one));
        else send();
      }
    });
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
  }
  return {
    ports: sockets.map((socket) => socket.address().port),
    answered: () => answered,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.close();
    },
  };
}
