import { appendFileSync, chmodSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../haproxy-site.ts';
import type { Walker } from './walker.ts';

/** Something that goes wrong on the device, on the way to it, or in the console, as a step of a push begins. */
export interface Fault {
  /** Takes effect before this returns: the step is written down then and nothing of it is sent. */
  readonly strike: (walker: Walker) => void;
  /** Takes away what is wrong, as a person would who reads what the window says. */
  readonly mend: (walker: Walker) => void | Promise<void>;
  /** What the window has to say of it; an empty saying where it may have come too late to be felt is ` `. */
  readonly says: RegExp;
  /** A person may have to say "revert" once more when it is mended. */
  readonly mayStick?: boolean;
  /** The push goes back without anybody's asking. */
  readonly endsByItself?: boolean;
  /** The device of the inventory that is pushed to; default `lb`. */
  readonly device?: string;
  /** A plan whose reload takes one port more, which another program may take before. */
  readonly needsPort?: boolean;
  /** The console is a process of its own: it is killed, or its clock is set by this many seconds. */
  readonly console?: 'killed' | { readonly jump: string };
}

export const anotherHand = '# another hand\n';

export const faults = {
  'the disk of the device full': {
    strike: ({ site }) => site.haproxy.disk?.fill(),
    mend: ({ site }) => site.haproxy.disk?.free(),
    says: /No space left|I\/O error|disk is full|^ $/,
  },
  'the right to write lost': {
    strike: ({ site }) => {
      chmodSync(site.haproxy.directory, 0o755);
    },
    mend: ({ site }) => {
      chmodSync(site.haproxy.directory, 0o2775);
    },
    says: /Permission denied|^ $/,
    mayStick: true,
  },
  'the right to sudo lost': {
    strike: ({ sudoersFile }) => {
      rmSync(sudoersFile);
    },
    mend: (walker) => {
      walker.allowSudo();
    },
    says: /sudo|^ $/,
    mayStick: true,
    device: 'lb-sudo',
  },
  "another hand's change": {
    strike: ({ site }) => {
      appendFileSync(site.haproxy.configFile, anotherHand);
    },
    mend: () => undefined,
    says: /FAILED|has changed since|another hand/,
  },
  'the disk of the console full': {
    strike: ({ site }) => {
      emptyLog(site);
      site.dataDisk?.fill();
    },
    mend: ({ site }) => site.dataDisk?.free(),
    says: /the disk is full/,
  },
  'the link cut': {
    strike: ({ site }) => {
      site.relay.refuse(true);
      site.relay.cut();
      setTimeout(() => {
        site.relay.refuse(false);
      }, 300);
    },
    // A link that is cut again and again waits longer each time: the next walk begins with another one.
    mend: (walker) => walker.reopen(),
    says: /connection|link|reset|closed|reach|^ $/i,
  },
  'the console killed': {
    strike: () => undefined,
    mend: () => undefined,
    says: /The console stopped before this change was kept/,
    endsByItself: true,
    console: 'killed',
  },
  'the reload fails': {
    strike: (walker) => {
      const taker = createServer().listen(walker.port, '127.0.0.1');
      taker.on('error', () => undefined); // HAProxy has it already
      walker.taker = taker;
    },
    mend: ({ taker }) =>
      new Promise((resolve) => {
        if (taker === undefined) resolve();
        else
          taker.close(() => {
            resolve();
          });
      }),
    says: /could not start on the file.* the old one still works|^ $/,
    needsPort: true,
  },
  'every member fails its checks': {
    strike: ({ site }) => {
      for (const name of site.backends.names) void site.backends.setFault(name, 'refuse');
    },
    mend: async ({ site }) => {
      for (const name of site.backends.names) await site.backends.setFault(name, 'none');
      await untilServing(site);
    },
    says: /No member of pool "app" passes its checks .*b1.*b2.*before it 2 served/,
    endsByItself: true,
  },
  'the clock set forwards': {
    strike: () => undefined,
    mend: () => undefined,
    says: /^ $/,
    console: { jump: '+7200' },
  },
  'the clock set back': {
    strike: () => undefined,
    mend: () => undefined,
    says: /^ $/,
    console: { jump: '-7200' },
  },
} as const satisfies Readonly<Record<string, Fault>>;
export type FaultName = keyof typeof faults;

/** Fulfilled when HAProxy's own checks say that all members are up. */
export async function untilServing(site: Site): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    const rows = (await site.haproxy.ask('show stat').catch(() => '')).split('\n').map((line) => line.split(','));
    const column = rows[0]?.indexOf('status') ?? -1;
    const states = rows.filter((row) => row[0] === 'app' && row[1] !== 'BACKEND').map((row) => row[column]);
    if (states.length > 0 && states.every((state) => state === 'UP' || state === 'no check')) return;
    await sleep(50);
  }
  throw new Error('the members did not come up again');
}

/** SQLite writes over what its log holds already, which takes no space: without a log the next entry needs some. */
function emptyLog(site: Site): void {
  const path = join(site.dataDir, 'steelyard.db');
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    for (let turn = 0; turn < 200 && statSync(`${path}-wal`).size > 0; turn += 1) {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }
  } finally {
    database.close();
  }
}
