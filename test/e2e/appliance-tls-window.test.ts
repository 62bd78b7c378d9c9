import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { put } from '../../src-main/simulate/a10/pki.ts';
import { startA10 } from '../../src-main/simulate/a10/start.ts';
import { startF5 } from '../../src-main/simulate/f5/start.ts';
import { startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import type { SshDevice } from '../../src-main/simulate/ssh-device.ts';
import { type Backends, startBackends } from '../rigs/backends.ts';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { shakeHands } from '../rigs/handshake.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

const password = 'orchard';

/** What a device begins with: a virtual server on `port` before `backend`, that answers with this certificate. */
interface Beginning {
  readonly port: number;
  readonly backend: number;
  readonly certificate: string;
  readonly key: string;
}
type Device = SshDevice & { readonly running: () => string; readonly settle: () => Promise<void> };

/** Of each kind a device that speaks TLS for real, with the versions that it takes before it is told otherwise. */
const kinds = [
  {
    vendor: 'f5',
    account: 'admin',
    virtualServer: '/Common/shop',
    certificate: '/Common/shop.crt',
    before: 'TLSv1.1',
    start: startBigip,
    renewed: /create sys file ssl-cert[\s\S]*cert-key-chain modify/,
    tightened: /options .*no-tlsv1\.1/,
  },
  {
    vendor: 'netscaler',
    account: 'nsroot',
    virtualServer: 'shop',
    certificate: 'site',
    before: 'TLSv1.1',
    start: startAdc,
    renewed: /update ssl certKey site -cert site-\w+\.crt -key site-\w+\.key/,
    tightened: /set ssl vserver shop .*-tls11 DISABLED/,
  },
  {
    vendor: 'a10',
    account: 'admin',
    virtualServer: 'shop:%PORT',
    certificate: 'site',
    before: 'TLSv1.1',
    start: startThunder,
    renewed: undefined,
    tightened: /version 33 33/,
  },
] as const;

describe.skipIf(isMissing('chromium', 'openssl'))(
  'TLS of simulated appliances in the window',
  { timeout: 120_000 },
  () => {
    let authority: Authority;
    let first: IssuedCertificate;
    let second: IssuedCertificate;
    let backends: Backends;
    const devices = new Map<string, { readonly device: Device; readonly port: number }>();
    let dataDir: string;
    let served: ServedConsole;
    let browser: Browser;
    let page: Page;
    /** Everything that the console told the page. */
    const told: string[] = [];

    beforeAll(async () => {
      authority = openAuthority();
      first = authority.issue({ names: ['shop.example'], days: 10 });
      second = authority.issue({ names: ['shop.example'], days: 60 });
      backends = await startBackends(['b1']);
      dataDir = await mkdtemp(join(tmpdir(), 'steelyard-appliance-tls-'));
      const called = await openCalledConsole(dataDir);
      // Secrets that are kept in memory would end with this console.
      await called.call('secrets.protect', { passphrase: 'of this test' });
      const [certificate = '', key = ''] = [first.certFile, first.keyFile].map((path) => readFileSync(path, 'utf8'));
      const [backend = 0] = backends.ports;
      await Promise.all(
        kinds.map(async ({ vendor, account, start }) => {
          const port = await freePort();
          const device = await start({ port, backend, certificate, key });
          devices.set(vendor, { device, port });
          const address = `${vendor}+ssh://${account}@${device.host}:${String(device.port)}`;
          const credentials = { password };
          await called.call('devices.test', {
            testId: vendor,
            address,
            credentials,
            acceptHostKey: device.fingerprint,
          });
          await called.call('devices.add', { spec: { name: vendor, address, environment: 'lab' }, credentials });
        }),
      );
      await called.console.close();
      vi.stubEnv('STEELYARD_PASSPHRASE', 'of this test');
      [served, browser] = await Promise.all([startServed([], dataDir), openBrowser()]);
      vi.unstubAllEnvs();
      for (const blank of browser.context.pages()) {
        blank.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))));
      }
      page = await browser.open(served.link);
      page.setDefaultTimeout(45_000);
    }, 90_000);
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await takePicture(page, `appliance-tls-${task.name.slice(0, 30)}`);
    });
    afterAll(async () => {
      await browser.close();
      await served.close();
      for (const { device } of devices.values()) await device.close();
      await backends.close();
      authority.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    });

    function found(vendor: string): { readonly device: Device; readonly port: number } {
      const one = devices.get(vendor);
      if (one === undefined) throw new Error(`no device ${vendor}`);
      return one;
    }
    /** The device's page with its certificates in sight; answers the row of this one. */
    async function seeCertificate(vendor: string, name: string) {
      await goTo(page, `#/device/${vendor}`);
      await page.getByText('Not yet tried on a real device').first().waitFor();
      const list = page.getByRole('region', { name: 'Certificates' });
      await list.scrollIntoViewIfNeeded();
      const row = list.getByRole('row').filter({ has: page.getByRole('cell', { name, exact: true }) });
      await row.waitFor();
      return row;
    }
    /** From the review to the countdown; answers what the review showed. */
    async function push(vendor: string): Promise<string> {
      const button = page.getByRole('button', { name: `Push to ${vendor}` });
      await button.waitFor();
      const shown = await page.locator('#view').innerText();
      await expectNoKey();
      await button.click();
      await page.getByRole('heading', { name: `Sent to ${vendor}, waiting for Keep` }).waitFor();
      await found(vendor).device.settle();
      return shown;
    }
    async function takeBack(vendor: string): Promise<void> {
      await goTo(page, `#/push/${vendor}`);
      await page.getByRole('button', { name: 'Revert now' }).click();
      await page.getByRole('heading', { name: `The change on ${vendor} went back` }).waitFor();
      await found(vendor).device.settle();
    }
    /** No line of a key stands in the page, nor in anything that it was told. */
    async function expectNoKey(): Promise<void> {
      const keys = [first, second].flatMap(({ keyFile }) =>
        readFileSync(keyFile, 'utf8').trim().split('\n').slice(1, -1),
      );
      expect(keys.length).toBeGreaterThan(2);
      const inPage = await page.content();
      expect(told.length).toBeGreaterThan(0);
      expect(keys.filter((line) => inPage.includes(line) || told.some((text) => text.includes(line)))).toEqual([]);
    }
    /** The version that is agreed on, with its certificate's serial; `refused` where none is. */
    async function agreed(vendor: string, version: SecureVersion): Promise<string> {
      return shakeHands(found(vendor).port, version).then(
        (one) => `${one.version} ${one.serial}`,
        () => 'refused',
      );
    }

    test.each(kinds.flatMap((kind) => (kind.renewed === undefined ? [] : [kind])))(
      '9: a certificate of $vendor is renewed by its dialog, shown to clients, and is the old one again once taken back',
      async ({ vendor, virtualServer, certificate, renewed }) => {
        const { device } = found(vendor);
        const running = device.running();
        const row = await seeCertificate(vendor, certificate);
        expect(await row.innerText()).toMatch(/in 9 days[\s\S]*shop\.example[\s\S]*CN=Test authority/);
        expect(await row.innerText()).toContain(virtualServer);
        await takePicture(page, `${vendor}-certificates`);
        expect(await findBreaches(page)).toEqual([]);
        expect(await agreed(vendor, 'TLSv1.2')).toBe(`TLSv1.2 ${serialOf(first)}`);

        await page.getByRole('button', { name: `Renew ${certificate}` }).click();
        const files = [second.certFile, second.keyFile, authority.caFile];
        await page.getByLabel('Key, certificate and chain').setInputFiles(files);
        await takePicture(page, `${vendor}-renew`);
        expect(await findBreaches(page)).toEqual([]);
        await page.getByRole('button', { name: 'Check and plan' }).click();
        const shown = await push(vendor);
        expect(shown).toMatch(renewed);
        expect(shown).toContain('Not yet tried on a real device');
        expect(await agreed(vendor, 'TLSv1.2')).toBe(`TLSv1.2 ${serialOf(second)}`);
        const list = page.getByRole('region', { name: 'Certificates' });
        await goTo(page, `#/device/${vendor}`);
        await list.getByRole('row').filter({ hasText: 'in 59 days' }).filter({ hasText: virtualServer }).waitFor();
        await expectNoKey();

        await takeBack(vendor);
        expect(await agreed(vendor, 'TLSv1.2')).toBe(`TLSv1.2 ${serialOf(first)}`);
        expect(device.running()).toBe(running);
        const back = await seeCertificate(vendor, certificate);
        await back.filter({ hasText: 'in 9 days' }).filter({ hasText: virtualServer }).waitFor();
        await expectNoKey();
      },
    );

    test('9: of an A10 the certificates and their ends are shown, and why none is renewed from here, with no form to fill in', async () => {
      const row = await seeCertificate('a10', 'site');
      expect(await row.innerText()).toMatch(/in 9 days[\s\S]*tells its end, and nothing else[\s\S]*shop:\d+/);
      expect(await row.innerText()).not.toMatch(/no name|no chain/);
      const card = page.locator('section.card').filter({ has: page.getByRole('heading', { name: 'Certificates' }) });
      await card.getByText(/Renewed elsewhere\..*fetches certificates and keys from a server of yours/).waitFor();
      expect(await card.getByRole('button').count()).toBe(0);
      await takePicture(page, 'a10-certificates');
      expect(await findBreaches(page)).toEqual([]);
    });

    test.each(kinds)(
      '10: an older version than the one chosen for $vendor is refused, a newer one served, and all is back once taken back',
      async ({ vendor, virtualServer, before, tightened }) => {
        const { device, port } = found(vendor);
        const running = device.running();
        const name = virtualServer.replace('%PORT', String(port));
        const serial = serialOf(first);
        expect(await agreed(vendor, before)).toBe(`${before} ${serial}`);
        await goTo(page, `#/virtual-server/${vendor}/${encodeURIComponent(name)}`);
        await page.getByRole('button', { name: `Change… TLS of ${name}` }).click();
        await page.getByLabel('Oldest version').selectOption('1.2');
        await takePicture(page, `${vendor}-tls`);
        expect(await findBreaches(page)).toEqual([]);
        await page.getByRole('button', { name: 'Stage this change' }).click();
        await page.keyboard.press('Control+Enter');
        expect(await push(vendor)).toMatch(tightened);
        expect(await agreed(vendor, before)).toBe('refused');
        expect(await agreed(vendor, 'TLSv1.2')).toBe(`TLSv1.2 ${serial}`);
        await takeBack(vendor);
        expect(await agreed(vendor, before)).toBe(`${before} ${serial}`);
        expect(device.running()).toBe(running);
        expect(browser.complaints).toEqual([]);
      },
    );
  },
);

