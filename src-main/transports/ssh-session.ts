import type { ClientChannel } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import { ByteSink } from './byte-sink.ts';
import { defaultMaxBytes } from './call-limits.ts';
import { shellQuote } from './shell-quote.ts';
import { ChannelRefused, Channels } from './ssh-channels.ts';
import type { SshConnection } from './ssh-handshake.ts';
import type { SshOptions } from './ssh-options.ts';
import { readBySftp, SftpMissing, touchSftp } from './ssh-sftp.ts';
import { handshakeOver } from './ssh-tls.ts';
import { explainRefusedSocket } from './ssh-socket-refusal.ts';
import type { Settle } from './timed-call.ts';
import { terminalWire } from './terminal-wire.ts';
import type { CallOptions, ExecResult, HostSession, TerminalWire, TlsTarget } from './transport.ts';

/** How long a polite goodbye may take before the socket is torn down. */
const goodbyeMs = 1_000;

/** The calls of `HostSession` on a signed-in connection, which it owns from now on. */
export function openSession(connection: SshConnection, options: SshOptions): HostSession {
  const { client, socket, lifeline, where } = connection;
  const channels = new Channels(client, lifeline, options.maxChannels ?? 8, (reason) => {
    lifeline.end(reason);
    socket.destroy();
  });
  let hasSftp = true;
  let isQuick = false;

  async function exec(command: string, callOptions?: CallOptions & { readonly stdin?: Buffer }): Promise<ExecResult> {
    const what = `exec ${short(command)} on ${where}`;
    isQuick = true;
    try {
      return await channels.run<ClientChannel, ExecResult>({
        what,
        isSession: true,
        options: callOptions,
        open: (ssh, opened) => {
          ssh.exec(command, opened);
        },
        use: (channel, settle) => {
          runCommand(channel, what, callOptions, settle);
        },
        close: closeChannel,
      });
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
      const detail = `${what}: the server does not run commands for this account; nothing was run.`;
      throw new AppError('CAPABILITY_MISSING', detail, { cause: error, raw: error.message });
    }
  }

  async function readFile(path: string, callOptions: CallOptions = {}): Promise<Buffer> {
    const what = `reading ${path} on ${where}`;
    isQuick = true;
    const startedAt = performance.now();
    if (hasSftp) {
      try {
        return await readBySftp(channels, what, path, callOptions, callOptions.maxBytes ?? defaultMaxBytes);
      } catch (error) {
        if (!(error instanceof SftpMissing)) throw error;
        hasSftp = false;
      }
    }
    return readByCat(what, path, less(callOptions, startedAt));
  }

  async function readByCat(what: string, path: string, callOptions: CallOptions): Promise<Buffer> {
    const answer = await exec(`env LC_ALL=C cat -- ${shellQuote(path)}`, callOptions);
    if (answer.code === 0) return answer.stdout;
    const raw = answer.stderr.toString('utf8').slice(0, 1024);
    const code = /permission denied/i.test(raw) ? 'PERMISSION_DENIED' : 'NOT_FOUND';
    throw new AppError(code, `${what}: ${raw.trim()}`, { raw });
  }

  async function request(socketPath: string, text: string, callOptions: CallOptions = {}): Promise<Buffer> {
    const what = `${short(text)} to ${socketPath} on ${where}`;
    if (!socketPath.startsWith('/')) throw new AppError('INPUT_INVALID', `${what}: the path is not absolute.`);
    const startedAt = performance.now();
    quicken();
    try {
      return await channels.run<ClientChannel, Buffer>({
        what,
        isSession: false,
        options: callOptions,
        open: (ssh, opened) => {
          ssh.openssh_forwardOutStreamLocal(socketPath, opened);
        },
        use: (channel, settle) => {
          exchange(channel, what, text, callOptions, settle);
        },
        close: closeChannel,
      });
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
      throw await explainRefusedSocket(exec, what, socketPath, less(callOptions, startedAt), error);
    }
  }

  async function converse<T>(talk: (wire: TerminalWire) => Promise<T>, callOptions: CallOptions = {}): Promise<T> {
    const what = `a terminal on ${where}`;
    isQuick = true;
    try {
      return await channels.run<ClientChannel, T>({
        what,
        isSession: true,
        options: callOptions,
        open: (ssh, opened) => {
          ssh.shell({ term: 'vt100', cols: 511, rows: 511 }, opened);
        },
        use: (channel, settle) => {
          talk(terminalWire(channel, what, callOptions, settle)).then(settle.resolve, settle.reject);
        },
        close: closeChannel,
      });
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
      const detail = `${what}: the server opens none for this account.`;
      throw new AppError('CAPABILITY_MISSING', detail, { cause: error, raw: error.message });
    }
  }

  async function handshake(to: TlsTarget, callOptions: CallOptions = {}): Promise<Buffer> {
    const what = `a TLS handshake with ${to.host}:${to.port} from ${where}`;
    try {
      return await channels.run<ClientChannel, Buffer>({
        what,
        isSession: false,
        options: callOptions,
        open: (ssh, opened) => {
          ssh.forwardOut('127.0.0.1', 0, to.host, to.port, opened);
        },
        use: (channel, settle) => {
          handshakeOver(channel, what, to.serverName, settle);
        },
        close: closeChannel,
      });
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
      // Reason 1 of RFC 4254, 5.1: forbidden. All else: nobody listens there.
      const isForbidden = (error.cause as { reason?: unknown } | undefined)?.reason === 1;
      if (!isForbidden) throw new AppError('NOT_FOUND', `${what}: nobody listens there.`, { cause: error });
      throw new AppError('CAPABILITY_MISSING', `${what}: sshd forbids forwarding (AllowTcpForwarding no).`, {
        cause: error,
        raw: error.message,
      });
    }
  }

  /**
   * sshd (tried with 9.2) sets TCP_NODELAY only when a first session starts; until then every answer over a forwarded socket waits
   * 40 ms for our delayed acknowledgement (measured: 44 ms without, 1.3 ms with). So the first request starts one beside it.
   */
  function quicken(): void {
    if (isQuick) return;
    isQuick = true;
    // A server without SFTP stays slow until its first command: nothing is worth an error here.
    touchSftp(channels, `starting SFTP on ${where}`, 5_000).catch(() => undefined);
  }

  function close(): void {
    lifeline.end(new AppError('SESSION_CLOSED', 'the connection was closed by Steelyard.'));
    client.end();
    if (socket.destroyed) return;
    const timer = setTimeout(() => {
      socket.destroy();
    }, goodbyeMs);
    timer.unref();
    socket.once('close', () => {
      clearTimeout(timer);
    });
  }

  return { exec, readFile, request, handshake, converse, isOpen: () => lifeline.reason === undefined, close };
}

