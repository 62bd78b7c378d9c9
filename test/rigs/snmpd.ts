import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './need.ts';

/** Passwords of every user of the rig. */
export const snmpPasswords = { auth: 'authentication-1', priv: 'privacy-pass-1' };

export interface Snmpd {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** A user that `snmpd.conf` makes, as net-snmp names protocols: `createUser NAME SHA-256 ... AES ...`. */
export interface SnmpdUser {
  readonly name: string;
  readonly auth?: string;
  readonly priv?: string;
}

/** Net-SNMP's agent on a port of the kernel's choice: community `orchard` and the given users may read everything. */
export async function startSnmpd(
  users: readonly SnmpdUser[] = [],
  more: readonly string[] = [],
  at: { readonly port?: number; readonly engineId?: string } = {},
): Promise<Snmpd> {
  const folder = await mkdtemp(join(tmpdir(), 'steelyard-snmpd-'));
  const port = at.port ?? (await freeUdpPort());
  const engine = at.engineId === undefined ? [] : [`exactEngineID ${at.engineId}`];
  const conf = join(folder, 'snmpd.conf');
  await writeFile(conf, [...engine, ...configuration(users), ...more, ''].join('\n'));
  const args = ['-f', '-Lo', '-C', '-c', conf, '-p', join(folder, 'pid'), `udp:127.0.0.1:${port}`];
  const child = spawn(findProgram('snmpd') ?? 'snmpd', args, {
    env: { ...process.env, SNMP_PERSISTENT_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    await untilUp(child);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    port,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(users: readonly SnmpdUser[]): string[] {
  return [
    'rocommunity orchard 127.0.0.1',
    'sysName orchard-host',
    'includeAllDisks 1%',
    ...users.flatMap(({ name, auth, priv }) => {
      const secrets = [
        ...(auth === undefined ? [] : [auth, snmpPasswords.auth]),
        ...(priv === undefined ? [] : [priv, snmpPasswords.priv]),
      ];
      const level = priv !== undefined ? 'priv' : auth !== undefined ? 'auth' : 'noauth';
      return [`createUser ${name} ${secrets.join(' ')}`.trim(), `rouser ${name} ${level}`];
    }),
  ];
}

/** It says its version when it listens. */
async function untilUp(child: ChildProcess): Promise<void> {
  let said = '';
  const deadline = Date.now() + 30_000;
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('NET-SNMP version')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`snmpd did not start: ${said}`);
    await sleep(20);
  }
}

export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => {
        resolve(port);
      });
    });
  });
}
