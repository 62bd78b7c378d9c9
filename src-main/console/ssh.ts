import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DeviceAddress } from '../contract/address.ts';
import type { Credentials } from '../contract/api.ts';
import { findSshTarget, type SshTarget } from '../transports/ssh-config.ts';
import { type SignInRound, type SshOptions, usualSshFiles } from '../transports/ssh-options.ts';

/** What the console knows of SSH beside an address: the user's own files, and where it writes host keys that were accepted. */
export interface SshSurroundings {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The console's own known_hosts file, the only one that it writes. */
  readonly ownKnownHosts: string;
  readonly user: string;
  /** Another ssh_config(5) than the user's and the system's. */
  readonly configFile?: string | undefined;
  /** Asks a person what a server (`user@host`) asks while signing in. */
  readonly ask?: ((where: string, round: SignInRound, signal: AbortSignal) => Promise<readonly string[]>) | undefined;
}

/**
 * How to connect to an address: as the user's ssh_config(5) says of its host, where OpenSSH is there to be asked; what the address
 * says itself wins (port 22 is what an address says that says nothing). Signs in with the agent, the key that the address names, the
 * keys of the configuration, then the password. Password and passphrase are the device's alone: a jump host never gets them.
 */
export async function sshOptions(
  address: DeviceAddress,
  credentials: Credentials,
  surroundings: SshSurroundings,
  signal?: AbortSignal,
): Promise<SshOptions> {
  const asked = { host: address.host, port: address.port === 22 ? undefined : address.port, user: address.user };
  const { home, environment, configFile: file } = surroundings;
  const found = await findSshTarget(asked, { home, environment, file, signal });
  const hasAgent = address.options['agent'] !== '0';
  const options = targetOptions(found ?? plainTarget(address, surroundings), surroundings, hasAgent);
  const keyFile = address.options['key'];
  return {
    ...options,
    isLegacyAllowed: address.options['legacy'] === '1',
    credentials: {
      ...options.credentials,
      keyFile: keyFile === undefined ? undefined : expandHome(keyFile, home),
      keyPassphrase: credentials.keyPassphrase,
      password: credentials.password,
    },
  };
}

function targetOptions(target: SshTarget, surroundings: SshSurroundings, hasAgent: boolean): SshOptions {
  const usual = usualSshFiles(surroundings.home, surroundings.environment);
  const agentSocket = target.agentSocket ?? usual.agentSocket;
  const { ask } = surroundings;
  const where = `${target.user}@${target.host}`;
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    hostKeyAlias: target.hostKeyAlias,
    via: target.via === undefined ? undefined : targetOptions(target.via, surroundings, hasAgent),
    credentials: {
      agentSocket: hasAgent && agentSocket !== 'none' ? agentSocket : undefined,
      agentKeyFiles: target.isIdentitiesOnly ? target.keyFiles : undefined,
      defaultKeyFiles: target.keyFiles,
      ask: ask === undefined ? undefined : (round, signal) => ask(where, round, signal),
    },
    knownHosts: { own: surroundings.ownKnownHosts, others: target.knownHosts },
  };
}

/** Where OpenSSH is not installed: the address as it stands, with OpenSSH's usual files. */
function plainTarget(address: DeviceAddress, { home, environment, user }: SshSurroundings): SshTarget {
  const usual = usualSshFiles(home, environment);
  return {
    host: address.host,
    port: address.port,
    user: address.user === '' ? user : address.user,
    keyFiles: usual.keyFiles,
    isIdentitiesOnly: false,
    agentSocket: undefined,
    knownHosts: usual.knownHosts,
    hostKeyAlias: undefined,
    via: undefined,
  };
}

function expandHome(path: string, home: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

export function usualSurroundings(
  dataDirectory: string,
  environment: SshSurroundings['environment'],
  user: string,
): SshSurroundings {
  return { home: homedir(), environment, ownKnownHosts: join(dataDirectory, 'known_hosts'), user };
}
