import { createSocket, type Socket } from 'node:dgram';
import { hostname } from 'node:os';
import { AccessControlModelType, createAgent, createMib, MaxAccess, MibProviderType, ObjectType } from 'net-snmp';
import { parseListenAddress } from '../config/listen-address.ts';
import type { EngineSettings } from '../config/settings.ts';
import { refusal } from '../supervisor/listeners.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { packageUser } from './users.ts';
import { scalarsOf, tablesOf, type Column, type Scalar, type Table } from './tree.ts';

/** What is answered is at most this old. */
const refreshEveryMs = 1000;
/** An answer must fit into a datagram. */
const maxRepetitions = 200;

/** The part of the package's untyped objects that is used here. */
interface Mib {
  readonly registerProvider: (provider: Readonly<Record<string, unknown>>) => void;
  readonly setScalarValue: (name: string, value: unknown) => void;
  readonly addTableRow: (table: string, row: readonly unknown[]) => void;
}

interface Agent {
  readonly getAuthorizer: () => {
    readonly addCommunity: (community: string) => void;
    readonly addUser: (user: ReturnType<typeof packageUser>) => void;
  };
  readonly setMib: (mib: Mib) => void;
  getBulkRequest: (socket: unknown, message: { readonly pdu: { maxRepetitions: number } }, from: unknown) => void;
}

export interface SnmpAgent {
  /** `host:port`, the port chosen; empty where it does not listen. */
  readonly listen: string;
  readonly close: () => void;
}

/** Answers SNMP v1 and v2c for one community, v3 for users, reading only. Throws ADDRESS_IN_USE, PERMISSION_DENIED. */
export async function openSnmpAgent(settings: EngineSettings['snmp'], supervisor: Supervisor): Promise<SnmpAgent> {
  const address = settings === undefined ? undefined : parseListenAddress(settings.listen);
  if (settings === undefined || address?.kind !== 'tcp') return { listen: '', close: () => undefined };
  const socket = createSocket(address.family === 6 ? 'udp6' : 'udp4');
  await bind(socket, address.port, address.host, settings.listen);
  const options = {
    // The package binds where it likes: it gets a socket that is bound.
    dgramModule: { createSocket: () => Object.assign(socket, { bind: () => socket }) },
    accessControlModelType: AccessControlModelType.Simple,
  };
  const agent = createAgent(options, () => undefined) as Agent; // the package's own types say `any`
  if (settings.community !== '') agent.getAuthorizer().addCommunity(settings.community);
  for (const user of settings.users) agent.getAuthorizer().addUser(packageUser(user));
  const answerBulk = agent.getBulkRequest.bind(agent);
  agent.getBulkRequest = (from, message, remote) => {
    message.pdu.maxRepetitions = Math.min(message.pdu.maxRepetitions, maxRepetitions);
    answerBulk(from, message, remote);
  };
  const { prefix } = settings;
  async function refresh(): Promise<void> {
    const stats = await supervisor.statistics();
    agent.setMib(mibOf(scalarsOf(stats, prefix, hostname()), tablesOf(stats), prefix));
  }
  await refresh();
  const timer = setInterval(() => void refresh().catch(() => undefined), refreshEveryMs).unref(); // the next one counts
  return {
    listen: `${address.family === 6 ? `[${address.host}]` : address.host}:${socket.address().port}`,
    close: () => {
      clearInterval(timer);
      socket.close();
    },
  };
}

function bind(socket: Socket, port: number, host: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      reject(refusal(name, error.code ?? error.message));
    });
    socket.bind(port, host, () => {
      resolve();
    });
  });
}

/** A whole tree: it takes the place of the last at once, so that rows come and go together. */
function mibOf(scalars: readonly Scalar[], tables: readonly Table[], prefix: string): Mib {
  const mib = createMib() as Mib; // the package's own types say `any`
  const maxAccess = MaxAccess['read-only'];
  for (const { name, oid, type, value } of scalars) {
    mib.registerProvider({ name, type: MibProviderType.Scalar, oid, scalarType: type, maxAccess });
    mib.setScalarValue(name, value);
  }
  for (const { name, number, rows } of tables) {
    const [first] = rows;
    if (first === undefined) continue;
    const indexes = first.index.map((_, place) => ({
      number: place + 1,
      name: `${name}Index${place}`,
      type: ObjectType.Integer,
      maxAccess: MaxAccess['not-accessible'],
    }));
    const others = first.columns.map((column: Column, place) => ({
      number: indexes.length + place + 1,
      name: `${name}Column${place}`,
      type: column.type,
      maxAccess,
    }));
    mib.registerProvider({
      name,
      type: MibProviderType.Table,
      oid: `${prefix}.1.${number}.1`,
      maxAccess: MaxAccess['not-accessible'],
      tableColumns: [...indexes, ...others],
      tableIndex: indexes.map((index) => ({ columnName: index.name })),
    });
    for (const row of rows) mib.addTableRow(name, [...row.index, ...row.columns.map((column) => column.value)]);
  }
  return mib;
}
