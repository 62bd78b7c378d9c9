import { performance } from 'node:perf_hooks';
import type { DeviceAddress } from '../contract/address.ts';
import type { Credentials, TestStep } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { HostLink } from '../transports/host-link.ts';
import { openHttp } from '../transports/http.ts';
import { connectInSteps, openSsh } from '../transports/ssh-connect.ts';
import type { Session } from '../transports/transport.ts';
import type { TestRequest } from './tester.ts';
import { sshOptions, type SshSurroundings } from './ssh.ts';

/** A session that comes back after it was lost. Credentials are asked for at each try: they may have been mended meanwhile. */
export function keptSession(
  address: DeviceAddress,
  credentials: () => Promise<Credentials>,
  surroundings: SshSurroundings,
): Session {
  if (address.transport === 'ssh') {
    const link = new HostLink({
      open: async (signal) => openSsh({ ...sshOptions(address, await credentials(), surroundings), signal }),
      now: () => performance.now(),
      chance: Math.random,
    });
    return { kind: 'host', host: link };
  }
  return { kind: 'http', http: openHttp(httpTarget(address)) };
}

/** A session for a connection test, each step told as it ends. */
export async function testedSession(
  address: DeviceAddress,
  request: TestRequest,
  surroundings: SshSurroundings,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): Promise<Session> {
  if (address.transport !== 'ssh') return { kind: 'http', http: openHttp(httpTarget(address)) };
  const options = sshOptions(address, request.credentials ?? {}, surroundings);
  const host = await connectInSteps({ ...options, acceptHostKey: request.acceptHostKey, signal }, report);
  return { kind: 'host', host };
}

function httpTarget(address: DeviceAddress): Parameters<typeof openHttp>[0] {
  if (address.transport === 'unix') return { socketPath: address.path };
  if (!['localhost', '127.0.0.1', '::1'].includes(address.host)) {
    throw new AppError('INPUT_INVALID', `"${address.host}" is another machine: clear-text HTTP is for loopback alone.`);
  }
  return { host: address.host, port: address.port };
}
