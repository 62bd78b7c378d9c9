import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { performance } from 'node:perf_hooks';
import type { TestStep } from '../contract/api.ts';
import { AppError, toProblem } from '../contract/errors.ts';
import { hostAndPort } from './known-hosts.ts';
import { type SshConnection, SshHandshake } from './ssh-handshake.ts';
import { defaultSshTimeouts, type SshOptions, type SshTimeouts } from './ssh-options.ts';
import { openSession } from './ssh-session.ts';
import { timedCall } from './timed-call.ts';
import type { HostSession } from './transport.ts';

type StepId = 'name' | 'tcp' | 'host-key' | 'authentication';
const titles: Readonly<Record<StepId, string>> = {
  name: 'Name',
  tcp: 'TCP connection',
  'host-key': 'Host key',
  authentication: 'Sign in',
};

/**
 * Opens an SSH connection. Throws UNREACHABLE, TIMED_OUT, SESSION_CLOSED, HOST_KEY_UNKNOWN (`unknownHostKey` tells which),
 * HOST_KEY_CHANGED, AUTH_FAILED, CAPABILITY_MISSING (no algorithm in common), CANCELLED.
 */
export function openSsh(options: SshOptions): Promise<HostSession> {
  return connectInSteps(options, () => undefined);
}

/**
 * Opens an SSH connection and reports each step as it starts and ends: name, tcp, host-key, authentication. A host key seen for
 * the first time ends the step as `question`. Throws what `openSsh` throws, after the report of the step that failed.
 */
export async function connectInSteps(options: SshOptions, report: (step: TestStep) => void): Promise<HostSession> {
  return openSession(await openConnection(options, report), options);
}

/** Both ways to a host, its own TCP connection or a jump host's channel, lead through the same steps. */
async function openConnection(options: SshOptions, report: (step: TestStep) => void): Promise<SshConnection> {
  const timeouts = { ...defaultSshTimeouts, ...options.timeouts };
  const { via } = options;
  const addresses = await runStep('name', report, () =>
    via === undefined
      ? resolveName(options, timeouts)
      : Promise.resolve({ value: [options.host], detail: `${options.host} is resolved by the jump host` }),
  );
  const socket = await runStep<Duplex>('tcp', report, () =>
    via === undefined
      ? connectTcp(addresses.value, options, timeouts)
      : connectThrough({ ...via, acceptHostKey: options.acceptHostKey, signal: options.signal }, options, timeouts),
  );
  const handshake = new SshHandshake(socket.value, options);
  try {
    await runStep('host-key', report, () => handshake.exchangeKeys(timeouts.hostKeyMs));
    await runStep('authentication', report, () => handshake.authenticate(timeouts.authenticationMs));
  } catch (error) {
    handshake.destroy();
    throw error;
  }
  return handshake.connection();
}

/**
 * A channel of a jump host to the host's port (RFC 4254, 7.2, direct-tcpip). The connection to the jump host lives as long as the
 * channel. Whatever fails on the jump host itself says so in its first words.
 */
async function connectThrough(
  via: SshOptions,
  options: SshOptions,
  timeouts: SshTimeouts,
): Promise<StepResult<Duplex>> {
  const name = `Jump host ${via.user}@${hostAndPort(via)}`;
  const jump = await openConnection(via, () => undefined).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code === 'CANCELLED') throw error;
    const { code, detail, cause, raw } = error;
    throw new AppError(code, `${name}: ${detail}`, { cause, ...(raw === undefined ? {} : { raw }) });
  });
  function leave(): void {
    jump.client.end();
    jump.socket.destroy();
  }
  const target = hostAndPort(options);
  const limits = {
    what: `${name}, on to ${target}`,
    timeoutMs: timeouts.tcpMs,
    signal: options.signal,
    lifeline: jump.lifeline,
  };
  try {
    const channel = await timedCall<Duplex>(limits, ({ resolve, reject }) => {
      jump.client.forwardOut('127.0.0.1', 0, options.host, options.port, (error, opened) => {
        if (error === undefined) resolve(opened);
        else reject(refusedForward(name, target, error));
      });
      return () => undefined;
    });
    channel.once('close', leave);
    jump.lifeline.onEnd(() => channel.destroy());
    return { value: channel, detail: `connected to ${target} through ${via.user}@${hostAndPort(via)}` };
  } catch (error) {
    leave();
    throw error;
  }
}

