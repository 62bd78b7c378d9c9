import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DeviceAddress } from '../contract/address.ts';
import type { Credentials } from '../contract/api.ts';
import { type SshOptions, usualSshFiles } from '../transports/ssh-options.ts';

/** What the console knows of SSH beside an address: the user's own files, and where it writes host keys that were accepted. */
export interface SshSurroundings {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The console's own known_hosts file, the only one that it writes. */
  readonly ownKnownHosts: string;
  readonly user: string;
}

/** How to connect to an address: agent, the key it names, the user's default keys, then the password. */
export function sshOptions(
  address: DeviceAddress,
  credentials: Credentials,
  surroundings: SshSurroundings,
): SshOptions {
  const usual = usualSshFiles(surroundings.home, surroundings.environment);
  const keyFile = address.options['key'];
  return {
    host: address.host,
    port: address.port,
    user: address.user === '' ? surroundings.user : address.user,
    credentials: {
      agentSocket: address.options['agent'] === '0' ? undefined : usual.agentSocket,
      keyFile: keyFile === undefined ? undefined : expandHome(keyFile, surroundings.home),
      keyPassphrase: credentials.keyPassphrase,
      defaultKeyFiles: usual.keyFiles,
      password: credentials.password,
    },
    knownHosts: { own: surroundings.ownKnownHosts, others: usual.knownHosts },
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
