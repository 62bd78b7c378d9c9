import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { shellQuote } from '../../src-main/transports/shell-quote.ts';
import type { Accounts } from './accounts.ts';
import { findProgram } from './need.ts';
import { onSuddenEnd } from './watchdog.ts';
import { freePort } from './free-port.ts';

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshdOptions {
  /** `AllowStreamLocalForwarding`. Default yes. */
  readonly allowStreamLocal?: boolean;
  readonly maxSessions?: number;
  readonly hostKeys?: readonly KeyKind[];
  /** False: no sftp subsystem. */
  readonly sftp?: boolean;
  /** The account that pushes is `user` then, and root may not log in. */
  readonly accounts?: Accounts | undefined;
  /** Makes a throw-away system user with a password (needs root); `close` removes it. */
  readonly user?: boolean;
  /** Lines of sshd_config before the rig's own, of which the first on a subject counts. */
  readonly first?: readonly string[];
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
}

/** A real OpenSSH server on loopback, in a directory of its own that `close` removes. */
export interface Sshd {
  readonly host: string;
  readonly port: number;
  /** The account of the one who runs the test, or of the one that pushes; logs in with `keyFile`. */
  readonly user: string;
  /** ed25519, without passphrase, authorized. */
  readonly keyFile: string;
  /** A known_hosts file that names the server's host keys, for tests that are not about them. */
  readonly knownHosts: string;
  /** The same for the same server behind another port of loopback, a relay's. */
  readonly knownHostsFor: (port: number) => string;
  readonly directory: string;
  /** Process id of the listening server. */
  readonly pid: () => number | undefined;
  /** The throw-away user, where asked for: logs in with `keyFile` or this password. */
  readonly guest: { readonly name: string; readonly password: string } | undefined;
  /** Makes a key pair in the directory and authorizes it; gives the path of the private key. */
  readonly authorize: (name: string, kind: KeyKind, more?: readonly string[]) => string;
  /** Public half of the host key, as known_hosts writes it: `ssh-ed25519 AAAA...`. */
  readonly hostKey: (kind: KeyKind) => string;
  /** New host keys on the same port; `knownHosts` keeps the old ones. Open connections are cut. */
  readonly changeHostKeys: (kinds?: readonly KeyKind[]) => Promise<void>;
  /** Ends the server and every connection; `start` brings it back on the same port. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** What sshd wrote since its last start. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
}

/** Starts sshd and waits until it greets. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-sshd-'));
  chmodSync(directory, 0o755); // the guest reads its authorized_keys here
  const user = options.accounts?.pusher ?? userInfo().username;
  const guest = options.user === true ? addUser(directory) : undefined;
  const port = await freePort();
  const keyFile = join(directory, 'client');
  makeKey(keyFile, 'ed25519');
  const authorizedKeys = join(directory, 'authorized_keys');
  writeFileSync(authorizedKeys, readFileSync(`${keyFile}.pub`), { mode: 0o644 });

  const hostKinds = options.hostKeys ?? ['ed25519', 'ecdsa', 'rsa'];
  makeHostKeys(directory, hostKinds);
  writeFileSync(join(directory, 'sshd_config'), configText(directory, port, hostKinds, options));
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, knownHostsText(directory, port, hostKinds));

  let running = await launch(directory, port);
  const watchdog = onSuddenEnd(
    `${guest === undefined ? '' : `userdel -f ${guest.name};`} rm -rf ${shellQuote(directory)}`,
  );
  async function stop(): Promise<void> {
    running.watchdog.disarm();
    await end(running.child);
  }
  async function start(): Promise<void> {
    running = await launch(directory, port);
  }
  return {
    host: '127.0.0.1',
    port,
    user,
    keyFile,
    knownHosts,
    knownHostsFor: (otherPort) => {
      const file = join(directory, `known_hosts_${otherPort}`);
      writeFileSync(file, knownHostsText(directory, otherPort, hostKinds));
      return file;
    },
    directory,
    pid: () => running.child.pid,
    guest,
    authorize: (name, kind, more = []) => {
      const path = join(directory, name);
      makeKey(path, kind, more);
      writeFileSync(authorizedKeys, readFileSync(`${path}.pub`), { flag: 'a' });
      return path;
    },
    hostKey: (kind) => hostKey(directory, kind),
    changeHostKeys: async (kinds = hostKinds) => {
      await stop();
      makeHostKeys(directory, kinds);
      writeFileSync(join(directory, 'sshd_config'), configText(directory, port, kinds, options));
      await start();
    },
    stop,
    start,
    log: () => running.log(),
    close: async () => {
      await stop();
      watchdog.disarm();
      if (guest !== undefined) removeUser(guest.name);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configText(directory: string, port: number, kinds: readonly KeyKind[], options: SshdOptions): string {
  return [
    ...(options.first ?? []),
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    'PidFile none',
    ...kinds.map((kind) => `HostKey ${join(directory, `host_${kind}`)}`),
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    `PermitRootLogin ${yesNo(options.accounts === undefined)}`,
    `PasswordAuthentication ${yesNo(options.user === true)}`,
    'KbdInteractiveAuthentication no',
    `AllowStreamLocalForwarding ${yesNo(options.allowStreamLocal !== false)}`,
    ...(options.maxSessions === undefined ? [] : [`MaxSessions ${options.maxSessions}`]),
    // Whole suites open connections faster than the default of 10 at a time allows.
    'MaxStartups 100',
    ...(options.sftp === false ? [] : ['Subsystem sftp internal-sftp']),
    ...(options.config ?? []),
    '',
  ].join('\n');
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function makeHostKeys(directory: string, kinds: readonly KeyKind[]): void {
  for (const kind of kinds) {
    const path = join(directory, `host_${kind}`);
    rmSync(path, { force: true });
    rmSync(`${path}.pub`, { force: true });
    makeKey(path, kind);
  }
}

function makeKey(path: string, kind: KeyKind, more: readonly string[] = []): void {
  const bits = kind === 'rsa' ? ['-b', '2048'] : [];
  const phrase = more.includes('-N') ? [] : ['-N', ''];
  execFileSync('ssh-keygen', ['-q', '-t', kind, ...bits, ...phrase, ...more, '-C', 'test', '-f', path]);
}

function knownHostsText(directory: string, port: number, kinds: readonly KeyKind[]): string {
  return kinds.map((kind) => `[127.0.0.1]:${port} ${hostKey(directory, kind)}\n`).join('');
}

function hostKey(directory: string, kind: KeyKind): string {
  return readFileSync(join(directory, `host_${kind}.pub`), 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ');
}

interface Running {
  readonly child: ChildProcess;
  readonly log: () => string;
  readonly watchdog: ReturnType<typeof onSuddenEnd>;
}

async function launch(directory: string, port: number): Promise<Running> {
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 }); // sshd refuses to start as root without it
  const child = spawn(findProgram('sshd') ?? 'sshd', ['-D', '-e', '-f', join(directory, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const watchdog = onSuddenEnd(`kill ${child.pid ?? 0}`);
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`sshd did not start within 10 s: ${text}`));
    }, 10_000);
    child.stderr.on('data', () => {
      if (!text.includes(`Server listening on 127.0.0.1 port ${port}`)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`sshd ended with code ${code ?? 'none'}: ${text}`));
    });
  });
  return { child, log: () => text, watchdog };
}

/** Connections live in processes of their own session, so they do not end with the server that forked them. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const connections = descendants(child.pid);
  child.kill('SIGTERM');
  for (const pid of connections) endProcess(pid);
  await gone;
}

function descendants(pid: number): readonly number[] {
  const children = readChildren(pid);
  return [...children, ...children.flatMap(descendants)];
}

function readChildren(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // it ended meanwhile
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // it ended meanwhile
  }
}

function addUser(directory: string): { name: string; password: string } {
  const name = `sy${randomBytes(5).toString('hex')}`;
  const password = randomBytes(12).toString('base64url');
  const home = join(directory, 'home');
  execFileSync(findProgram('useradd') ?? 'useradd', ['-m', '-d', home, '-s', '/bin/sh', name]);
  execFileSync(findProgram('chpasswd') ?? 'chpasswd', { input: `${name}:${password}\n` });
  return { name, password };
}

function removeUser(name: string): void {
  execFileSync(findProgram('userdel') ?? 'userdel', ['-f', name], { stdio: 'ignore' });
}
