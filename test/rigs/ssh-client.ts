import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SshClient {
  /** Runs `ssh host COMMAND`, or a shell without one, with this standard input; answers what it wrote and its status. */
  readonly run: (command: string | undefined, input?: string) => Promise<SshEnded>;
  /** A session that goes on. */
  readonly open: (command: string | undefined) => {
    readonly child: ChildProcessWithoutNullStreams;
    readonly ended: Promise<SshEnded>;
  };
  /** `scp FROM host:TO`; by the protocol of before OpenSSH 9.0, if asked so. */
  readonly copy: (from: string, to: string, isOld?: boolean) => Promise<SshEnded>;
  readonly close: () => void;
}
export interface SshEnded {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** OpenSSH's own client with a password, as a person or a playbook has it. */
export function openSshClient(
  target: { readonly host: string; readonly port: number },
  user: string,
  password: string,
  { hasTerminal = false }: { readonly hasTerminal?: boolean } = {},
): SshClient {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-ssh-'));
  const askPass = join(directory, 'askpass');
  writeFileSync(askPass, '#!/bin/sh\nprintf "%s\\n" "$STEELYARD_TEST_PASSWORD"\n');
  chmodSync(askPass, 0o700);
  const options = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${join(directory, 'known_hosts')}`,
    'LogLevel=ERROR',
  ];
  const env = { ...process.env, SSH_ASKPASS: askPass, SSH_ASKPASS_REQUIRE: 'force', STEELYARD_TEST_PASSWORD: password };

  const words = ['-F', 'none', ...options.flatMap((option) => ['-o', option]), '-o', 'NumberOfPasswordPrompts=1'];

  function start(program: string, args: readonly string[]): ReturnType<SshClient['open']> {
    const child = spawn(program, args, { env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => (stdout += String(part)));
    child.stderr.on('data', (part) => (stderr += String(part)));
    child.stdin.on('error', () => undefined); // it may end before it has read all
    const ended = new Promise<SshEnded>((resolve) => {
      child.on('close', (status) => {
        resolve({ status, stdout, stderr });
      });
    });
    return { child, ended };
  }
  function open(command: string | undefined): ReturnType<SshClient['open']> {
    const where = ['-p', String(target.port), `${user}@${target.host}`];
    return start('ssh', [
      ...words,
      ...(hasTerminal ? ['-tt'] : []),
      ...where,
      ...(command === undefined ? [] : [command]),
    ]);
  }
  return {
    open,
    run: (command, input = '') => {
      const { child, ended } = open(command);
      child.stdin.end(input);
      return ended;
    },
    copy: (from, to, isOld = false) => {
      const where = ['-P', String(target.port), from, `${user}@${target.host}:${to}`];
      return start('scp', [...words, ...(isOld ? ['-O'] : []), ...where]).ended;
    },
    close: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