/** RFC 4254, 5.1: reason 1 = administratively prohibited; 2 = connect failed, which is then the target's failure. */
function refusedForward(name: string, target: string, error: Error & { reason?: unknown }): AppError {
  const raw = error.message;
  if (error.reason === 1 || error.reason === 'ADMINISTRATIVELY_PROHIBITED' || /prohibited/i.test(raw)) {
    const detail = `${name} does not let this account open connections to ${target}: sshd there needs "AllowTcpForwarding yes".`;
    return new AppError('PERMISSION_DENIED', detail, { cause: error, raw });
  }
  return new AppError('UNREACHABLE', `${target} cannot be reached from the jump host (${raw}).`, { cause: error, raw });
}

interface StepResult<T> {
  readonly value: T;
  readonly detail: string;
}

async function runStep<T>(
  id: StepId,
  report: (step: TestStep) => void,
  run: () => Promise<StepResult<T>>,
): Promise<StepResult<T>> {
  const startedAt = performance.now();
  const step = { id, title: titles[id] };
  report({ ...step, state: 'running' });
  try {
    const result = await run();
    report({ ...step, state: 'done', durationMs: sinceMs(startedAt), detail: result.detail });
    return result;
  } catch (error) {
    const problem = toProblem(error);
    const state = problem.code === 'HOST_KEY_UNKNOWN' ? 'question' : 'failed';
    report({ ...step, state, durationMs: sinceMs(startedAt), detail: problem.detail, problem });
    throw error;
  }
}

function sinceMs(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}

async function resolveName(options: SshOptions, timeouts: SshTimeouts): Promise<StepResult<readonly string[]>> {
  const { host, signal } = options;
  if (isIP(host) !== 0) return { value: [host], detail: `${host} is an address` };
  const what = `The name "${host}"`;
  const found = await timedCall<readonly string[]>(
    { what, timeoutMs: timeouts.nameMs, signal },
    ({ resolve, reject }) => {
      lookup(host, { all: true }).then(
        (answers) => {
          resolve(answers.map((answer) => answer.address));
        },
        (cause: unknown) => {
          reject(
            new AppError('UNREACHABLE', `${what} could not be resolved (${codeOf(cause)}).`, {
              cause,
              raw: messageOf(cause),
            }),
          );
        },
      );
      return () => undefined;
    },
  );
  return { value: found, detail: found.join(', ') };
}

/** Each address in turn; all but the last get their share of the time, so that one dead address does not eat it all. */
async function connectTcp(
  addresses: readonly string[],
  options: SshOptions,
  timeouts: SshTimeouts,
): Promise<StepResult<Socket>> {
  const failures: AppError[] = [];
  for (const address of addresses) {
    const name = hostAndPort({ host: address, port: options.port });
    try {
      const socket = await connectAddress(address, options, timeouts.tcpMs / addresses.length);
      return { value: socket, detail: `connected to ${address} port ${options.port}` };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'CANCELLED') throw error;
      failures.push(error);
      if (failures.length < addresses.length) continue;
      if (failures.length === 1) throw error;
      const detail = `None of the addresses of ${options.host} answered, ${name} last: ${failures.map((each) => each.detail).join(' ')}`;
      throw new AppError(error.code, detail, { cause: error, raw: failures.map((each) => each.raw ?? '').join('\n') });
    }
  }
  throw new AppError('UNREACHABLE', `The name "${options.host}" has no address.`);
}

function connectAddress(address: string, options: SshOptions, timeoutMs: number): Promise<Socket> {
  const what = `TCP to ${address} port ${options.port}`;
  return timedCall<Socket>({ what, timeoutMs, signal: options.signal }, ({ resolve, reject }) => {
    const socket = connect({ host: address, port: options.port, noDelay: true });
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
      resolve(socket);
    });
    // Stays: a socket without a listener for errors would bring the console down.
    socket.on('error', (cause) => {
      const detail = `${what}: ${explain(codeOf(cause))}`;
      reject(new AppError('UNREACHABLE', detail, { cause, raw: messageOf(cause) }));
    });
    return () => {
      if (!isConnected) socket.destroy();
    };
  });
}

function explain(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused).';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route leads there (${code}).`;
    default:
      return `it failed (${code}).`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
