import { rm } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../src-main/contract/errors.ts';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type DemoConsole, openDemoConsole } from '../rigs/demo-console.ts';
import { demoPush } from '../rigs/demo-plan.ts';
import { hostileDevice } from '../rigs/demo-estate.ts';
import { isMissing } from '../rigs/need.ts';
import { buildRenderer } from '../rigs/renderer-build.ts';
import { focusedName, goTo, sidewaysScroll, tabTo } from './renderer-page.ts';

let pages = '';
let browser: Browser;
let demo: DemoConsole;
let page: Page;
beforeAll(async () => {
  pages = await buildRenderer();
  browser = await openBrowser({});
});
afterAll(async () => {
  await browser.close();
  await rm(pages, { recursive: true, force: true });
});
beforeEach(async () => {
  demo = await openDemoConsole({ pages, isHostile: true, isDesktop: true });
  page = await browser.context.newPage();
  await page.goto(demo.link());
  await page.getByText('Needs someone').waitFor();
});
afterEach(async () => {
  await page.close();
  await demo.close();
});

const writing = new Set(['push.start', 'push.keep', 'push.revert', 'devices.remove', 'devices.add']);
function writes(): readonly string[] {
  return demo.calls.map(({ name }) => name).filter((name) => writing.has(name));
}
function inputOf(name: string): unknown {
  return demo.calls.findLast((call) => call.name === name)?.input;
}

