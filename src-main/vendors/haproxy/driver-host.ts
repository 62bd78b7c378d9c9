import { AppError } from '../../contract/errors.ts';
import { sudoAsking } from '../../contract/sudo.ts';
import type { CallOptions, ExecResult, HostSession } from '../../transports/transport.ts';
import { quote } from './driver-shell.ts';

/** The host that HAProxy runs on, as this account reaches it: with sudo in front where the address asks for it. */
export interface Host {
  readonly hasSudo: boolean;
  /** The command line as it is sent (and shown): in a root shell where sudo is in use. */
  readonly asSent: (script: string) => string;
  /** A non-zero exit is a result. */
  readonly run: (script: string, options?: CallOptions) => Promise<ExecResult>;
  /** Standard output; throws COMMAND_REJECTED with the host's own words on a non-zero exit. */
  readonly output: (script: string, options?: CallOptions) => Promise<Buffer>;
  readonly readFile: (path: string, options?: CallOptions) => Promise<Buffer>;
  /** Sends one line to HAProxy's socket. Throws CAPABILITY_MISSING, with the remedy, where the account has no right to it. */
  readonly ask: (socketPath: string, line: string, options?: CallOptions) => Promise<string>;
  /** False where the account cannot open the socket over the connection, so that it takes a command on the host. */
  readonly mayConnect: (socketPath: string, options?: CallOptions) => Promise<boolean>;
}

/** `sudo`: the option of the address, `1` (without a password) or `password` (whoever opened the session answers it). */
export function openHost(session: HostSession, sudo: string | undefined): Host {
  const hasSudo = sudo === '1' || sudo === 'password';

  function asSent(script: string): string {
    if (sudo === 'password') return `${sudoAsking} sh -c ${quote(`exec < /dev/null\n${script}`)}`;
    return hasSudo ? `sudo -n sh -c ${quote(script)}` : script;
  }
  async function run(script: string, options?: CallOptions): Promise<ExecResult> {
    const result = await session.exec(asSent(script), options);
    refuseSudo(result);
    return result;
  }
  /** sudo itself says no before it runs anything ("sudo: a password is required"). */
  function refuseSudo(result: ExecResult): void {
    const words = result.stderr.toString().trim();
    if (!hasSudo || result.code !== 1 || !words.startsWith('sudo: ')) return;
    const remedy =
      'let sudoers give this account NOPASSWD, or store its password and let the address say sudo=password';
    throw new AppError('CAPABILITY_MISSING', `The account may not use sudo without a password: ${remedy}.`, {
      raw: words,
    });
  }
  async function output(script: string, options?: CallOptions): Promise<Buffer> {
    const result = await run(script, options);
    if (result.code === 0) return result.stdout;
    const words = result.stderr.toString().trim() || result.stdout.toString().trim();
    const end =
      result.code === null ? `was ended by ${result.signal ?? 'a signal'}` : `ended with status ${result.code}`;
    throw new AppError('COMMAND_REJECTED', `"${firstWords(script)}" ${end} on the host.`, { raw: words });
  }
  async function readFile(path: string, options?: CallOptions): Promise<Buffer> {
    try {
      return await session.readFile(path, options);
    } catch (error) {
      if (!hasSudo || !isDenied(error)) throw error;
      return await output(`cat -- ${quote(path)}`, options);
    }
  }
  /** Sockets that this account cannot open over the connection itself. */
  const closed = new Set<string>();
  async function ask(socketPath: string, line: string, options?: CallOptions): Promise<string> {
    if (closed.has(socketPath)) return (await output(socatCommand(socketPath, line), options)).toString();
    try {
      return (await session.request(socketPath, `${line}\n`, options)).toString();
    } catch (error) {
      await refuseClosed(socketPath, error, options);
      closed.add(socketPath);
      return (await output(socatCommand(socketPath, line), options)).toString();
    }
  }
  /** Another way in is socat on the host: as root where the right is missing, as it is where sshd forbids forwarding. */
  async function refuseClosed(socketPath: string, error: unknown, options?: CallOptions): Promise<void> {
    const isForbidden = error instanceof AppError && error.code === 'CAPABILITY_MISSING';
    if (!isForbidden && !isDenied(error)) throw error;
    const hasWay = (hasSudo || isForbidden) && (await run('command -v socat', options)).code === 0;
    if (hasWay) return;
    if (isForbidden) throw error;
    const remedy = hasSudo
      ? 'install socat on the host, through which sudo could use it'
      : 'give it the right (stats socket ... group G mode 660, and the account in G), or let the address say sudo=1';
    const who = await ownershipOf(self, socketPath, options);
    throw new AppError('CAPABILITY_MISSING', `The account may not use the socket ${socketPath}${who}: ${remedy}.`, {
      cause: error,
    });
  }
  async function mayConnect(socketPath: string, options?: CallOptions): Promise<boolean> {
    await ask(socketPath, 'show version', options);
    return !closed.has(socketPath);
  }
  const self: Host = { hasSudo, asSent, run, output, readFile, ask, mayConnect };
  return self;
}

/** Who may use a path and who we are, in words, so that the missing right can be given exactly; empty where the host does not say. */
export async function ownershipOf(host: Host, path: string, options?: CallOptions): Promise<string> {
  const script = `stat -L -c '%U:%G, mode %a' -- ${quote(path)} && id -un && id -nG`;
  const [owner, account, groups] = (await host.run(script, options)).stdout.toString().split('\n');
  if (owner === undefined || account === undefined || groups === undefined) return '';
  return ` (it belongs to ${owner}; ${account} is in ${groups.split(' ').join(', ')})`;
}

/** What a person can paste for the same effect as writing to the socket; needs socat on the host. */
export function socatCommand(socketPath: string, line: string): string {
  const format = `'${line
    .replaceAll('%', '%%')
    .replaceAll('\\', String.raw`\\`)
    .replaceAll("'", String.raw`'\''`)}\\n'`;
  return `printf ${format} | socat -t 15 - ${quote(`UNIX-CONNECT:${socketPath}`)}`;
}

export function isDenied(error: unknown): boolean {
  return error instanceof AppError && error.code === 'PERMISSION_DENIED';
}

function firstWords(script: string): string {
  const [line = ''] = script.trim().split('\n');
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}
