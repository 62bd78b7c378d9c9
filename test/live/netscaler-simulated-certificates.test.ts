import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallInput } from '../../src-main/contract/api.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type SimulatedNetscaler, startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import { type Backends, startBackends } from '../rigs/backends.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { shakeHands } from '../rigs/handshake.ts';
import { isMissing } from '../rigs/need.ts';

// Certificates of a NetScaler, by the console alone: what clients are shown afterwards is what counts.

describe.skipIf(isMissing('openssl'))('a certificate of a simulated NetScaler', { timeout: 120_000 }, () => {
  let adc: SimulatedNetscaler;
  let backends: Backends;
  let authority: Authority;
  let called: CalledConsole;
  let dataDir = '';
  let port = 0;
  let first: IssuedCertificate;
  let second: IssuedCertificate;
  let third: IssuedCertificate;
  let other: IssuedCertificate;
  const plans: Plan[] = [];
  const faults: string[] = [];

  beforeAll(async () => {
    authority = openAuthority();
    first = authority.issue({ names: ['shop.example'] });
    second = authority.issue({ names: ['shop.example'] });
    third = authority.issue({ names: ['shop.example'] });
    other = authority.issue({ names: ['extra.example'] });
    backends = await startBackends(['b1']);
    port = await freePort();
    adc = await startNetscaler({
      config: configOf(backends.ports[0] ?? 0, port),
      accounts: { nsroot: 'orchard 7' },
      role: 'primary',
      files: filesOf(first),
      carries: true,
      tell: (fault) => faults.push(fault),
    });
    dataDir = mkdtempSync(join(tmpdir(), 'steelyard-netscaler-'));
    called = await openCalledConsole(dataDir);
    await called.call('secrets.protect', { passphrase: 'of this test' });
    const address = `netscaler+ssh://nsroot@${adc.host}:${String(adc.port)}`;
    const credentials = { password: 'orchard 7' };
    await called.call('devices.test', { testId: 't', address, credentials, acceptHostKey: adc.fingerprint });
    await called.call('devices.add', { spec: { name: 'lb', address, environment: 'staging' }, credentials });
  }, 120_000);
  afterAll(async () => {
    await called.console.close();
    await adc.close();
    await backends.close();
    authority.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  async function push(
    issued: IssuedCertificate,
    wish: Partial<CallInput<'certificates.plan'>>,
    how: 'keep' | 'revert',
  ): Promise<Plan> {
    const files = [issued.certFile, issued.keyFile, authority.caFile].map((path) => ({
      name: basename(path),
      base64: readFileSync(path).toString('base64'),
    }));
    const plan = await called.call('certificates.plan', { device: 'lb', name: '', files, ...wish });
    plans.push(plan);
    await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
    const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
    expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
    if (how === 'revert') expect(await shown()).toBe(serialOf(issued)); // in force until it is taken back
    await called.call(`push.${how}`, { device: 'lb' });
    const ended = await called.pushIn(plan.id, endPhases);
    expect(ended.phase, ended.problem?.detail).toBe(how === 'keep' ? 'kept' : 'reverted');
    return plan;
  }
  async function shown(serverName?: string): Promise<string> {
    return (await shakeHands(port, undefined, serverName)).serial;
  }
  /** The certificates that the virtual server answers with, as the console lists them. */
  async function inUse() {
    const list = await called.call('certificates.list', { device: 'lb' });
    return list.filter(({ usedBy }) => usedBy.includes('shop'));
  }

  /** A renewal that is not kept leaves nothing behind, of files neither. */
  async function expectTakenBack(inForce: IssuedCertificate): Promise<void> {
    const [running, files] = [adc.running(), adc.files.below('/nsconfig')];
    await push(third, { name: 'site' }, 'revert');
    expect(await shown()).toBe(serialOf(inForce));
    expect(adc.running()).toBe(running);
    expect(adc.files.below('/nsconfig')).toEqual(files);
  }

  test('a renewal that is taken back shows the old one again; its files and its issuer are gone', async () => {
    await expectTakenBack(first);
  });

  test('is renewed and kept: clients are shown the new one, and it is saved', async () => {
    expect(await shown()).toBe(serialOf(first));
    expect(await inUse()).toMatchObject([{ name: 'site', facts: { serial: serialOf(first) } }]);
    const sent = adc.commands().length;
    const { id } = await push(second, { name: 'site' }, 'keep');
    expect(await shown()).toBe(serialOf(second));
    expect(await inUse()).toMatchObject([
      {
        name: 'site',
        facts: { subject: 'CN=shop.example', serial: serialOf(second), algorithm: 'EC 256' },
        chain: [{ subject: 'CN=Test authority' }],
      },
    ]);
    const issuer = `site-ca1-${id.slice(0, 8)}`;
    const files = [`site-${id}.crt`, `site-${id}.key`, `${issuer}.crt`];
    expect(adc.saved()).toContain(`add ssl certKey site -cert site-${id}.crt -key site-${id}.key\n`);
    expect(adc.saved()).toContain(`link ssl certKey site ${issuer}\n`);
    expect(files.map((name) => adc.files.read(`/nsconfig/ssl/${name}`))).toEqual([
      readFileSync(second.certFile, 'utf8'),
      readFileSync(second.keyFile, 'utf8'),
      authority.ca,
    ]);
    const moved = adc
      .commands()
      .slice(sent)
      .filter((command) => /^(?:scp|sync) /.test(command));
    expect(moved).toEqual([...files.map((name) => `scp -t /nsconfig/ssl/${name}`), 'sync HA files ssl']);
  });

  test('the next is taken back to what was kept, with its link', async () => {
    await expectTakenBack(second);
  });

  test('one for another name is added to the virtual server, and shown to those who ask for that name', async () => {
    await push(other, { name: 'extra', add: { list: 'shop' } }, 'keep');
    expect(await shown('extra.example')).toBe(serialOf(other));
    expect(await shown('shop.example')).toBe(serialOf(second));
    expect(await shown()).toBe(serialOf(second));
    expect((await inUse()).map(({ name }) => name)).toEqual(['site', 'extra']);
    expect(adc.saved()).toContain('bind ssl vserver shop -certkeyName extra -SNICert\n');
  });

  test('no line of a key stands in a command, a plan, a state of a push or a file of the console', () => {
    const keys = [first, second, third, other].flatMap((issued) =>
      readFileSync(issued.keyFile, 'utf8')
        .split('\n')
        .filter((line) => /^[\w+/=]{20,}$/.test(line)),
    );
    expect(keys.length).toBeGreaterThanOrEqual(8);
    const stored = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
    expect(stored.length).toBeGreaterThan(0);
    expect([plans.length, called.pushes.length > 0]).toEqual([4, true]);
    const told = [
      JSON.stringify(plans),
      JSON.stringify(called.pushes),
      adc.commands().join('\n'),
      adc.saved(),
      ...stored,
    ];
    for (const text of told) for (const line of keys) expect(text.includes(line)).toBe(false);
    expect(faults).toEqual([]);
  });
});

/** As a certificate tells it: capitals, without what a sign needs. */
function serialOf({ certFile }: IssuedCertificate): string {
  return new X509Certificate(readFileSync(certFile)).serialNumber;
}

function filesOf({ certFile, keyFile }: IssuedCertificate): Readonly<Record<string, string>> {
  const disk = { 'site.pem': certFile, 'site.key': keyFile };
  return Object.fromEntries(
    Object.entries(disk).map(([name, path]) => [`/nsconfig/ssl/${name}`, readFileSync(path, 'utf8')]),
  );
}

function configOf(backend: number, port: number): string {
  return `#NS13.1 Build 37.38
add server local 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add ssl certKey site -cert site.pem -key site.key
add lb vserver shop SSL 127.0.0.1 ${port} -persistenceType NONE -cltTimeout 180
bind lb vserver shop app
bind serviceGroup app local ${backend}
bind ssl vserver shop -certkeyName site
`;
}
