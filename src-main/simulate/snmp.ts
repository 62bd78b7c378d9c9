import { createSocket, type Socket } from 'node:dgram';
import { AccessControlModelType, createAgent, createMib, MaxAccess, MibProviderType, ObjectType } from 'net-snmp';

/** One value of the agent. */
export interface MibValue {
  readonly type: number;
  readonly value: number | string | Buffer;
}
export interface MibScalar {
  /** Without the `.0` of its one instance. */
  readonly oid: string;
  readonly value: MibValue;
}
export interface MibTable {
  /** Of the entry: the columns' numbers stand behind it. */
  readonly oid: string;
  /** The columns that make the index, in its order; a text is counted in it. */
  readonly index: readonly number[];
  /** Columns that are in the index alone. */
  readonly hidden?: readonly number[];
  /** By column; every row has the same. */
  readonly rows: readonly Readonly<Record<number, MibValue>>[];
}
export interface MibView {
  readonly scalars: readonly MibScalar[];
  readonly tables: readonly MibTable[];
}

export interface SnmpDevice {
  readonly port: number;
  readonly close: () => void;
}

export function integer(value: number): MibValue {
  return { type: ObjectType.Integer, value };
}
export function gauge(value: number): MibValue {
  return { type: ObjectType.Gauge, value };
}
export function text(value: string): MibValue {
  return { type: ObjectType.OctetString, value };
}
export function bytes(value: Buffer): MibValue {
  return { type: ObjectType.OctetString, value };
}
/** Counter64: the package takes eight bytes. */
export function counter(value: number): MibValue {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64BE(BigInt(Math.floor(value)));
  return { type: ObjectType.Counter64, value: eight };
}
/** IpAddress: IPv4 alone. */
export function address(value: string): MibValue {
  return { type: ObjectType.IpAddress, value: /^[\d.]+$/.test(value) ? value : '0.0.0.0' };
}
export function ticks(value: number): MibValue {
  return { type: ObjectType.TimeTicks, value };
}
export function objectId(value: string): MibValue {
  return { type: ObjectType.OID, value };
}

/** The part of the package's untyped objects that is used here. */
interface Mib {
  readonly registerProvider: (provider: Readonly<Record<string, unknown>>) => void;
  readonly setScalarValue: (name: string, value: unknown) => void;
  readonly addTableRow: (table: string, row: readonly unknown[]) => void;
}
interface Agent {
  readonly getAuthorizer: () => { readonly addCommunity: (community: string) => void };
  readonly setMib: (mib: Mib) => void;
  getBulkRequest: (socket: unknown, message: { readonly pdu: { maxRepetitions: number } }, from: unknown) => void;
}

/** What is answered is at most this old: one walk sees one state, mostly. */
const refreshEveryMs = 200;
/** An answer must fit into a datagram. */
const maxRepetitions = 100;

/** An SNMP v1 and v2c agent on loopback before a simulated device, reading only. Throws where the port is taken. */
export async function openSnmp(
  view: () => MibView,
  options: { readonly community: string; readonly port?: number },
): Promise<SnmpDevice> {
  const socket = createSocket('udp4');
  await bind(socket, options.port ?? 0);
  let readAt = 0;
  socket.on('message', () => {
    if (Date.now() - readAt < refreshEveryMs) return;
    agent.setMib(mibOf(view()));
    readAt = Date.now();
  });
  const agent = createAgent(
    {
      // The package binds where it likes: it gets a socket that is bound.
      dgramModule: { createSocket: () => Object.assign(socket, { bind: () => socket }) },
      accessControlModelType: AccessControlModelType.Simple,
    },
    () => undefined,
  ) as Agent; // the package's own types say `any`
  agent.getAuthorizer().addCommunity(options.community);
  const answerBulk = agent.getBulkRequest.bind(agent);
  agent.getBulkRequest = (from, message, remote) => {
    message.pdu.maxRepetitions = Math.min(message.pdu.maxRepetitions, maxRepetitions);
    answerBulk(from, message, remote);
  };
  return {
    port: socket.address().port,
    close: () => {
      socket.close();
    },
  };
}

function bind(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => {
      resolve();
    });
  });
}

/** A whole tree: it takes the place of the last at once, so that rows come and go together. */
function mibOf({ scalars, tables }: MibView): Mib {
  const mib = createMib() as Mib; // the package's own types say `any`
  for (const { oid, value } of scalars) {
    const maxAccess = MaxAccess['read-only'];
    mib.registerProvider({ name: oid, type: MibProviderType.Scalar, oid, scalarType: value.type, maxAccess });
    mib.setScalarValue(oid, value.value);
  }
  for (const table of tables) addTable(mib, table);
  return mib;
}

function addTable(mib: Mib, { oid, index, hidden = [], rows }: MibTable): void {
  const [first] = rows;
  if (first === undefined) return;
  const numbers = Object.keys(first).map(Number);
  mib.registerProvider({
    name: oid,
    type: MibProviderType.Table,
    oid,
    maxAccess: MaxAccess['not-accessible'],
    tableColumns: numbers.map((number) => ({
      number,
      name: `${oid}.${number}`,
      type: first[number]?.type ?? ObjectType.Integer,
      maxAccess: MaxAccess[hidden.includes(number) ? 'not-accessible' : 'read-only'],
    })),
    tableIndex: index.map((number) => ({ columnName: `${oid}.${number}` })),
  });
  for (const row of rows)
    mib.addTableRow(
      oid,
      numbers.map((number) => row[number]?.value),
    );
}