describe.skipIf(isMissing('chromium'))('by keyboard alone', () => {
  test('a weight is changed, seen as commands, pushed and kept', async () => {
    await goTo(page, '#/pool/lab/app');
    await page.getByRole('spinbutton', { name: 'Weight of files-1' }).waitFor();
    await tabTo(page, 'Weight of files-1');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.getByText('files-1 weight 1 → 3').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await focusedName(page)).not.toBe('Weight of files-1');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Review changes' }).waitFor();
    await page.getByText('systemctl reload haproxy').first().waitFor();
    expect(writes()).toEqual([]);
    expect(inputOf('plan.make')).toEqual({
      device: 'lab',
      desired: { pools: [{ name: 'app', members: [{ name: 'files-1', weight: 3 }] }] },
    });
    await tabTo(page, 'Push to lab');
    await page.keyboard.press('Enter');
    await page.getByRole('timer').waitFor();
    await tabTo(page, 'Keep');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Kept on lab' }).waitFor();
    expect(writes()).toEqual(['push.start', 'push.keep']);
    expect(inputOf('push.start')).toMatchObject({ plan: { id: 'k3v9x2m4', device: 'lab' }, confirmWithinMs: 60_000 });
  });

  test('a member is drained through its menu, and the menu gives the focus back', async () => {
    await goTo(page, '#/pool/lab/app');
    await tabTo(page, 'Actions for files-2');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByText('files-2 enabled → draining').first().waitFor();
    expect(await focusedName(page)).toBe('Actions for files-2');
    await page.keyboard.press('Control+z');
    await page.getByText('files-2 enabled → draining').first().waitFor({ state: 'detached' });
  });

  test('an algorithm that needs a key asks for it before it is staged', async () => {
    await goTo(page, '#/pool/lab/app');
    const select = page.getByLabel('Algorithm of app');
    await select.focus();
    await select.selectOption('header-hash');
    await page.getByRole('button', { name: 'Stage this algorithm' }).click();
    await page.getByText('A value is needed.').waitFor();
    await page.keyboard.type('X-User');
    await page.keyboard.press('Enter');
    await page
      .getByText(/round-robin → header-hash, key X-User/)
      .first()
      .waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
    expect(inputOf('plan.make')).toEqual({
      device: 'lab',
      desired: { pools: [{ name: 'app', algorithm: { name: 'header-hash', key: 'X-User' } }] },
    });
    expect(writes()).toEqual([]);
  });

  test('the cookie that holds clients gets another name, which it cannot be without', async () => {
    await goTo(page, '#/pool/lab/app');
    await tabTo(page, 'Change… persistence of app');
    await page.keyboard.press('Enter');
    await page.getByLabel('Name of the cookie (needed)').fill('');
    await page.getByRole('button', { name: 'Stage this persistence' }).click();
    await page.getByText('A value is needed.').waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await page.keyboard.type('NODE');
    await page.keyboard.press('Enter');
    await page.getByText('app persistence cookie-insert SRV → cookie-insert NODE').first().waitFor();
    expect(await focusedName(page)).toBe('Change… persistence of app');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
    expect(inputOf('plan.make')).toEqual({
      device: 'lab',
      desired: {
        pools: [{ name: 'app', persistence: { method: 'cookie-insert', cookieName: 'NODE', timeoutMs: 1_800_000 } }],
      },
    });
    expect(writes()).toEqual([]);
  });

  test('the health check of a pool becomes a dialogue, with an agent beside it', async () => {
    await goTo(page, '#/pool/lab/app');
    await tabTo(page, 'Change… health checks of app');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Path' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Path' }).inputValue()).toBe('/health');
    await page.getByLabel('How members are checked').selectOption('tcp-send-expect');
    await page.getByLabel('Steps, one a line').fill('send PING\\r\\n\nsing');
    await page.getByLabel('An agent on each member is asked besides').check();
    await page.getByRole('button', { name: 'Stage these checks' }).click();
    await page.getByText('One of the lines is no step.').waitFor();
    const steps = page.getByLabel('Steps, one a line');
    await page.locator('textarea:focus').waitFor();
    await steps.fill('send PING\\r\\n\nexpect +PONG');
    await page.getByLabel('Port (needed)').fill('9000');
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await findBreaches(page)).toEqual([]);
      await takePicture(page, `health-checks-${colorScheme}`);
    }
    await page.keyboard.press('Enter');
    await page.getByText('app health checks http /health → tcp-send-expect agent').first().waitFor();
    expect(await focusedName(page)).toBe('Change… health checks of app');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
    expect(inputOf('plan.make')).toMatchObject({
      device: 'lab',
      desired: {
        monitors: [
          { name: 'http-ok', type: 'tcp-send-expect', path: '', steps: [{ send: 'PING\\r\\n' }, { expect: '+PONG' }] },
          { name: 'app/agent', type: 'agent', port: 9000 },
        ],
        pools: [{ name: 'app', monitors: ['http-ok', 'app/agent'] }],
      },
    });
    expect(writes()).toEqual([]);
  });

  test('a member is added, and another removed', async () => {
    await goTo(page, '#/pool/lab/app');
    await tabTo(page, 'Add a member…');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stage this member' }).click();
    await page.getByText('An address without spaces is needed.').waitFor();
    await page.getByLabel('Address').fill('127.0.0.1');
    await page.getByLabel('Port').fill('9005');
    await page.keyboard.press('Enter');
    await page.getByText('app + 127.0.0.1:9005').first().waitFor();
    await tabTo(page, 'Actions for files-4');
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByText('will be removed').waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
    expect(inputOf('plan.make')).toMatchObject({
      desired: {
        pools: [
          {
            name: 'app',
            members: [
              { name: '127.0.0.1:9005', address: '127.0.0.1', port: 9005 },
              { name: 'files-4', absent: true },
            ],
          },
        ],
      },
    });
  });

  test('the palette finds a member and runs a command', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('dl-fra-04');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'dl-origin', level: 1 }).waitFor();
    await page.locator('tr[aria-current=location]', { hasText: 'dl-fra-04' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('>add a device');
    await page.keyboard.press('Enter');
    await page.getByText('What is it?').first().waitFor();
  });

  test('an option of the desktop is switched, and what does not apply says why', async () => {
    await goTo(page, '#/settings');
    await page.getByRole('switch', { name: 'Close into the icon' }).waitFor();
    await page.getByRole('switch', { name: 'Icon beside the clock' }).focus();
    await page.keyboard.press('Space');
    await page.getByRole('switch', { name: 'Close into the icon', disabled: true }).waitFor();
    expect(inputOf('settings.set')).toEqual({ key: 'desktop.tray', value: 'off' });
    expect(await page.getByRole('switch', { name: 'Start when I sign in' }).isDisabled()).toBe(true);
    await page.getByText('Only the installed program can be started at sign-in.').waitFor();
  });

  test('what the desktop asks for is shown: a place, why a link was refused, the palette', async () => {
    demo.show({ place: { screen: 'pool', device: 'hap-fra1', pool: 'dl-origin', member: 'dl-fra-02' } });
    await page.locator('tr[aria-current=location]', { hasText: 'dl-fra-02' }).waitFor();
    demo.show({ problem: new AppError('INPUT_INVALID', 'The link "x" is refused.').toProblem() });
    await page.getByText('The link "x" is refused.').first().waitFor();
    demo.show({ dialog: 'palette' });
    await page.getByRole('combobox').waitFor();
  });

  test('the tree is walked with the arrows and opens what Enter is pressed on', async () => {
    await goTo(page, '#/devices');
    await page.getByRole('treeitem').first().focus();
    await page.keyboard.press('/');
    expect(await focusedName(page)).toBe('Filter');
    await page.keyboard.type('be_www');
    await page.getByRole('treeitem').first().focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'be_www', level: 1 }).waitFor();
  });
});

