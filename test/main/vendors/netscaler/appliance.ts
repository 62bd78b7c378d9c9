import { spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerChannel } from 'ssh2';
import { DeviceLink, type SecretOf } from '../../../../src-main/console/device-link.ts';
import { readFacts } from '../../../../src-main/console/certificates/facts.ts';
import { parseAddress } from '../../../../src-main/contract/address.ts';
import type { Desired } from '../../../../src-main/contract/model.ts';
import { type Plan, planSchema } from '../../../../src-main/contract/plan.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { openSsh } from '../../../../src-main/transports/ssh-connect.ts';
import { applyCommands } from '../../../../src-main/vendors/netscaler/write.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';
import { type Fake, startFakeSsh } from '../../../rigs/fake-ssh.ts';

// How the driver speaks to the command line over SSH. What is at the other end here takes the commands as this project understands
// them, so it proves how answers are read and what is sent when, not that an appliance takes them. Files come by the real scp.

export const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/netscaler/orchard/ns.conf'), 'utf8');
const { signal } = new AbortController();

export class Appliance {
  running = orchard;
  saved = orchard;
  role = 'Primary';
  isPair = false;
  /** Lists certificates by their files alone, as old releases do. */
  isBrief = false;
  readonly sent: string[] = [];
  refuses: string | undefined;
  /** What stands for /nsconfig/ssl. */
  readonly directory = mkdtempSync(join(tmpdir(), 'steelyard-nsconfig-'));
  /** Answers to what only looks, by the command. */
  readonly shows = new Map<string, string>();

  run(command: string, channel: ServerChannel): void {
    if (!/^(?:scp|shell) /.test(command)) {
      channel.write(this.answer(command));
      channel.exit(0);
      channel.end();
      return;
    }
    this.sent.push(command);
    const words = command
      .replace(/^shell /, '')
      .replaceAll('/nsconfig/ssl', this.directory)
      .split(' ');
    const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    channel.pipe(child.stdin);
    child.stdin.on('error', () => undefined); // it may end before it has read all
    child.stdout.pipe(channel, { end: false });
    child.on('close', (status) => {
      if (command.startsWith('shell ')) channel.write(' Done\n');
      channel.exit(status ?? 1);
      channel.end();
    });
  }

  answer(command: string): string {
    this.sent.push(command);
    if (command === this.refuses) return 'ERROR: Internal error while processing the request\n';
    const warning = this.role === 'Secondary' ? 'Warning: You are connected to a secondary node\n' : '';
    if (command === 'show ns runningConfig') return `${warning}${this.running} Done\n`;
    if (command === 'show ns ns.conf') return `${this.saved} Done\n`;
    if (command === 'show ns version')
      return '\tNetScaler NS13.1: Build 37.38.nc, Date: Nov 23 2022, 04:21:25   (64-bit)\n Done\n';
    if (command === 'show ha node') {
      const other = this.isPair ? '2)\tNode ID:      1\n\tMaster State: Secondary\n' : '';
      return `1)\tNode ID:      0\n\tMaster State: ${this.role}\n${other} Done\n`;
    }
    if (command === 'show ssl certKey') return `${this.certificates()} Done\n`;
    const one = /^show ssl certKey (\S+)$/.exec(command)?.[1];
    if (one !== undefined) return `${this.certificate(one)} Done\n`;
    const shown = this.shows.get(command);
    if (shown !== undefined) return `${shown} Done\n`;
    if (command === 'save ns config') this.saved = this.running;
    const before = this.running;
    this.running = applyCommands(this.running, [command]);
    const isAgain = before === this.running && /^(?:add|bind|unbind|link|unlink|rm) /.test(command);
    return isAgain ? 'ERROR: No such resource\n' : ' Done\n';
  }

  certificate(name: string): string {
    const file = new RegExp(`^add ssl certKey ${name} -cert (\\S+)`, 'm').exec(this.running)?.[1] ?? '';
    return `\tName: ${name}\t\tStatus: Valid,   Days to expiration:89\n${factsIn(join(this.directory, file)) ?? ''}`;
  }

  /** As `show ssl certKey` tells of the files that the configuration names; a file that is not there is told without anything of it. */
  certificates(): string {
    const pairs = [...this.running.matchAll(/^add ssl certKey (\S+) -cert (\S+)/gm)];
    return pairs
      .map(([, name = '', file = ''], at) => {
        const head = `${String(at + 1)})\tName: ${name}\n\tCert Path: ${file}\n\tFormat: PEM\n`;
        const facts = this.isBrief ? undefined : factsIn(join(this.directory, file));
        return facts === undefined ? head : head + facts;
      })
      .join('');
  }
}

function factsIn(path: string): string | undefined {
  try {
    const certificate = new X509Certificate(readFileSync(path));
    const [subject, issuer] = [certificate.subject, certificate.issuer].map((name) => name.replaceAll('\n', ','));
    return [
      '\tStatus: Valid,   Days to expiration:89',
      '\tVersion: 3',
      `\tSerial Number: ${certificate.serialNumber}`,
      '\tSignature Algorithm: ecdsa-with-SHA256',
      `\tIssuer:  ${issuer ?? ''}`,
      `\tValidity\n\t\tNot Before: ${certificate.validFrom}\n\t\tNot After : ${certificate.validTo}`,
      `\tSubject:  ${subject ?? ''}`,
      '\tPublic Key Algorithm: id-ecPublicKey\n\tPublic Key size: 256\n\tOcsp Response Status: NONE\n',
    ].join('\n');
  } catch {
    return undefined; // no such file, as with what the fixture names
  }
}

export interface OpenAppliance {
  readonly appliance: Appliance;
  readonly link: DeviceLink;
  readonly plan: (desired: Desired) => Promise<Plan>;
  readonly close: () => Promise<void>;
}

export const head = {
  version: 1,
  id: 'plan123',
  device: 'adc',
  vendor: 'netscaler',
  createdAt: '2026-01-01T00:00:00.000Z',
} as const;

export async function openAppliance(): Promise<OpenAppliance> {
  const appliance = new Appliance();
  const fake: Fake = await startFakeSsh({
    onExec: (command, channel) => {
      appliance.run(command, channel);
    },
  });
  const host = await openSsh(fake.options());
  const driver = drivers.find(({ id }) => id === 'netscaler');
  if (driver === undefined) throw new Error('no driver');
  const tools = {
    now: () => new Date(0),
    sleep: () => Promise.resolve(),
    certificate: readFacts,
    sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex'),
  };
  const address = parseAddress(`netscaler+ssh://operator@127.0.0.1:${String(fake.port)}`);
  const link = new DeviceLink(driver, address, { kind: 'host', host }, tools);
  return {
    appliance,
    link,
    plan: async (desired) => {
      const reading = await link.device.read(signal);
      const edit = diffModel(reading.model, desired, 'merge');
      const draft = await link.device.plan(reading, edit, 'plan123', signal);
      return planSchema.parse({ ...draft, ...head, desired, changes: edit.changes });
    },
    close: async () => {
      host.close();
      await fake.close();
      rmSync(appliance.directory, { recursive: true, force: true });
    },
  };
}

export async function send(link: DeviceLink, steps: Plan['steps'], secretOf?: SecretOf): Promise<void> {
  for (const step of steps) for (const command of step.commands) await link.send(command, signal, secretOf);
}
