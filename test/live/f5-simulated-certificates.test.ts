import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallInput } from '../../src-main/contract/api.ts';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type SimulatedF5, startF5 } from '../../src-main/simulate/f5/start.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { isMissing } from '../rigs/need.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';

const config = `ltm node /Common/192.0.2.1 {
    address 192.0.2.1
}
ltm profile client-ssl /Common/shop-tls {
    cert-key-chain {
        shop {
            cert /Common/default.crt
            key /Common/default.key
        }
    }
    defaults-from /Common/clientssl
}
ltm pool /Common/app {
    members {
        /Common/192.0.2.1:443 {
            address 192.0.2.1
        }
    }
}
ltm virtual /Common/shop {
    destination /Common/192.0.2.100:443
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/shop-tls {
            context clientside
        }
        /Common/tcp { }
    }
    source 0.0.0.0/0
}
ltm virtual-address /Common/192.0.2.100 {
    address 192.0.2.100
    arp enabled
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;

describe.skipIf(isMissing('openssl', 'ssh'))('a certificate of a simulated BIG-IP', { timeout: 120_000 }, () => {
  let f5: SimulatedF5;
  let authority: Authority;
  let called: CalledConsole;
  let other: SshClient;
  let dataDir = '';
  let first: IssuedCertificate;
  let second: IssuedCertificate;
  beforeAll(async () => {
    authority = openAuthority();
    first = authority.issue({ names: ['shop.example'], key: 'rsa' });
    second = authority.issue({ names: ['shop.example'] });
    f5 = await startF5({ config, accounts: { admin: { password: 'orchard', shell: 'bash' } } });
    other = openSshClient(f5, 'admin', 'orchard');
    dataDir = mkdtempSync(join(tmpdir(), 'steelyard-f5-'));
    called = await openCalledConsole(dataDir);
    await called.call('secrets.protect', { passphrase: 'of this test' });
    const address = `f5+ssh://admin@${f5.host}:${String(f5.port)}`;
    const credentials = { password: 'orchard' };
    await called.call('devices.test', { testId: 't', address, credentials, acceptHostKey: f5.fingerprint });
    await called.call('devices.add', { spec: { name: 'lb', address, environment: 'staging' }, credentials });
  }, 120_000);
  afterAll(async () => {
    await called.console.close();
    await f5.close();
    other.close();
    authority.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  function given({ certFile, keyFile }: IssuedCertificate): CallInput<'certificates.plan'>['files'] {
    return [certFile, keyFile, authority.caFile].map((path, index) => ({
      name: `file${String(index)}`,
      base64: readFileSync(path).toString('base64'),
    }));
  }
  async function push(wish: Partial<CallInput<'certificates.plan'>>, how: 'keep' | 'revert'): Promise<Plan> {
    return send(await called.call('certificates.plan', { device: 'lb', name: '', ...wish }), how);
  }
  async function change(desired: Desired, how: 'keep' | 'revert'): Promise<Plan> {
    return send(await called.call('plan.make', { device: 'lb', desired }), how);
  }
  async function send(plan: Plan, how: 'keep' | 'revert'): Promise<Plan> {
    await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
    const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
    expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
    await expectNoFiles(plan);
    await called.call(`push.${how}`, { device: 'lb' });
    const ended = await called.pushIn(plan.id, endPhases);
    expect(ended.phase, ended.problem?.detail).toBe(how === 'keep' ? 'kept' : 'reverted');
    return plan;
  }
  /** Another session finds none of what was brought there. */
  async function expectNoFiles({ id }: Plan): Promise<void> {
    for (const ending of ['key', 'crt', 'chain']) {
      const { status, stderr } = await other.run(`cat /var/tmp/steelyard-${id}.${ending}`);
      expect([status, stderr]).toEqual([1, expect.stringContaining('No such file')]);
    }
  }
  /** The certificate in use and its facts, as the console lists them. */
  async function inUse() {
    const list = await called.call('certificates.list', { device: 'lb' });
    return list.filter(({ usedBy }) => usedBy.includes('/Common/shop'));
  }
  function stemOf({ certFile }: IssuedCertificate): string {
    const digits = new X509Certificate(readFileSync(certFile)).fingerprint256.replaceAll(':', '').toLowerCase();
    return digits.slice(0, 12);
  }

  test('is renewed, kept and saved; the next renewal goes back by the inverse, and no key is anywhere but on the device', async () => {
    await push({ name: '/Common/default.crt', files: given(first) }, 'keep');
    const name = `/Common/default_${stemOf(first)}.crt`;
    expect(await inUse()).toMatchObject([
      {
        name,
        facts: { subject: 'CN=shop.example', names: ['shop.example'], algorithm: 'RSA 2048' },
        chain: [{ subject: 'CN=Test authority', issuer: 'CN=Test authority' }],
      },
    ]);
    expect(f5.saved()).toContain(`cert ${name}\n`);
    const kept = f5.running();

    await push({ name, files: given(second) }, 'revert');
    expect(f5.running()).toBe(kept);
    expect(await inUse()).toMatchObject([{ name }]);

    const last = await push({ name: 'extra', files: given(second), add: { list: '/Common/shop' } }, 'keep');
    expect((await inUse()).map((one) => one.name)).toEqual([name, '/Common/extra.crt']);
    expect(f5.saved()).toMatch(/client-ssl \/Common\/extra_clientssl \{[^]*server-name shop\.example\n/);

    const bodies = [first, second].map(({ keyFile }) => readFileSync(keyFile, 'utf8').split('\n')[1] ?? 'no key');
    const told = [JSON.stringify(last), JSON.stringify(called.pushes), f5.commands().join('\n')];
    const stored = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name: file }) => readFileSync(join(parentPath, file), 'latin1'));
    expect(stored.length).toBeGreaterThan(0);
    for (const text of [...told, ...stored]) for (const body of bodies) expect(text).not.toContain(body);
  });

  test('TLS towards clients and towards members is changed in profiles, and both go back', async () => {
    const { certFile } = authority.issue({ names: ['authority.example'] });
    const trusted: IssuedCertificate = { ...first, certFile };
    await push(
      { name: 'clients', files: given({ ...trusted, keyFile: certFile.replace(/pem$/, 'key') }), add: {} },
      'keep',
    );
    const caFile = '/Common/clients.crt';
    const before = f5.running();
    const wish: Desired = {
      virtualServers: [{ name: '/Common/shop', tls: { minVersion: '1.2', clientAuth: 'optional', caFile } }],
      pools: [{ name: '/Common/app', tls: { verify: true, caFile, serverName: 'app.example', sendSni: true } }],
    };
    await change(wish, 'revert');
    expect((await called.call('devices.read', { device: 'lb' })).model.pools[0]).not.toHaveProperty('tls');
    expect(f5.running()).not.toContain('app_serverssl');
    await change(wish, 'keep');
    expect(f5.running()).not.toBe(before);
    const { model } = await called.call('devices.read', { device: 'lb' });
    expect(model.pools[0]?.tls).toMatchObject({
      profile: '/Common/app_serverssl',
      verify: true,
      caFile,
      serverName: 'app.example',
      sendSni: true,
    });
    expect(model.virtualServers[0]?.tls).toMatchObject({ minVersion: '1.2', clientAuth: 'optional', caFile });
    expect(f5.saved()).toContain('/Common/app_serverssl {\n            context serverside\n');
  });
});
