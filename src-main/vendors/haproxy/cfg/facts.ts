import type { SourceFile } from '../../vendor.ts';
import { findAlgorithmLines, isStaticAlgorithm, readAlgorithm, statementSource } from './algorithm.ts';
import type { Surroundings } from './conditions.ts';
import { readDocument } from './document.ts';
import { configurationsAmong } from './model.ts';
import { namePools, textOf } from './servers.ts';
import { type Setting, type Settings, settleDocument, wordAfter } from './settings.ts';
import { readCount, readTimeMs } from './units.ts';

/** A `stats socket` of the global section (management guide 9.3). `address` is a path, or `host:port`, or as written. */
export interface StatsSocket {
  readonly address: string;
  readonly isPath: boolean;
  /** Absent = HAProxy's own `operator`. */
  readonly level: 'user' | 'operator' | 'admin' | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Octal digits, such as `660`. */
  readonly mode: string | undefined;
  /** The processes it speaks for where `nbproc` makes several (before 2.5), as written. */
  readonly process: string | undefined;
}

export interface PoolFacts {
  readonly name: string;
  /** A weight changed at run time takes no effect but 0 and 100 %. */
  readonly isStatic: boolean;
  /** `load-server-state-from-file`: whether a new process takes run-time states over, as written or inherited. */
  readonly loadsState: 'none' | 'global' | 'local';
  readonly serverStateFile: string | undefined;
}

export interface StickTable {
  /** The proxy that holds it, which is its name, or `PEERS/NAME` for one in a peers section. */
  readonly name: string;
  /** The peers section that it is shared through. A reload keeps it only where that section names the local peer. */
  readonly peers: string | undefined;
}

export interface GlobalFacts {
  readonly statsSockets: readonly StatsSocket[];
  readonly pidFile: string | undefined;
  readonly chroot: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly isMasterWorker: boolean;
  readonly isDaemon: boolean;
  /** Absent = 1. Only before 2.5. */
  readonly processes: number | undefined;
  readonly serverStateFile: string | undefined;
  readonly serverStateBase: string | undefined;
  /** After a reload an old process cuts its last connections when this has passed. */
  readonly hardStopAfterMs: number | undefined;
  readonly localPeer: string | undefined;
  readonly peers: readonly { readonly name: string; readonly members: readonly string[] }[];
  readonly stickTables: readonly StickTable[];
  /** Stick tables that a reload empties: without a peers section, or with one that is not there or names nobody. */
  readonly tablesLostByReload: readonly string[];
  readonly pools: readonly PoolFacts[];
}

/** What the files say of the process and of what a reload loses. Never throws. */
export function globalFacts(files: readonly SourceFile[], surroundings: Surroundings = {}): GlobalFacts {
  const document = readDocument(files.filter(configurationsAmong(files)), surroundings);
  const settled = settleDocument(document);
  const globals = settled.filter(({ section }) => section.keyword === 'global');
  function last(keyword: string): string | undefined {
    return findGlobal(globals, keyword)?.args[0];
  }
  const peers = settled.filter(({ section }) => section.keyword === 'peers').map(readPeers);
  const stickTables = settled.flatMap(readStickTables);
  const pools = namePools(document.sections);
  return {
    statsSockets: globals.flatMap((global) => global.own('stats socket').map(readSocket)),
    pidFile: last('pidfile'),
    chroot: last('chroot'),
    user: last('user'),
    group: last('group'),
    isMasterWorker: findGlobal(globals, 'master-worker')?.isNegated === false,
    isDaemon: findGlobal(globals, 'daemon')?.isNegated === false,
    processes: readCount(last('nbproc') ?? ''),
    serverStateFile: last('server-state-file'),
    serverStateBase: last('server-state-base'),
    hardStopAfterMs: readTimeMs(last('hard-stop-after') ?? ''),
    localPeer: last('localpeer'),
    peers,
    stickTables,
    tablesLostByReload: stickTables
      .filter((table) => !peers.some(({ name, members }) => name === table.peers && members.length > 0))
      .map((table) => table.name),
    pools: settled.flatMap((settings) => {
      const name = pools.get(settings.section);
      if (name === undefined) return [];
      return [readPoolFacts(settings, name, (statement) => statementSource(textOf(document, statement), statement))];
    }),
  };
}

function findGlobal(globals: readonly Settings[], keyword: string): Setting | undefined {
  return globals.flatMap((global) => global.own(keyword)).at(-1);
}

function readSocket({ args: [address = '', ...words] }: Setting): StatsSocket {
  const path = address.replace(/^unix@/, '');
  const level = wordAfter(words, 'level');
  return {
    address: path,
    isPath: path.startsWith('/') || address.startsWith('unix@'),
    level: level === 'user' || level === 'operator' || level === 'admin' ? level : undefined,
    user: wordAfter(words, 'user') ?? wordAfter(words, 'uid'),
    group: wordAfter(words, 'group') ?? wordAfter(words, 'gid'),
    mode: wordAfter(words, 'mode'),
    process: wordAfter(words, 'process'),
  };
}

function readPeers(settings: Settings): { name: string; members: readonly string[] } {
  const lines = [...settings.own('peer'), ...settings.own('server')];
  return {
    name: settings.section.name,
    members: lines.flatMap(({ args: [name] }) => (name === undefined ? [] : [name])),
  };
}

function readStickTables(settings: Settings): readonly StickTable[] {
  const { keyword, name } = settings.section;
  if (keyword === 'peers') {
    return settings.own('table').map(({ args: [table = ''] }) => ({ name: `${name}/${table}`, peers: name }));
  }
  if (!['frontend', 'backend', 'listen'].includes(keyword)) return [];
  return settings.own('stick-table').map(({ args }) => ({
    name,
    peers: wordAfter(args, 'peers'),
  }));
}

function readPoolFacts(settings: Settings, name: string, sourceOf: Parameters<typeof readAlgorithm>[1]): PoolFacts {
  const algorithm = readAlgorithm(findAlgorithmLines(settings, true), sourceOf);
  const state = settings.last('load-server-state-from-file', true)?.args[0];
  return {
    name,
    // Without a `balance` the default (round robin, since 3.3 random) heeds weights either way.
    isStatic: algorithm !== undefined && isStaticAlgorithm(algorithm),
    loadsState: state === 'global' || state === 'local' ? state : 'none',
    serverStateFile: settings.last('server-state-file-name', true)?.args[0],
  };
}
