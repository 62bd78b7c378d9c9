import { join } from 'node:path';
import type { KnownHostsFiles } from './known-hosts-files.ts';

/** One round of questions of a server (RFC 4256), in its own words. */
export interface SignInRound {
  readonly title: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly text: string; readonly isHidden: boolean }[];
}

export interface SshCredentials {
  /** Where the agent listens (SSH_AUTH_SOCK; on Windows a named pipe or `pageant`). Absent: no agent is asked. */
  readonly agentSocket?: string | undefined;
  /** Of the agent's keys only those of these files are offered (ssh_config(5), IdentitiesOnly). Absent: all of them. */
  readonly agentKeyFiles?: readonly string[] | undefined;
  readonly keyFile?: string | undefined;
  /** For `keyFile`, or for the default keys where no key file is given. */
  readonly keyPassphrase?: string | undefined;
  /** Tried after `keyFile`, in this order; one that is not there is passed over. */
  readonly defaultKeyFiles?: readonly string[] | undefined;
  /** Tried last. */
  readonly password?: string | undefined;
  /** Asks a person what the server asks (keyboard-interactive); one answer for each prompt. Absent: nobody is there. */
  readonly ask?: ((round: SignInRound, signal: AbortSignal) => Promise<readonly string[]>) | undefined;
}

/** Most time for each step, milliseconds. `hostKeyMs`: greeting and key exchange. */
export interface SshTimeouts {
  readonly nameMs: number;
  readonly tcpMs: number;
  readonly hostKeyMs: number;
  /** A key in an agent may wait for a finger on a hardware token. */
  readonly authenticationMs: number;
  /** The same while a person is asked: sshd itself waits two minutes (LoginGraceTime). */
  readonly questionsMs: number;
}
export const defaultSshTimeouts: SshTimeouts = {
  nameMs: 5_000,
  tcpMs: 10_000,
  hostKeyMs: 10_000,
  authenticationMs: 20_000,
  questionsMs: 115_000,
};

export interface SshOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly credentials: SshCredentials;
  readonly knownHosts: KnownHostsFiles;
  /** The name by which its key is known (ssh_config(5), HostKeyAlias); absent: host and port. */
  readonly hostKeyAlias?: string | undefined;
  /** The jump host that it is reached through; its name is then resolved there. */
  readonly via?: SshOptions | undefined;
  /** Allows algorithms that are off by default because they are weak (`ssh-legacy.ts`), for this host alone. */
  readonly isLegacyAllowed?: boolean | undefined;
  /** Fingerprint (`SHA256:...`) of a key that a person has accepted; a new key of that fingerprint is written to `knownHosts.own`. */
  readonly acceptHostKey?: string | undefined;
  readonly timeouts?: Partial<SshTimeouts> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Most channels open at a time; more calls wait in line. Default 8: OpenSSH's MaxSessions is 10. */
  readonly maxChannels?: number | undefined;
  /** Every so often the server is asked whether it is there; after three silences the session has ended. Default 5 s. */
  readonly keepaliveMs?: number | undefined;
}

/** Where OpenSSH keeps what belongs to a user: known_hosts files, keys, the agent. */
export function usualSshFiles(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): {
  readonly knownHosts: readonly string[];
  readonly keyFiles: readonly string[];
  readonly agentSocket: string | undefined;
} {
  const folder = join(home, '.ssh');
  return {
    knownHosts: [
      join(folder, 'known_hosts'),
      join(folder, 'known_hosts2'),
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ],
    keyFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(folder, name)),
    agentSocket: environment['SSH_AUTH_SOCK'] === '' ? undefined : environment['SSH_AUTH_SOCK'],
  };
}