describe.skipIf(isMissing('chromium'))('the lock', () => {
  test('a locked device offers no editor; a reason turns writing on, and the bar locks again', async () => {
    await goTo(page, '#/pool/hap-fra1/dl-origin');
    await page.getByText('Unlock…').first().waitFor();
    expect(await page.getByRole('spinbutton').count()).toBe(0);
    expect(await page.getByLabel(/^Algorithm of/).count()).toBe(0);
    await page.getByRole('button', { name: 'Actions for dl-fra-01' }).click();
    await page.getByRole('menuitemradio', { name: /Drain/ }).click({ force: true });
    expect(await page.getByText(/enabled → draining/).count()).toBe(0);
    expect(await page.getByText('Locked for reading').count()).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Shift+u');
    expect(await page.getByRole('button', { name: 'Unlock 1 device' }).isDisabled()).toBe(true);
    await page.getByLabel('Reason').fill('move load');
    await page.keyboard.press('Enter');
    await page.getByText('PRODUCTION: writing is on').waitFor();
    expect(inputOf('devices.unlock')).toEqual({ devices: ['hap-fra1'], reason: 'move load', minutes: 30 });
    await page.getByRole('spinbutton', { name: 'Weight of dl-fra-01' }).waitFor();
    await page.getByRole('button', { name: 'Lock now' }).click();
    await page.getByRole('spinbutton').first().waitFor({ state: 'detached' });
  });

  test('production is pushed only when its name was typed', async () => {
    await goTo(page, '#/pool/hap-fra1/dl-origin');
    await page.keyboard.press('Control+Shift+u');
    await page.getByLabel('Reason').fill('move load');
    await page.keyboard.press('Enter');
    const weight = page.getByRole('spinbutton', { name: 'Weight of dl-fra-04' });
    await weight.fill('2');
    await weight.press('Enter');
    await page.keyboard.press('Control+Enter');
    const push = page.getByRole('button', { name: 'Push to hap-fra1' });
    await push.waitFor();
    expect(await push.isDisabled()).toBe(true);
    await page.getByLabel(/Type hap-fra1/).fill('hap-fra2');
    expect(await push.isDisabled()).toBe(true);
    await page.getByLabel(/Type hap-fra1/).fill('hap-fra1');
    await push.click();
    await page.getByRole('timer').waitFor();
    expect(inputOf('push.start')).toMatchObject({ typed: 'hap-fra1' });
    await page.getByRole('button', { name: 'Revert now' }).click();
    await page.getByRole('heading', { name: 'The change on hap-fra1 went back' }).waitFor();
    expect(writes()).toEqual(['push.start', 'push.revert']);
  });
});

