import type { SourceFile } from '../vendor.ts';
import type { Surroundings } from './cfg/conditions.ts';
import { readDocument } from './cfg/document.ts';
import { type GlobalFacts, globalFacts, type StatsSocket } from './cfg/facts.ts';

/** What the files say of the process itself, as far as reading and changing it needs. */
export interface ProcessConfig {
  /** Paths of Unix sockets that take commands, those of level `admin` first. */
  readonly sockets: readonly string[];
  /** The one of them that hands the listening sockets over to another process (`expose-fd listeners`). */
  readonly listenersFrom: string | undefined;
  readonly facts: GlobalFacts;
}

export function readProcessConfig(files: readonly SourceFile[], surroundings: Surroundings): ProcessConfig {
  const facts = globalFacts(files, surroundings);
  const sockets = facts.statsSockets
    .filter((socket) => socket.address.startsWith('/'))
    .toSorted((a, b) => rank(b) - rank(a));
  return {
    sockets: sockets.map((socket) => socket.address),
    listenersFrom: exposedSockets(files, surroundings).find((path) =>
      sockets.some((socket) => socket.address === path),
    ),
    facts,
  };
}

function rank({ level }: StatsSocket): number {
  return ['user', 'operator', 'admin'].indexOf(level ?? 'operator');
}

function exposedSockets(files: readonly SourceFile[], surroundings: Surroundings): readonly string[] {
  const globals = readDocument(files, surroundings).sections.filter((section) => section.keyword === 'global');
  return globals.flatMap((section) =>
    section.statements.flatMap(({ words }) => {
      const [keyword, what, address = '', ...rest] = words.map((word) => word.value);
      return keyword === 'stats' && what === 'socket' && rest.includes('expose-fd')
        ? [address.replace(/^unix@/, '')]
        : [];
    }),
  );
}