/** As a certificate tells it. */
function serialOf({ certFile }: IssuedCertificate): string {
  return new X509Certificate(readFileSync(certFile)).serialNumber;
}

async function startBigip({ port, backend, certificate, key }: Beginning): Promise<Device> {
  const f5 = await startF5({
    config: `#TMSH-VERSION: 15.1.8.2
ltm node /Common/127.0.0.1 {
    address 127.0.0.1
}
ltm pool /Common/app {
    members {
        /Common/127.0.0.1:${backend} {
            address 127.0.0.1
        }
    }
}
ltm virtual /Common/shop {
    destination /Common/127.0.0.1:${port}
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/tcp { }
    }
    source 0.0.0.0/0
}
`,
    accounts: { admin: { password, shell: 'bash' } },
    carries: true,
  });
  f5.files.write('/var/tmp/shop.crt', certificate);
  f5.files.write('/var/tmp/shop.key', key);
  const commands = [
    'create sys file ssl-cert shop.crt source-path file:/var/tmp/shop.crt',
    'create sys file ssl-key shop.key source-path file:/var/tmp/shop.key',
    'create ltm profile client-ssl shop-tls cert-key-chain add { shop { cert shop.crt key shop.key } } options { dont-insert-empty-fragments }',
    'modify ltm virtual shop profiles add { shop-tls { context clientside } }',
  ];
  for (const command of commands) expect(f5.run(command), command).toBe('');
  await f5.settle();
  return f5;
}