/** What a button is once its call was refused: it says why, and can be pressed again. */
describe.skipIf(isMissing('chromium'))('what fails half-way leaves every button usable', () => {
  const gone = new AppError('UNREACHABLE', 'lab did not answer. Nothing was sent.');

  async function review(): Promise<void> {
    await goTo(page, '#/pool/lab/app');
    const weight = page.getByRole('spinbutton', { name: 'Weight of files-1' });
    await weight.fill('3');
    await weight.press('Enter');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
  }

  test('a device that goes away while its plan is shown: the push says so, and goes when it is there again', async () => {
    await review();
    demo.refuseNext('push.start', gone);
    const push = page.getByRole('button', { name: 'Push to lab' });
    await push.click();
    await page.getByText('lab did not answer. Nothing was sent.').first().waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await push.click();
    await page.getByRole('timer').waitFor();
  });

  test('a plan that cannot be made says why, and is made by the button beside it', async () => {
    demo.refuseNext('plan.make', gone);
    await goTo(page, '#/pool/lab/app');
    const weight = page.getByRole('spinbutton', { name: 'Weight of files-1' });
    await weight.fill('3');
    await weight.press('Enter');
    await page.keyboard.press('Control+Enter');
    await page.getByText('No plan could be made for this device. Nothing was sent.').waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await page.getByRole('button', { name: 'Read again and compare' }).last().click();
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
  });

  test('a window that is loaded anew while a push is under way shows it, its countdown, and keeps it', async () => {
    await review();
    await page.getByRole('button', { name: 'Push to lab' }).click();
    await page.getByRole('timer').waitFor();
    const waiting = demo.pushOf('lab');
    if (waiting === undefined) throw new Error('no push waits');
    const { revertsAt, ...sending } = waiting;
    demo.showPush({ ...sending, phase: 'running' });
    await page.reload();
    await page.getByRole('heading', { name: /^Sending to lab/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Keep', exact: true }).count()).toBe(0);
    demo.showPush({ ...waiting, ...(revertsAt === undefined ? {} : { revertsAt }) });
    demo.refuseNext('push.keep', gone);
    const keep = page.getByRole('button', { name: 'Keep', exact: true });
    await keep.click();
    await page.getByText('lab did not answer. Nothing was sent.').first().waitFor();
    await keep.click();
    await page.getByRole('heading', { name: 'Kept on lab' }).waitFor();
  });

  test('a push that stopped half-way offers the way back until it has worked', async () => {
    await review();
    await page.getByRole('button', { name: 'Push to lab' }).click();
    await page.getByRole('timer').waitFor();
    const { plan } = demo.pushOf('lab') ?? {};
    if (plan === undefined) throw new Error('no push waits');
    demo.showPush(demoPush(plan, 'stuck', Date.now()));
    await page.getByText('unknown keyword').first().waitFor({ state: 'attached' });
    demo.refuseNext('push.revert', gone);
    const back = page.getByRole('button', { name: 'Try again to take it back' });
    await back.click();
    await page.getByText('lab did not answer. Nothing was sent.').first().waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await back.click();
    await page.getByRole('heading', { name: 'The change on lab went back' }).waitFor();
  });

  test('an unlock that fails keeps its dialog and its reason', async () => {
    await goTo(page, '#/pool/hap-fra1/dl-origin');
    await page.keyboard.press('Control+Shift+u');
    await page.getByLabel('Reason').fill('move load');
    demo.refuseNext('devices.unlock', gone);
    await page.keyboard.press('Enter');
    await page.getByText('lab did not answer. Nothing was sent.').first().waitFor();
    await page.getByRole('button', { name: 'Unlock 1 device' }).click();
    await page.getByText('PRODUCTION: writing is on').waitFor();
  });
});

describe.skipIf(isMissing('chromium'))('settings that forms write', () => {
  test('limits, a queue, TLS to members and addresses are staged by keyboard and wished for as one', async () => {
    await goTo(page, '#/pool/lab/app');
    await tabTo(page, 'Actions for files-1');
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Limits…' }).press('Enter');
    await page.getByLabel('Connections at most').fill('many');
    await page.keyboard.press('Enter');
    await page.getByText('This number cannot be used.').waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await page.getByLabel('Connections at most').fill('50');
    await page.keyboard.press('Enter');
    await page.getByText('files-1 connection limit none → 50').first().waitFor();
    await tabTo(page, 'Change… Queue of app');
    await page.keyboard.press('Enter');
    await page.getByLabel('Wait at most, in seconds').fill('7.5');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Change… TLS to the members of app');
    await page.keyboard.press('Enter');
    await page.getByLabel('Speak TLS to the members').check();
    await page.getByLabel('Verify their certificates').check();
    await page.getByLabel('File of the authority, on the device').fill('/etc/ssl/ca.pem');
    expect(await findBreaches(page)).toEqual([]);
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await goTo(page, '#/virtual-server/lab/fe_app');
    await tabTo(page, 'Change… Where fe_app listens');
    await page.keyboard.press('Enter');
    await page.getByLabel('Addresses, one a line').fill('203.0.113.20:443\n[2001:db8::1]:443');
    expect(await findBreaches(page)).toEqual([]);
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
    expect(inputOf('plan.make')).toEqual({
      device: 'lab',
      desired: {
        virtualServers: [{ name: 'fe_app', listen: ['203.0.113.20:443', '[2001:db8::1]:443'] }],
        pools: [
          {
            name: 'app',
            queue: { limit: 100, timeoutMs: 7500 },
            tls: { verify: true, caFile: '/etc/ssl/ca.pem', exact: true },
            members: [{ name: 'files-1', maxConnections: 50 }],
          },
        ],
      },
    });
    expect(writes()).toEqual([]);
  });
});

describe.skipIf(isMissing('chromium'))('TLS of a virtual server', () => {
  test('is tightened by a profile by keyboard, and its certificates are shown and stay', async () => {
    await goTo(page, '#/virtual-server/lab/fe_app');
    await tabTo(page, 'Change… TLS of fe_app');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Certificates stay as they are: /etc/haproxy/certs/site.pem').waitFor();
    await page.getByLabel('Certificates of clients').selectOption('required');
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await page.getByText('The file of the authority is needed, without spaces.').waitFor();
    await page.locator('input:focus').fill('/etc/ssl/clients.pem');
    await page.getByLabel('Mozilla’s profile').selectOption('modern');
    expect(await page.getByLabel('Oldest version').inputValue()).toBe('1.3');
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await findBreaches(page)).toEqual([]);
      await takePicture(page, `client-tls-${colorScheme}`);
    }
    await page.getByLabel('File of the authority, on the device').press('Enter');
    expect(await focusedName(page)).toBe('Change… TLS of fe_app');
    await page
      .getByText(/fe_app TLS from 1\.2, groups x25519 → TLS from 1\.3, up to 1\.3/)
      .first()
      .waitFor();
    await takePicture(page, 'client-tls-staged');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lab' }).waitFor();
    expect(inputOf('plan.make')).toEqual({
      device: 'lab',
      desired: {
        virtualServers: [
          {
            name: 'fe_app',
            tls: {
              certificates: [{ certFile: '/etc/haproxy/certs/site.pem' }],
              groups: ['x25519'],
              minVersion: '1.3',
              maxVersion: '1.3',
              cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
              clientAuth: 'required',
              caFile: '/etc/ssl/clients.pem',
              exact: true,
            },
          },
        ],
      },
    });
    expect(writes()).toEqual([]);
  });
});

