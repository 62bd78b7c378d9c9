import { performance } from 'node:perf_hooks';
import type { DeviceAddress } from '../contract/address.ts';
import type { Credentials, TestStep } from '../contract/api.ts';
import { HostLink } from '../transports/host-link.ts';
import { type HttpTarget, openHttp } from '../transports/http.ts';
import { connectInSteps, openSsh } from '../transports/ssh-connect.ts';
import { connectSnmpInSteps } from '../transports/snmp-connect.ts';
import { answeringSudo } from '../transports/sudo-session.ts';
import { terminalSession } from '../transports/terminal.ts';
import type { HostSession, HttpSession, Session } from '../transports/transport.ts';
import { drivers } from '../vendors/registry.ts';
import { keptSnmp, snmpOptions } from './snmp.ts';
import type { TestRequest } from './tester.ts';
import { sshOptions, type SshSurroundings } from './ssh.ts';

export interface KeptSession {
  readonly session: Session;
  /** Forgets failures that no trying again by itself can cure, as something may have been mended. */
  readonly retryNow: () => void;
}

/** A session that comes back after it was lost. Credentials are asked for at each try: they may have been mended meanwhile. */
export function keptSession(
  address: DeviceAddress,
  credentials: () => Promise<Credentials>,
  surroundings: SshSurroundings,
): KeptSession {
  if (address.transport === 'ssh') {
    const link = new HostLink({
      open: async (signal) =>
        openSsh({ ...(await sshOptions(address, await credentials(), surroundings, signal)), signal }),
      now: () => performance.now(),
      chance: Math.random,
    });
    return { session: { kind: 'host', host: withSudo(address, link, credentials) }, retryNow: link.retryNow };
  }
  if (address.transport === 'snmp') {
    const { session, retryNow } = keptSnmp(address, credentials);
    return { session: { kind: 'snmp', snmp: session }, retryNow };
  }
  return { session: { kind: 'http', http: keptHttp(address, credentials) }, retryNow: () => undefined };
}

/** A session for a connection test, each step told as it ends. */
export async function testedSession(
  address: DeviceAddress,
  request: TestRequest,
  surroundings: SshSurroundings,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): Promise<Session> {
  if (address.transport === 'snmp') {
    const options = snmpOptions(address, request.credentials ?? {});
    return { kind: 'snmp', snmp: await connectSnmpInSteps(options, report, signal) };
  }
  if (address.transport !== 'ssh')
    return { kind: 'http', http: openHttp(httpTarget(address, request.credentials ?? {})) };
  const options = await sshOptions(address, request.credentials ?? {}, surroundings, signal);
  const host = await connectInSteps({ ...options, acceptHostKey: request.acceptHostKey, signal }, report);
  return { kind: 'host', host: withSudo(address, host, () => Promise.resolve(request.credentials ?? {})) };
}

/** Where the kind has a command line behind a terminal alone, it is typed there; its second password is stored where that of sudo is. */
function withSudo(address: DeviceAddress, host: HostSession, credentials: () => Promise<Credentials>): HostSession {
  const dialect = drivers.find(({ id }) => id === address.vendor)?.terminal;
  if (dialect !== undefined) return terminalSession(host, dialect, async () => (await credentials()).sudoPassword);
  if (address.options['sudo'] !== 'password') return host;
  return answeringSudo(host, async () => {
    const { sudoPassword, password } = await credentials();
    return sudoPassword ?? password;
  });
}

/** HTTP has no session to keep, but its token is asked for when it is first needed, not when the console starts. */
function keptHttp(address: DeviceAddress, credentials: () => Promise<Credentials>): HttpSession {
  let opened: HttpSession | undefined;
  return {
    fetch: async (...call) => {
      opened ??= openHttp(httpTarget(address, await credentials()));
      return opened.fetch(...call);
    },
    close: () => {
      opened?.close();
    },
  };
}

/** The admin interface's token is stored as the device's password. */
function httpTarget(address: DeviceAddress, { password }: Credentials): HttpTarget {
  if (address.transport === 'unix') return { socketPath: address.path };
  const { host, port } = address;
  return password === undefined ? { host, port } : { host, port, token: password };
}
