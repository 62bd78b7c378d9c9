import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';

/** What a simulated device answers on its command line; all else (SSH, accounts, faults) is the same for every vendor. */
export interface SimulatedCli {
  /** Answers one line, with its line ends as `\n`. */
  readonly run: (line: string) => { readonly text: string; readonly isRefused: boolean };
  /** Said at the beginning of each session, shell or command. */
  readonly greeting: () => string;
  readonly prompt: string;
  /** Words that end a shell. */
  readonly farewells: readonly string[];
}

/** How the device misbehaves from now on. */
export interface Faults {
  /** Each answer comes this much later. */
  readonly delayMs?: number;
  /** No command is answered. What it does, it does. */
  readonly isSilent?: boolean;
}

export interface SshDevice {
  readonly host: string;
  readonly port: number;
  /** `SHA256:...` of the host key that was made at the start. */
  readonly fingerprint: string;
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

/** Starts an SSH server on loopback before a simulated command line. Throws where the port is taken. */
export async function openSshDevice(cli: SimulatedCli, { accounts, port = 0 }: SshDeviceOptions): Promise<SshDevice> {
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

  server.on('connection', (connection: Connection) => {
    connection.on('error', () => undefined); // clients may vanish
    connection.on('authentication', (context) => {
      authenticate(context, accounts);
    });
    connection.on('session', (accept) => {
      serveSession(accept(), cli, later);
    });
  });
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
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
function makeHostKey(): { readonly private: string; readonly fingerprint: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const parsed = ssh2.utils.parseKey(pair.private);
    if (parsed instanceof Error) continue;
    const hash = createHash('sha256').update(parsed.getPublicSSH()).digest('base64');
    return { private: pair.private, fingerprint: `SHA256:${hash.replace(/=+$/, '')}` };
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

type Later = (act: () => void) => void;

function serveSession(session: Session, cli: SimulatedCli, later: Later): void {
  let hasTerminal = false;
  session.on('pty', (accept) => {
    hasTerminal = true;
    accept();
  });
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    channel.on('error', () => undefined);
    const text = command.split('\n').map((line) => cli.run(line).text);
    later(() => {
      channel.write(`${cli.greeting()}${text.join('')}`);
      channel.exit(0); // the appliance tells what it refuses in words alone
      channel.end();
    });
  });
  session.on('shell', (accept) => {
    serveShell(accept(), cli, hasTerminal, later);
  });
}

/** Lines as a person types them: echoed where there is a terminal, with backspace. */
function serveShell(channel: ServerChannel, cli: SimulatedCli, hasTerminal: boolean, later: Later): void {
  let typed = '';
  let last = '';
  channel.on('error', () => undefined);
  function write(text: string): void {
    channel.write(hasTerminal ? text.replaceAll('\n', '\r\n') : text);
  }
  function end(): void {
    channel.exit(0);
    channel.end();
  }
  function enter(): void {
    const line = typed.trim();
    typed = '';
    if (cli.farewells.includes(line)) {
      later(end);
      return;
    }
    const { text } = cli.run(line);
    later(() => {
      write(`${text}${cli.prompt}`);
    });
  }
  function take(char: string): void {
    const isLineEnd = char === '\r' || (char === '\n' && last !== '\r');
    last = char;
    if (char === '\u0004') later(end);
    else if (char === '\u007f' || char === '\b') {
      if (hasTerminal && typed !== '') channel.write('\b \b');
      typed = typed.slice(0, -1);
    } else if (isLineEnd) {
      if (hasTerminal) channel.write('\r\n');
      enter();
    } else if (char !== '\n') {
      typed += char;
      if (hasTerminal) channel.write(char);
    }
  }
  channel.on('data', (bytes: Buffer) => {
    for (const char of bytes.toString()) take(char);
  });
  channel.on('end', () => {
    later(end);
  });
  write(`${cli.greeting()}${cli.prompt}`);
}
