import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session, type SFTPWrapper } from 'ssh2';
import { Cut, type ExecCall, FaultRefused, type Faults, type Login, type Watch } from './login.ts';
import { serveSftp } from './sftp.ts';
import { serveShell } from './terminal.ts';

export interface SshDevice {
  readonly host: string;
  readonly port: number;
  /** `SHA256:...` of the host key that was made at the start. */
  readonly fingerprint: string;
  /** The host key itself, as known_hosts has it: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
  readonly misbehave: (faults: Faults) => void;
  /** Every connection ends without a goodbye. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export interface SshDeviceOptions {
  /** Passwords by the names of accounts. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Default 0: any free port. */
  readonly port?: number;
}

const host = '127.0.0.1';

/** Makes what an account sees; each command it runs passes `watch`. */
export type OpenLogin = (account: string, watch: Watch) => Login;

/** Starts an SSH server on loopback before a simulated device. Throws where the port is taken. */
export async function openSshDevice(open: OpenLogin, { accounts, port = 0 }: SshDeviceOptions): Promise<SshDevice> {
  const key = makeHostKey();
  const server = new ssh2.Server({ hostKeys: [key.private] });
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let faults: Faults = {};

  function later(act: () => void): void {
    const { delayMs, isSilent } = faults;
    if (isSilent === true) return;
    if (delayMs === undefined) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, delayMs);
    timers.add(timer);
  }

  function watch<T>(command: string, act: () => T): T {
    if (faults.cutBefore?.test(command) === true) throw cutNow();
    if (faults.refuses?.pattern.test(command) === true) throw new FaultRefused(faults.refuses.words);
    const done = act();
    if (faults.cutAfter?.test(command) === true) throw cutNow();
    return done;
  }
  function cutNow(): Cut {
    cut();
    return new Cut('The connection was cut.');
  }

  server.on('connection', (connection: Connection) => {
    let account = '';
    connection.on('error', () => undefined); // clients may vanish
    connection.on('authentication', (context) => {
      account = context.username;
      authenticate(context, accounts);
    });
    connection.on('session', (accept) => {
      serveSession(accept(), () => open(account, watch), { later, faults: () => faults });
    });
  });
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.setNoDelay(true); // as sshd has it for terminals
    server.injectSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');

  function cut(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    for (const socket of sockets) socket.destroy();
  }
  return {
    host,
    port: address.port,
    fingerprint: key.fingerprint,
    hostKey: key.public,
    misbehave: (next) => {
      faults = next;
    },
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** ssh2 now and then makes an ed25519 key that its own parser refuses; such a one is made again. */
function makeHostKey(): { readonly private: string; readonly public: string; readonly fingerprint: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const parsed = ssh2.utils.parseKey(pair.private);
    if (parsed instanceof Error) continue;
    const own = parsed.getPublicSSH();
    const hash = createHash('sha256').update(own).digest('base64');
    return {
      private: pair.private,
      public: `ssh-ed25519 ${own.toString('base64')}`,
      fingerprint: `SHA256:${hash.replace(/=+$/, '')}`,
    };
  }
}

function authenticate(context: AuthContext, accounts: Readonly<Record<string, string>>): void {
  if (context.method !== 'password') {
    context.reject(['password']);
    return;
  }
  const known = Object.hasOwn(accounts, context.username) ? accounts[context.username] : undefined;
  if (known !== undefined && isSameSecret(known, context.password)) context.accept();
  else context.reject(['password']);
}

function isSameSecret(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

interface Manners {
  readonly later: (act: () => void) => void;
  readonly faults: () => Faults;
}

function serveSession(session: Session, open: () => Login, manners: Manners): void {
  let hasTerminal = false;
  let rows = 24;
  session.on('pty', (accept, _reject, info) => {
    hasTerminal = true;
    rows = info.rows > 0 ? info.rows : rows;
    accept();
  });
  session.on('window-change', (accept: (() => void) | undefined, _reject, info) => {
    rows = info.rows > 0 ? info.rows : rows;
    accept?.();
  });
  session.on('env', (accept: (() => void) | undefined) => {
    accept?.();
  });
  session.on('exec', (accept, _reject, { command }) => {
    serveCommand(accept(), command, open(), manners);
  });
  session.on('shell', (accept) => {
    serveShell(accept(), open().shell({ hasTerminal }), { hasTerminal, rows: () => rows, ...manners });
  });
  session.on('sftp', (accept, reject) => {
    const { files } = open();
    if (files === undefined) {
      reject();
      return;
    }
    const sftp = accept();
    serveSftp(sftp, files, '/root');
    session.on('end', () => {
      sayDone(sftp);
      sftp.end();
    });
  });
}

/** scp takes a subsystem that ends without a status for a failure, and ssh2 has no public way to send one. */
function sayDone(sftp: SFTPWrapper): void {
  // Its own fields, of 1.17: the types do not name them.
  const inner = sftp as unknown as {
    readonly _protocol?: { readonly exitStatus?: (channel: number, status: number) => void };
    readonly outgoing?: { readonly id: number };
  };
  if (inner.outgoing !== undefined) inner._protocol?.exitStatus?.(inner.outgoing.id, 0);
}

function serveCommand(channel: ServerChannel, command: string, login: Login, { later }: Manners): void {
  channel.on('error', () => undefined);
  const call: ExecCall = {
    command,
    ...readInput(channel),
    out: (text) => {
      later(() => channel.write(text));
    },
    error: (text) => {
      later(() => channel.stderr.write(text));
    },
  };
  login.exec(call).then(
    (status) => {
      later(() => {
        channel.exit(status);
        channel.end();
      });
    },
    (error: unknown) => {
      if (!(error instanceof Cut)) throw error;
    },
  );
}

/** Standard input as it comes; nothing is read before somebody asks. An iterator of the channel itself would close it at the end. */
function readInput(channel: ServerChannel): Pick<ExecCall, 'lines' | 'all' | 'bytes'> {
  async function* bytes(): AsyncGenerator<Buffer> {
    const waiting: (Buffer | undefined)[] = [];
    const state = { wake: (): void => undefined };
    function take(part: Buffer | undefined): void {
      waiting.push(part);
      state.wake();
    }
    channel.on('data', (part: Buffer) => {
      take(part);
    });
    for (const event of ['end', 'close']) {
      channel.on(event, () => {
        take(undefined);
      });
    }
    for (;;) {
      while (waiting.length > 0) {
        const part = waiting.shift();
        if (part === undefined) return;
        yield part;
      }
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
    }
  }
  async function* parts(): AsyncGenerator<string> {
    const decoder = new StringDecoder('utf8'); // a character may come in two parts
    for await (const part of bytes()) yield decoder.write(part);
  }
  async function* lines(): AsyncGenerator<string> {
    let rest = '';
    for await (const part of parts()) {
      const list = (rest + part).split('\n');
      rest = list.pop() ?? '';
      yield* list;
    }
    if (rest !== '') yield rest;
  }
  async function all(): Promise<string> {
    let text = '';
    for await (const part of parts()) text += part;
    return text;
  }
  return { lines, all, bytes };
}
