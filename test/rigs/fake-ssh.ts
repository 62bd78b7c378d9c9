import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import type { SshOptions } from '../../src-main/transports/ssh-options.ts';

/** What an SSH server of ours does where a real sshd would behave. All parts are optional; without any it lets everyone in. */
export interface FakeSshBehaviour {
  readonly onAuthentication?: (context: AuthContext) => void;
  readonly onSession?: (session: Session) => void;
  /** Shorthand for a session that runs commands. */
  readonly onExec?: (command: string, channel: ServerChannel) => void;
  readonly onConnection?: (connection: Connection) => void;
  /** The server's end of each TCP connection, before a byte was read. */
  readonly onSocket?: (socket: Socket) => void;
}

export interface Fake {
  readonly port: number;
  /** Options that open a session to it: key known, password `right`. */
  readonly options: (more?: Partial<SshOptions>) => SshOptions;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** An SSH server in this process, made of ssh2's server, for all that a real sshd cannot be brought to do. */
export async function startFakeSsh(behaviour: FakeSshBehaviour = {}): Promise<Fake> {
  const { private: hostKey, public: publicKey } = makeKeyPair();
  const server = new ssh2.Server({ hostKeys: [hostKey] });
  server.on('connection', (connection) => {
    connection.on('error', () => undefined); // clients here vanish without goodbye
    connection.on('authentication', (context) => {
      if (behaviour.onAuthentication === undefined) context.accept();
      else behaviour.onAuthentication(context);
    });
    connection.on('session', (accept) => {
      const session = accept();
      behaviour.onSession?.(session);
      const { onExec } = behaviour;
      if (onExec === undefined) return;
      session.on('exec', (acceptExec, _reject, info) => {
        const channel = acceptExec();
        channel.on('error', () => undefined);
        onExec(info.command, channel);
      });
    });
    behaviour.onConnection?.(connection);
  });
  return listen((socket) => {
    behaviour.onSocket?.(socket);
    server.injectSocket(socket);
  }, publicKey);
}

/** A TCP server that is no SSH server, or not for long. */
export function startRawServer(onSocket: (socket: Socket) => void): Promise<Fake> {
  return listen(onSocket, 'ssh-ed25519 AAAA');
}

async function listen(onSocket: (socket: Socket) => void, publicKey: string): Promise<Fake> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-fake-ssh-'));
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${publicKey}\n`);
  return {
    port,
    options: (more = {}) => ({
      host: '127.0.0.1',
      port,
      user: 'operator',
      credentials: { password: 'right' },
      knownHosts: { own: knownHosts, others: [] },
      ...more,
    }),
    connections: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** ssh2 now and then makes an ed25519 key that its own parser refuses; such a one is made again. */
export function makeKeyPair(sealed?: {
  readonly passphrase: string;
  readonly cipher: string;
  readonly rounds: number;
}): {
  readonly private: string;
  readonly public: string;
} {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', sealed);
    if (!(ssh2.utils.parseKey(pair.private, sealed?.passphrase) instanceof Error)) return pair;
  }
}
