import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { integer, oidBody, readInteger, readOid, readTlvs, tlv } from './ber.ts';

/** One value of an agent: OID as text, and the value whole, tag and length included. */
export interface AgentRow {
  readonly oid: string;
  readonly value: Buffer;
}
export interface AgentRequest {
  readonly version: number;
  readonly community: string;
  /** 0xa0 get, 0xa1 get-next, 0xa5 get-bulk. */
  readonly pdu: number;
  readonly id: number;
  /** non-repeaters and max-repetitions of a bulk request. */
  readonly numbers: readonly [number, number];
  readonly oids: readonly string[];
}
export interface AgentReply {
  readonly id: number;
  readonly errorStatus: number;
  readonly errorIndex: number;
  readonly rows: readonly AgentRow[];
}

export interface AgentOptions {
  readonly rows: readonly AgentRow[];
  readonly community?: string;
  /** Most bytes of an answer; a longer bulk answer is cut to fit, another is `tooBig`. */
  readonly maxBytes?: number;
  /** What is sent instead of the true reply: nothing, another one, several, or raw bytes. */
  readonly twist?: (request: AgentRequest, reply: AgentReply, count: number) => readonly (AgentReply | Buffer)[];
}
export interface SnmpAgent {
  readonly port: number;
  readonly requests: () => readonly AgentRequest[];
  /** Takes the place of all values. */
  readonly load: (rows: readonly AgentRow[]) => void;
  readonly stop: () => Promise<void>;
}

const endOfView = tlv(0x82);
const noSuchObject = tlv(0x80);

/** An SNMP v1 and v2c agent on loopback over a list of values: true to RFC 1905, unless it is told how to lie. */
export async function startSnmpAgent(options: AgentOptions): Promise<SnmpAgent> {
  const { community = 'orchard', maxBytes = 60_000, twist } = options;
  let rows = sortRows(options.rows);
  const requests: AgentRequest[] = [];
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('message', (bytes, from) => {
    const request = readRequest(bytes);
    if (request?.community !== community) return; // silence is how an agent says no
    requests.push(request);
    const reply = answerRequest(rows, request, maxBytes);
    for (const one of twist?.(request, reply, requests.length) ?? [reply]) {
      send(socket, Buffer.isBuffer(one) ? one : writeReply(request, one), from);
    }
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    port: socket.address().port,
    requests: () => requests,
    load: (next) => {
      rows = sortRows(next);
    },
    stop: () =>
      new Promise((resolve) => {
        socket.close(() => {
          resolve();
        });
      }),
  };
}

function send(socket: Socket, bytes: Buffer, to: RemoteInfo): void {
  socket.send(bytes, to.port, to.address);
}

export interface Sorted {
  readonly rows: readonly (AgentRow & { readonly numbers: readonly number[] })[];
  readonly at: ReadonlyMap<string, number>;
}

export function sortRows(rows: readonly AgentRow[]): Sorted {
  const list = rows.map((row) => ({ ...row, numbers: row.oid.split('.').map(Number) }));
  list.sort((one, other) => compare(one.numbers, other.numbers));
  return { rows: list, at: new Map(list.map(({ oid }, place) => [oid, place])) };
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [at, number] of one.entries()) {
    const against = other[at];
    if (against === undefined) return 1;
    if (number !== against) return number - against;
  }
  return one.length - other.length;
}

/** Where the first row behind an OID stands. */
function behind({ rows, at }: Sorted, oid: string): number {
  const place = at.get(oid);
  if (place !== undefined) return place + 1;
  const numbers = oid.split('.').map(Number);
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(rows[middle]?.numbers ?? [], numbers) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function answer(table: Sorted, { pdu, id, numbers, oids, version }: AgentRequest): AgentReply {
  const told = { id, errorStatus: 0, errorIndex: 0 };
  function rowAt(place: number, asked: string): AgentRow {
    return table.rows[place] ?? { oid: asked, value: endOfView };
  }
  if (pdu === 0xa5) {
    const [, repetitions] = numbers;
    const places = oids.map((oid) => behind(table, oid));
    const rows: AgentRow[] = [];
    for (let row = 0; row < repetitions; row++) {
      for (const [at, place] of places.entries()) {
        const last = table.rows.at(-1)?.oid ?? '';
        rows.push(rowAt(place + row, row === 0 && place >= table.rows.length ? (oids[at] ?? '') : last));
      }
    }
    return { ...told, rows };
  }
  const rows = oids.map((oid) => {
    if (pdu === 0xa1) return rowAt(behind(table, oid), oid);
    const place = table.at.get(oid);
    return place === undefined ? { oid, value: noSuchObject } : rowAt(place, oid);
  });
  const missing = rows.findIndex(({ value }) => (value[0] ?? 0) >= 0x80);
  if (version === 0 && missing >= 0) {
    return { id, errorStatus: 2, errorIndex: missing + 1, rows: oids.map((oid) => ({ oid, value: tlv(5) })) };
  }
  return { ...told, rows };
}

/** The true answer, cut where it would be longer. */
export function answerRequest(table: Sorted, request: AgentRequest, maxBytes: number): AgentReply {
  return cut(answer(table, request), request, maxBytes);
}

function cut(reply: AgentReply, { pdu, oids }: AgentRequest, maxBytes: number): AgentReply {
  let bytes = 60;
  for (const [at, { oid, value }] of reply.rows.entries()) {
    bytes += oid.length + value.length + 8;
    if (bytes <= maxBytes) continue;
    const whole = at - (at % oids.length);
    if (pdu === 0xa5 && whole > 0) return { ...reply, rows: reply.rows.slice(0, whole) };
    return { ...reply, errorStatus: 1, rows: [] };
  }
  return reply;
}

export function readRequest(bytes: Buffer): AgentRequest | undefined {
  const [message] = readTlvs(bytes);
  const [version, community, pdu] = readTlvs(message?.body ?? Buffer.alloc(0));
  const [id, one, two, list] = readTlvs(pdu?.body ?? Buffer.alloc(0));
  if (version === undefined || community === undefined || pdu === undefined || list === undefined) return undefined;
  return {
    version: readInteger(version.body),
    community: community.body.toString(),
    pdu: pdu.tag,
    id: readInteger(id?.body ?? Buffer.alloc(0)),
    numbers: [readInteger(one?.body ?? Buffer.alloc(0)), readInteger(two?.body ?? Buffer.alloc(0))],
    oids: readTlvs(list.body).map(({ body }) => readOid(readTlvs(body)[0]?.body ?? Buffer.alloc(0))),
  };
}

export function writeReply(request: AgentRequest, { id, errorStatus, errorIndex, rows }: AgentReply): Buffer {
  const list = rows.map(({ oid, value }) => tlv(0x30, tlv(6, oidBody(oid)), value));
  const pdu = tlv(0xa2, integer(id), integer(errorStatus), integer(errorIndex), tlv(0x30, ...list));
  return tlv(0x30, integer(request.version), tlv(4, Buffer.from(request.community)), pdu);
}