function startAdc({ port, backend, certificate, key }: Beginning): Promise<Device> {
  return startNetscaler({
    config: `#NS13.1 Build 37.38
add server local 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add ssl certKey site -cert site.pem -key site.key
add lb vserver shop SSL 127.0.0.1 ${port} -persistenceType NONE -cltTimeout 180
bind lb vserver shop app
bind serviceGroup app local ${backend}
bind ssl vserver shop -certkeyName site
`,
    accounts: { nsroot: password },
    files: { '/nsconfig/ssl/site.pem': certificate, '/nsconfig/ssl/site.key': key },
    carries: true,
  });
}

async function startThunder({ port, backend, certificate, key }: Beginning): Promise<Device> {
  const a10 = await startA10({
    config: `!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
slb server local 127.0.0.1
  port ${backend} tcp
!
slb service-group app tcp
  member local ${backend}
!
slb template client-ssl tls
  cert site
  key site
!
slb virtual-server shop 127.0.0.1
  port ${port} https
    service-group app
    template client-ssl tls
!
end
`,
    accounts: { admin: password },
    carries: true,
  });
  const pki = a10.device.pki('shared');
  put(pki, 'cert', 'site', certificate, false);
  put(pki, 'key', 'site', key, false);
  a10.reboot(); // what its virtual servers show is read at a start
  await a10.settle();
  return a10;
}
