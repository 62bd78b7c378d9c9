import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../haproxy-site.ts';

/** What a device holds, in its own words. */
export interface Held {
  readonly file: string;
  /** Name, wished admin state and weights of each server, from `show servers state`, and the pool's algorithm. */
  readonly running: readonly string[];
  /** Files that a push left beside the configuration. */
  readonly leftovers: readonly string[];
  /** Processes that run a plan's revert. */
  readonly timers: readonly string[];
}

export async function heldBy(site: Site): Promise<Held> {
  return {
    file: site.haproxy.readConfig(),
    running: [...serversIn(await site.haproxy.ask('show servers state app')), await algorithmOf(site)],
    leftovers: readdirSync(dirname(site.haproxy.configFile)).filter((name) => name.includes('steelyard-')),
    timers: timersOf(site),
  };
}

/** For the next walk: the old file, and a process that runs it. */
export async function putBack(site: Site, before: Held): Promise<void> {
  const now = await heldBy(site);
  for (const name of now.leftovers) rmSync(join(site.haproxy.directory, name));
  writeFileSync(site.haproxy.configFile, before.file);
  if (JSON.stringify(now.running) === JSON.stringify(before.running)) return;
  site.haproxy.reload();
  for (let turn = 0; turn < 300; turn += 1) {
    const held = await heldBy(site).catch(() => undefined); // between two processes nobody answers
    if (JSON.stringify(held?.running) === JSON.stringify(before.running)) return;
    await sleep(50);
  }
  throw new Error('the old file could not be brought into force again');
}

/** How the journal says that a push ended; null while it is open. */
export function outcomeOf(site: Site, pushId: string): string | null | undefined {
  const database = new DatabaseSync(join(site.dataDir, 'steelyard.db'), { readOnly: true });
  try {
    const row = database.prepare('SELECT outcome FROM push WHERE id = ?').get(pushId);
    const outcome = row?.['outcome'];
    return typeof outcome === 'string' ? outcome : row === undefined ? undefined : null;
  } finally {
    database.close();
  }
}

function serversIn(answer: string): string[] {
  const [, header = '', ...rows] = answer.trim().split('\n');
  const columns = header.replace(/^# /, '').split(' ');
  const wanted = ['be_name', 'srv_name', 'srv_admin_state', 'srv_uweight', 'srv_iweight'];
  return rows.map((row) => wanted.map((column) => row.split(' ')[columns.indexOf(column)]).join(' '));
}

async function algorithmOf(site: Site): Promise<string> {
  const rows = (await site.haproxy.ask('show stat')).split('\n').map((line) => line.split(','));
  const column = rows[0]?.indexOf('algo') ?? -1;
  return rows.find((row) => row[0] === 'app' && row[1] === 'BACKEND')?.[column] ?? '';
}

function timersOf(site: Site): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.some((word) => word.startsWith(site.haproxy.configFile) && word.endsWith('.hold'));
    } catch {
      return false; // it ended meanwhile
    }
  });
}
