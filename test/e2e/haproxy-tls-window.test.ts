import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { push, takeBack, unlock } from './haproxy-page.ts';
import { goTo } from './renderer-page.ts';

/** TLS tightened by the window, proved by handshakes with the HAProxy. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'openssl', 'chromium'))('TLS of a HAProxy in the window', () => {
  let authority: Authority;
  let issued: IssuedCertificate;
  let site: Site;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;
  let directory = '';
  let tlsPort = 0;

  beforeAll(async () => {
    authority = openAuthority();
    issued = authority.issue({ names: ['site.example'] });
    directory = mkdtempSync(join(tmpdir(), 'steelyard-clients-'));
    chmodSync(directory, 0o755);
    const parts = [issued.certFile, authority.caFile, issued.keyFile];
    writeFileSync(pem(), Buffer.concat(parts.map((path) => readFileSync(path))));
    tlsPort = await freePort();
    site = await startSite({
      more: `frontend secure\n    bind 127.0.0.1:${tlsPort} ssl crt ${pem()} ssl-min-ver TLSv1.2\n    default_backend app`,
    });
    site.accounts?.own(directory, [pem()]);
    const called = await openCalledConsole(site.dataDir);
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    await called.console.close();
    served = await startServed([], site.dataDir);
    browser = await openBrowser();
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
    await unlock(page);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `haproxy-tls-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await site.close();
    authority.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function pem(): string {
    return join(directory, 'site.pem');
  }
  /** The version that was agreed on, or `refused`; a suite is offered alone. */
  function handshake(version: SecureVersion, ciphers?: string): Promise<{ version: string; serial: string }> {
    return new Promise((resolve) => {
      const only = { minVersion: version, maxVersion: version, ...(ciphers === undefined ? {} : { ciphers }) };
      const socket = connect({ host: '127.0.0.1', port: tlsPort, rejectUnauthorized: false, ...only }, () => {
        const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
        resolve({ version: socket.getProtocol() ?? '', serial });
        socket.destroy();
      });
      socket.on('error', () => {
        resolve({ version: 'refused', serial: '' });
      });
    });
  }
  async function agreed(version: SecureVersion, ciphers?: string): Promise<string> {
    return (await handshake(version, ciphers)).version;
  }

  test('10: a profile by name refuses old suites, another old versions; new handshakes are served, and all is back once taken back', async () => {
    const before = site.haproxy.readConfig();
    const old = 'ECDHE-ECDSA-AES128-SHA256';
    async function choose(profile: string): Promise<string> {
      await goTo(page, '#/virtual-server/lb/secure');
      await page.getByText(pem()).waitFor();
      await page.getByRole('button', { name: 'Change… TLS of secure' }).click();
      await page.getByLabel('Mozilla’s profile').selectOption(profile);
      await page.getByRole('button', { name: 'Stage this change' }).click();
      return push(page);
    }
    expect(await agreed('TLSv1.2', old)).toBe('TLSv1.2');
    expect(await choose('intermediate')).toContain('ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.3 ciphers ECDHE-');
    expect(await agreed('TLSv1.2', old)).toBe('refused');
    expect(await agreed('TLSv1.2')).toBe('TLSv1.2');
    expect(await agreed('TLSv1.3')).toBe('TLSv1.3');
    await takeBack(page);
    expect(await agreed('TLSv1.2', old)).toBe('TLSv1.2');
    expect(await choose('modern')).toContain('ssl-min-ver TLSv1.3');
    expect(await agreed('TLSv1.2')).toBe('refused');
    const { serialNumber } = new X509Certificate(readFileSync(issued.certFile));
    expect(await handshake('TLSv1.3')).toEqual({ version: 'TLSv1.3', serial: serialNumber });
    await takeBack(page);
    expect(await agreed('TLSv1.2')).toBe('TLSv1.2');
    expect(site.haproxy.readConfig()).toBe(before);
    expect(await findBreaches(page)).toEqual([]);
  });
});