/** The same limits, less the time that has gone. */
function less(options: CallOptions, startedAt: number): CallOptions {
  if (options.timeoutMs === undefined) return options;
  return { ...options, timeoutMs: Math.max(1, options.timeoutMs - (performance.now() - startedAt)) };
}

function runCommand(
  channel: ClientChannel,
  what: string,
  options: (CallOptions & { readonly stdin?: Buffer }) | undefined,
  settle: Settle<ExecResult>,
): void {
  const maxBytes = options?.maxBytes ?? defaultMaxBytes;
  const stdout = new ByteSink(what, maxBytes);
  const stderr = new ByteSink(what, maxBytes);
  let exit: { readonly code: number | null; readonly signal: string | null } = { code: null, signal: null };
  let open = 2;
  channel.on('data', (chunk: Buffer) => {
    const error = stdout.push(chunk);
    if (error !== undefined) settle.reject(error);
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    const error = stderr.push(chunk);
    if (error !== undefined) settle.reject(error);
  });
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = { code, signal: signal ?? null };
  });
  // The channel's close says nothing of what stderr still holds.
  channel.on('close', finish);
  channel.stderr.on('close', finish);
  channel.on('error', (cause: Error) => {
    settle.reject(new AppError('SESSION_CLOSED', `${what}: the channel broke.`, { cause, raw: cause.message }));
  });
  if (options?.stdin === undefined) channel.end();
  else channel.end(options.stdin);

  function finish(): void {
    open -= 1;
    if (open === 0) settle.resolve({ ...exit, stdout: stdout.bytes(), stderr: stderr.bytes() });
  }
}

function exchange(
  channel: ClientChannel,
  what: string,
  text: string,
  options: CallOptions,
  settle: Settle<Buffer>,
): void {
  const answer = new ByteSink(what, options.maxBytes ?? defaultMaxBytes);
  channel.on('data', (chunk: Buffer) => {
    const error = answer.push(chunk);
    if (error !== undefined) settle.reject(error);
  });
  channel.on('end', () => {
    settle.resolve(answer.bytes());
  });
  channel.on('error', (cause: Error) => {
    settle.reject(new AppError('SESSION_CLOSED', `${what}: the channel broke.`, { cause, raw: cause.message }));
  });
  channel.end(text);
}

/** What still comes is let go: ssh2 gets to the close only once all before it was read. */
function closeChannel(channel: ClientChannel): void {
  channel.resume();
  channel.stderr.resume();
  channel.close();
}

/** A command or request as errors name it: one line, cut. */
function short(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return JSON.stringify(line.length > 120 ? `${line.slice(0, 117)}...` : line);
}
