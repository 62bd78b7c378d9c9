import type { VendorId } from '../../contract/address.ts';
import type { AlgorithmName, AdminState, Health } from '../../contract/model.ts';

/**
 * How a balancer's MIB is read: one such object per vendor, in `data/`. Everything that differs between vendors stands in it; the
 * reader (`rows.ts`, `sample.ts`, `model.ts`) knows none of them.
 */
export interface Mib {
  readonly id: VendorId;
  readonly label: string;
  readonly product: string;
  /** MIB modules and their sections that the numbers were taken from. */
  readonly source: string;
  /** False: no recording with balancing rows exists, so that only the MIB vouches for it. */
  readonly isSeen: boolean;
  readonly device?: {
    readonly version?: string;
    readonly serial?: string;
    readonly failover?: { readonly oid: string; readonly words: Readonly<Record<number, string>> };
  };
  /** Figures of the box: a gauge, or a share in per cent of one scalar in another. */
  readonly system?: Readonly<Record<string, string | { readonly used: string; readonly total: string }>>;
  readonly virtualServers?: ObjectMap;
  /** Others beside them, in tables of their own numbering (relayd's redirections). */
  readonly moreVirtualServers?: ObjectMap;
  readonly pools?: ObjectMap;
  readonly members?: ObjectMap;
  /** Others beside them (NetScaler: services that are in no group). */
  readonly moreMembers?: ObjectMap;
  /** Of members whose MIB knows no pools: they are all of one (the links of a link balancer). */
  readonly poolName?: string;
  readonly nodes?: ObjectMap;
  /** Devices whose members hang on virtual servers have one pool each: its rows are those of the virtual servers. */
  readonly hasPoolPerVirtualServer?: boolean;
}

/** Columns that become one kind of object. */
export interface ObjectMap {
  /** Joined by their row index. */
  readonly tables: readonly {
    readonly entry: string;
    readonly columns: Readonly<Partial<Record<ColumnKey, number>>>;
  }[];
  /**
   * Tables with an index of their own that say more of the same objects: a row is found by its name, which is the object's `node` or, where
   * it has none, its name. What an object's own row says wins.
   */
  readonly details?: readonly ObjectMap[];
  /** Rows whose column `kind` says something else are other objects. */
  readonly kinds?: readonly string[];
  /** How an index is taken apart: the first way that uses it up. Parts are found under their names, as columns are. */
  readonly index: readonly (readonly IndexPart[])[];
  /** The object's name, as `{pool}/{node}:{port}`; the first whose parts are all there. */
  readonly names: readonly string[];
  readonly health?: Readonly<Record<string, Health>>;
  readonly adminState?: Readonly<Record<string, AdminState>>;
  readonly protocols?: Readonly<Record<string, string>>;
  readonly algorithms?: Readonly<Record<string, AlgorithmName>>;
  /** Of members: their pool is the row of `pools` with this index: so many first parts of the own index, or a column. */
  readonly poolRow?: { readonly parts: number } | 'poolRow';
}

/** `string` has its length before it, `rest` has not (IMPLIED), `octets` has it (InetAddress), `ipv4` is four numbers. */
export type IndexPart = readonly [ColumnKey, 'string' | 'rest' | 'integer' | 'octets' | 'ipv4' | 'type-and-address'];

export const columnKeys = [
  'name',
  'address',
  'port',
  'endpoint',
  'protocol',
  'pool',
  'poolRow',
  'node',
  'algorithm',
  'weight',
  'priority',
  'maxConnections',
  'health',
  /** 0 to 100: how much of it is up. 0 is down, whatever `health` says. */
  'healthPercent',
  'adminState',
  'monitorState',
  'reason',
  'currentConnections',
  'totalConnections',
  'queuedRequests',
  'requests',
  'bytesIn',
  'bytesOut',
  'average',
  'kind',
] as const;
export type ColumnKey = (typeof columnKeys)[number];
