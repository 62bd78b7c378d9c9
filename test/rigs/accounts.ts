import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { HaproxyOptions } from './haproxy.ts';
import { findProgram } from './need.ts';
import { onSuddenEnd } from './watchdog.ts';

/** The two accounts that docs/haproxy-accounts.md describes, with throw-away names; `close` removes them. */
export interface Accounts {
  /** Reads the configuration and asks the reading socket. */
  readonly reader: string;
  /** Reads too, writes beside the configuration, and may use the sockets that change things. */
  readonly pusher: string;
  readonly readGroup: string;
  readonly pushGroup: string;
  /** How HAProxy's sockets are opened to them, as the rig of HAProxy takes it. */
  readonly words: Pick<HaproxyOptions, 'socketWords' | 'readSocketWords' | 'masterWords'>;
  /** Words before a program that has to run as the account that pushes, with its groups. */
  readonly asPusher: readonly string[];
  /** Gives files and directory the owner, group and mode of the recipe. */
  readonly own: (directory: string, files: readonly string[]) => void;
  readonly close: () => void;
}

/** Accounts take root; without it the one who runs the test is the account. */
export function canMakeAccounts(): boolean {
  return userInfo().uid === 0 && findProgram('useradd') !== undefined;
}

export function makeAccountsIfRoot(): Accounts | undefined {
  return canMakeAccounts() ? makeAccounts() : undefined;
}

export function makeAccounts(): Accounts {
  const home = mkdtempSync(join(tmpdir(), 'steelyard-home-'));
  chmodSync(home, 0o755);
  const id = randomBytes(4).toString('hex');
  const [readGroup, pushGroup, reader, pusher] = [`syr${id}`, `syp${id}`, `sya${id}`, `syb${id}`] as const;
  for (const group of [readGroup, pushGroup]) run('groupadd', group);
  addUser(reader, home, readGroup);
  addUser(pusher, home, `${readGroup},${pushGroup}`);
  const removal = [
    ...[reader, pusher].map((name) => ['userdel', '-f', name]),
    ...[readGroup, pushGroup].map((name) => ['groupdel', '-f', name]),
  ];
  const watchdog = onSuddenEnd(`${removal.map((words) => words.join(' ')).join('; ')}; rm -rf ${home}`);
  return {
    reader,
    pusher,
    readGroup,
    pushGroup,
    words: {
      socketWords: `mode 660 group ${pushGroup} level admin`,
      readSocketWords: `mode 660 group ${readGroup} level operator`,
      masterWords: `,mode,660,group,${pushGroup}`,
    },
    asPusher: [findProgram('setpriv') ?? 'setpriv', `--reuid=${pusher}`, `--regid=${pusher}`, '--init-groups'],
    own: (directory, files) => {
      chownSync(directory, 0, groupId(pushGroup));
      chmodSync(directory, 0o2775);
      for (const file of files) {
        chownSync(file, 0, groupId(readGroup));
        chmodSync(file, 0o640);
      }
    },
    close: () => {
      watchdog.disarm();
      for (const [program = '', ...words] of removal) run(program, ...words);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** No password fits `*`, and without PAM sshd takes an account for locked whose password field begins with `!`. */
function addUser(name: string, home: string, groups: string): void {
  run('useradd', '-m', '-d', join(home, name), '-s', '/bin/sh', '-p', '*', '-G', groups, name);
}

function groupId(name: string): number {
  return Number(
    execFileSync(findProgram('getent') ?? 'getent', ['group', name])
      .toString()
      .split(':')[2],
  );
}

function run(program: string, ...words: readonly string[]): void {
  execFileSync(findProgram(program) ?? program, words, { stdio: 'ignore' });
}
