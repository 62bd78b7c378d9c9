import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startA10 } from '../../src-main/simulate/a10/start.ts';
import { startF5 } from '../../src-main/simulate/f5/start.ts';
import { startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import type { SshDevice } from '../../src-main/simulate/ssh-device.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type Browser, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

const password = 'orchard';

/** Of each kind a device that carries what comes to its port to two back ends, by turns and weights. */
const kinds = [
  {
    vendor: 'f5',
    account: 'admin',
    pool: '/Common/app',
    member: (port: number) => `/Common/127.0.0.1:${String(port)}`,
    start: (port: number, members: readonly number[]) =>
      startF5({ config: f5Config(port, members), accounts: { admin: { password, shell: 'tmsh' } }, carries: true }),
  },
  {
    vendor: 'netscaler',
    account: 'nsroot',
    pool: 'shop/app',
    member: (port: number) => `local:${String(port)}`,
    start: (port: number, members: readonly number[]) =>
      startNetscaler({ config: netscalerConfig(port, members), accounts: { nsroot: password }, carries: true }),
  },
  {
    vendor: 'a10',
    account: 'admin',
    pool: 'app',
    member: (port: number) => `local:${String(port)}`,
    start: (port: number, members: readonly number[]) =>
      startA10({ config: a10Config(port, members), accounts: { admin: password }, carries: true }),
  },
] as const;

describe.skipIf(isMissing('chromium'))('traffic through simulated appliances', { timeout: 120_000 }, () => {
  let backends: Backends;
  const devices: (SshDevice & { readonly settle: () => Promise<void> })[] = [];
  const ports: number[] = [];
  let dataDir: string;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    backends = await startBackends(['b1', 'b2']);
    dataDir = await mkdtemp(join(tmpdir(), 'steelyard-traffic-'));
    const called = await openCalledConsole(dataDir);
    await called.call('secrets.protect', { passphrase: 'of this test' });
    for (const { vendor, account, start } of kinds) {
      const port = await freePort();
      const device = await start(port, backends.ports);
      devices.push(device);
      ports.push(port);
      const address = `${vendor}+ssh://${account}@${device.host}:${String(device.port)}`;
      const credentials = { password };
      await called.call('devices.test', { testId: vendor, address, credentials, acceptHostKey: device.fingerprint });
      await called.call('devices.add', { spec: { name: vendor, address, environment: 'lab' }, credentials });
    }
    await called.console.close();
    vi.stubEnv('STEELYARD_PASSPHRASE', 'of this test');
    served = await startServed([], dataDir);
    vi.unstubAllEnvs();
    browser = await openBrowser();
    page = await browser.open(served.link);
    page.setDefaultTimeout(45_000);
  }, 90_000);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `traffic-window-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    for (const device of devices) await device.close();
    await backends.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  test.each(kinds.map((kind, at) => ({ ...kind, at })))(
    'of $vendor follows a weight and a drain that the window pushed',
    async ({ vendor, pool, member, at }) => {
      const [device, port = 0] = [devices[at], ports[at]];
      const [first = 0, second = 0] = backends.ports;
      async function pushAndKeep(): Promise<void> {
        await page.keyboard.press('Control+Enter');
        await page.getByRole('button', { name: `Push to ${vendor}` }).click();
        await page.getByRole('heading', { name: `Sent to ${vendor}, waiting for Keep` }).waitFor();
        await page.getByRole('button', { name: 'Keep', exact: true }).click();
        await page.getByRole('heading', { name: `Kept on ${vendor}` }).waitFor();
        await device?.settle();
      }
      expect((await sendRequests(port, 40)).byBackend).toEqual({ b1: 20, b2: 20 });
      await goTo(page, `#/pool/${vendor}/${encodeURIComponent(pool)}`);
      const field = page.getByRole('spinbutton', { name: `Weight of ${member(first)}` });
      await field.fill('3');
      await field.press('Enter');
      await pushAndKeep();
      // The first round may begin in its middle.
      const { byBackend } = await sendRequests(port, 400);
      expect(Math.abs((byBackend['b1'] ?? 0) - 300), JSON.stringify(byBackend)).toBeLessThanOrEqual(4);
      await goTo(page, `#/pool/${vendor}/${encodeURIComponent(pool)}`);
      await page.getByRole('button', { name: `Actions for ${member(second)}` }).click();
      await page.getByRole('menu').getByText(/Drain/).click();
      await pushAndKeep();
      expect((await sendRequests(port, 40)).byBackend).toEqual({ b1: 40 });
    },
  );
});

function f5Config(port: number, members: readonly number[]): string {
  const each = members.map((one) => `        /Common/127.0.0.1:${one} {\n            address 127.0.0.1\n        }\n`);
  return `#TMSH-VERSION: 15.1.8.2
ltm node /Common/127.0.0.1 {
    address 127.0.0.1
}
ltm pool /Common/app {
    load-balancing-mode ratio-member
    members {
${each.join('')}    }
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
`;
}

function netscalerConfig(port: number, members: readonly number[]): string {
  return `#NS13.1 Build 37.38
add server local 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add lb vserver shop HTTP 127.0.0.1 ${port} -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
${members.map((each) => `bind serviceGroup app local ${each}\n`).join('')}`;
}

function a10Config(port: number, members: readonly number[]): string {
  return `!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
slb server local 127.0.0.1
${members.map((each) => `  port ${each} tcp\n`).join('')}!
slb service-group app tcp
  method service-weighted-rr
${members.map((each) => `  member local ${each}\n`).join('')}!
slb virtual-server shop 127.0.0.1
  port ${port} http
    service-group app
!
end
`;
}