describe.skipIf(isMissing('chromium'))('a kind of device that was never tried on a real one', () => {
  test('is called so on each of its screens, in the inventory and beside the push, and no other device is', async () => {
    const untried = page.getByText('Not yet tried on a real device').first();
    for (const screen of [
      'device/hap-nyc3',
      'pool/hap-nyc3/sg_dl',
      'virtual-server/hap-nyc3/fe_sg_dl',
      'history/hap-nyc3',
      'devices',
    ]) {
      await goTo(page, `#/${screen}`);
      await untried.waitFor();
    }
    await goTo(page, '#/history/hap-nyc3');
    await page.getByRole('button', { name: /^#1/ }).click();
    await page.getByRole('button', { name: 'Bring this version back…' }).click();
    await page.getByText('Look twice at what a plan shows before it is sent.').first().waitFor();
    await goTo(page, '#/device/hap-fra1');
    await untried.waitFor({ state: 'detached' });
  });
});

describe.skipIf(isMissing('chromium'))('what comes from outside', () => {
  test('names made of markup, right-to-left marks and ten thousand characters are text on every screen', async () => {
    const { name, pools } = hostileDevice;
    const device = encodeURIComponent(name);
    const pool = encodeURIComponent(pools[0]?.name ?? '');
    for (const hash of [
      '#/overview',
      '#/devices',
      `#/device/${device}`,
      `#/pool/${device}/${pool}`,
      `#/history/${device}`,
      '#/change',
    ]) {
      await goTo(page, hash);
      await page.waitForTimeout(1100); // a tick, so that live rows hold the names too
      expect(await sidewaysScroll(page), hash.slice(0, 40)).toEqual([0, 0]);
      expect(await page.evaluate(() => (globalThis as unknown as { isHurt?: number }).isHurt)).toBeUndefined();
      expect(await page.locator('#app img, #app script, #app [onload], #app [onmouseover]').count()).toBe(0);
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.type('<img');
    await page.getByRole('option').first().waitFor();
    expect(await page.locator('dialog img').count()).toBe(0);
    expect(await findBreaches(page)).toEqual([]);
  });

  test('a console that goes away is told as such, and what was last known stays', async () => {
    await goTo(page, '#/pool/lab/app');
    await page.getByText('files-1').first().waitFor();
    await demo.server.close();
    await page.getByText('The console is not reachable.').first().waitFor();
    expect(await page.getByText('files-1').count()).toBeGreaterThan(0);
  });

  test('the add wizard walks the test, shows a new key, and stops at a right that is missing with the raw answer', async () => {
    await goTo(page, '#/add');
    await page.getByLabel(/HAProxy over SSH/).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Host').fill('sudo.example');
    await page.keyboard.press('Enter');
    await page.getByLabel('User').fill('deploy');
    await page.keyboard.press('Enter');
    await page.getByText('The host key is new.').waitFor();
    await page.getByText('SHA256:Qm4kN0s7Lw1v2Xr9Zt3Yp5Ub8Cd6Ef4Gh2Ij0Kl1x8E').waitFor();
    expect(inputOf('devices.test')).not.toHaveProperty('acceptHostKey');
    await page.getByRole('button', { name: /accept the key/ }).click();
    await page.getByText('sudo: a password is required').waitFor();
    expect(inputOf('devices.test')).toMatchObject({
      address: 'haproxy+ssh://deploy@sudo.example',
      acceptHostKey: 'SHA256:Qm4kN0s7Lw1v2Xr9Zt3Yp5Ub8Cd6Ef4Gh2Ij0Kl1x8E',
    });
    expect(writes()).toEqual([]);
  });

  test('a changed host key blocks: there is nothing to accept', async () => {
    await goTo(page, '#/add');
    await page.getByLabel(/HAProxy over SSH/).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Host').fill('changed.example');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page
      .getByRole('button', { name: 'Next' })
      .click()
      .catch(() => undefined);
    await page.getByText('The host key has changed.').first().waitFor();
    expect(await page.getByRole('button', { name: /accept/ }).count()).toBe(0);
  });
});
