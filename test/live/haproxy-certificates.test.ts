import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallInput } from '../../src-main/contract/api.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { freePort } from '../rigs/free-port.ts';

const names = ['site.example', '*.site.example'];

/** Step 9 of the scenario, under the account that pushes: what a handshake shows, never what the console says. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'openssl'))(
  'a certificate of a running HAProxy',
  { timeout: 240_000 },
  () => {
    let authority: Authority;
    let site: Site;
    let called: CalledConsole;
    let directory = '';
    let pem = '';
    let stapled = '';
    let port = 0;
    let first: IssuedCertificate;
    let second: IssuedCertificate;
    beforeAll(async () => {
      authority = openAuthority();
      first = authority.issue({ names });
      second = authority.issue({ names, key: 'rsa' });
      directory = mkdtempSync(join(tmpdir(), 'steelyard-crt-'));
      chmodSync(directory, 0o755);
      pem = join(directory, 'site.pem');
      // The key of its own file, as certbot and its like leave it.
      const [split, splitKey] = [join(directory, 'split.pem'), join(directory, 'split.pem.key')];
      const legacy = join(directory, 'legacy.crt');
      writeFileSync(pem, bundleOf(first));
      writeFileSync(legacy, bundleOf(authority.issue({ names: ['legacy.example'] })));
      const third = authority.issue({ names: ['stapled.example'] });
      stapled = join(directory, 'stapled.pem');
      writeFileSync(stapled, bundleOf(third));
      copyFileSync(authority.answer(third, { days: 5 }), `${stapled}.ocsp`);
      writeFileSync(split, chainOf(first));
      writeFileSync(splitKey, readFileSync(first.keyFile));
      port = await freePort();
      const [splitPort, wild] = [await freePort(), join(directory, 'folder')];
      execFileSync('mkdir', [wild]);
      writeFileSync(join(wild, 'one.pem'), bundleOf(first));
      site = await startSite({
        more: `frontend secure
    bind 127.0.0.1:${port} ssl crt ${pem}
    default_backend app
frontend split
    bind 127.0.0.1:${splitPort} ssl crt ${split}
    bind 127.0.0.1:${await freePort()} ssl crt ${wild}/ crt ${legacy} crt ${stapled}
    default_backend app`,
      });
      site.accounts?.own(directory, [pem, legacy, split, splitKey]);
      site.accounts?.own(wild, [join(wild, 'one.pem')]);
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      authority.close();
      rmSync(directory, { recursive: true, force: true });
    });
    test('shows the OCSP answer that is stapled to it, and until when', async () => {
      const list = await called.call('certificates.list', { device: 'lb' });
      const found = list.find(({ name }) => name === stapled)?.ocsp;
      expect(found?.status).toBe('good');
      const [from, to] = [found?.thisUpdate, found?.nextUpdate].map((time) => Date.parse(time ?? ''));
      expect((to ?? 0) - (from ?? 0)).toBe(5 * 86_400_000);
      expect(list.find(({ name }) => name === pem)).not.toHaveProperty('ocsp');
    });

    let serial = '';
    beforeEach(async () => {
      serial = await served();
    });

    function chainOf({ certFile }: IssuedCertificate): Buffer {
      return Buffer.concat([readFileSync(certFile), Buffer.from(authority.ca)]);
    }
    function bundleOf(issued: IssuedCertificate): Buffer {
      return Buffer.concat([chainOf(issued), readFileSync(issued.keyFile)]);
    }
    function serialOf({ certFile }: IssuedCertificate): string {
      return new X509Certificate(readFileSync(certFile)).serialNumber;
    }
    function given(...contents: readonly Buffer[]): CallInput<'certificates.plan'>['files'] {
      return contents.map((bytes, index) => ({ name: `file${index}`, base64: bytes.toString('base64') }));
    }
    /** The serial that a client gets who asks for the site; rejects where the handshake fails. */
    function served(): Promise<string> {
      return new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port, servername: 'www.site.example', rejectUnauthorized: false };
        const socket = connect(options, () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
          socket.destroy();
        });
        socket.on('error', reject);
      });
    }
    /** Handshakes one after the other on two lines until told to stop; answers the serials in the order they came, and failures. */
    function clients() {
      let isOver = false;
      const serials: string[] = [];
      const failures: unknown[] = [];
      async function line(): Promise<void> {
        while (!isOver) {
          try {
            serials.push(await served());
          } catch (error) {
            failures.push(error);
          }
        }
      }
      const lines = [line(), line()];
      return async () => {
        isOver = true;
        await Promise.all(lines);
        return { serials: [...new Set(serials)], failures };
      };
    }
    function planFor(wish: Partial<CallInput<'certificates.plan'>>): Promise<Plan> {
      return called.call('certificates.plan', { device: 'lb', name: pem, ...wish });
    }
    async function push(plan: Plan): Promise<void> {
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
    }
    async function end(plan: Plan, how: 'keep' | 'revert'): Promise<void> {
      await called.call(`push.${how}`, { device: 'lb' });
      const state = await called.pushIn(plan.id, endPhases);
      expect(state.phase, state.problem?.detail).toBe(how === 'keep' ? 'kept' : 'reverted');
    }
    function ownership(path: string) {
      const { gid, mode } = statSync(path);
      return { gid, mode };
    }

    test('is listed with its names, its end, its chain and who uses it', async () => {
      const list = await called.call('certificates.list', { device: 'lb' });
      expect(list.map(({ name, usedBy }) => [name, usedBy])).toEqual([
        [join(directory, 'folder/one.pem'), ['split']],
        [join(directory, 'legacy.crt'), ['split']],
        [pem, ['secure']],
        [join(directory, 'split.pem'), ['split']],
        [stapled, ['split']],
      ]);
      const leaf = new X509Certificate(readFileSync(first.certFile));
      expect(list[2]).toMatchObject({
        facts: {
          names,
          serial: leaf.serialNumber,
          notAfter: leaf.validToDate.toISOString(),
          subject: `CN=${names[0]}`,
        },
        chain: [{ subject: 'CN=Test authority', issuer: 'CN=Test authority' }],
      });
    });

    test('is renewed and taken back under traffic without a handshake failing, owner and mode as before', async () => {
      const before = { bytes: readFileSync(pem), owner: ownership(pem) };
      const pids = site.haproxy.pids();
      const stop = clients();
      // The key first, the chain in the wrong order: it is put right.
      const plan = await planFor({
        files: given(readFileSync(second.keyFile), Buffer.from(authority.ca), readFileSync(second.certFile)),
      });
      expect(plan).toMatchObject({ cost: 'runtime', hold: { isHeld: true }, warnings: [expect.any(String)] });
      await push(plan);
      expect(await served()).toBe(serialOf(second));
      expect(new X509Certificate(readFileSync(pem)).serialNumber).toBe(serialOf(second));
      expect(ownership(pem)).toEqual(before.owner);
      await end(plan, 'revert');
      const { serials, failures } = await stop();
      expect(failures).toEqual([]);
      expect(serials.toSorted()).toEqual([serial, serialOf(second)].toSorted());
      expect(await served()).toBe(serial);
      expect(readFileSync(pem).equals(before.bytes)).toBe(true);
      expect(ownership(pem)).toEqual(before.owner);
      expect(site.haproxy.pids()).toEqual(pids);
      expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    test('from PKCS#12 is kept, with the key in no plan, journal or answer, and put back later from what was sealed', async () => {
      const pfx = join(authority.directory, 'second.pfx');
      const parts = ['-in', second.certFile, '-inkey', second.keyFile, '-certfile', authority.caFile];
      execFileSync('openssl', ['pkcs12', '-export', ...parts, '-out', pfx, '-passout', 'pass:right horse']);
      const files = given(readFileSync(pfx));
      await expect(planFor({ files, passphrase: 'wrong' })).rejects.toMatchObject({
        code: 'CERTIFICATE_INVALID',
        detail: expect.stringContaining('passphrase') as string,
      });
      const plan = await planFor({ files, passphrase: 'right horse' });
      await push(plan);
      await end(plan, 'keep');
      expect(await served()).toBe(serialOf(second));
      const text = JSON.stringify([plan, called.pushes, await called.call('certificates.list', { device: 'lb' })]);
      const stored = readdirSync(site.dataDir, { recursive: true, encoding: 'utf8' })
        .map((name) => join(site.dataDir, name))
        .filter((path) => statSync(path).isFile())
        .map((path) => readFileSync(path, 'latin1'));
      for (const line of [...keyLines(first.keyFile), ...keyLines(second.keyFile)]) {
        expect(text.includes(line), 'in a plan or an answer').toBe(false);
        expect(
          stored.some((file) => file.includes(line)),
          'in the data directory',
        ).toBe(false);
      }
      const list = await called.call('certificates.list', { device: 'lb' });
      expect(list.filter(({ hasPrevious }) => hasPrevious === true).map(({ name }) => name)).toEqual([pem]);
      const back = await planFor({});
      await push(back);
      await end(back, 'keep');
      expect(await served()).toBe(serial);
    });

    test('with a key file of its own is renewed in both files, or in neither', async () => {
      const name = join(directory, 'split.pem');
      const before = [readFileSync(name), readFileSync(`${name}.key`)];
      const plan = await planFor({ name, files: given(bundleOf(second)) });
      await push(plan);
      expect(readFileSync(name, 'latin1')).not.toContain('PRIVATE');
      expect(readFileSync(`${name}.key`, 'latin1')).toContain('PRIVATE');
      expect(readFileSync(name, 'latin1')).toContain(readFileSync(second.certFile, 'latin1').slice(30, 90));
      await end(plan, 'revert');
      expect([readFileSync(name), readFileSync(`${name}.key`)]).toEqual(before);
    });

    test('in a certificate directory is renewed with nothing beside it that HAProxy would load', async () => {
      const name = join(directory, 'folder/one.pem');
      const plan = await planFor({ name, files: given(bundleOf(second)) });
      await push(plan);
      const names = readdirSync(join(directory, 'folder'));
      expect(names.filter((one) => !one.startsWith('.'))).toEqual(['one.pem']);
      expect(names.length).toBeGreaterThan(1);
      await end(plan, 'revert');
      expect(readdirSync(join(directory, 'folder'))).toEqual(['one.pem']);
    });

    test('whose name a running process does not find costs a reload, and says why', async () => {
      const name = join(directory, 'legacy.crt');
      const [old, renewed] = [readFileSync(name), authority.issue({ names: ['legacy.example'] })];
      const plan = await planFor({ name, files: given(bundleOf(renewed)) });
      expect(plan.cost).toBe('reload');
      expect(plan.driver['handshakes']).toMatchObject([{ serverName: 'legacy.example' }]);
      expect(plan.warnings.join()).toContain('finds no name that ends in .crt');
      await push(plan);
      const shown = await site.haproxy.ask(`show ssl cert ${name}`);
      expect(shown).toContain(`Serial: ${serialOf(renewed)}`);
      await end(plan, 'revert');
      expect(await site.haproxy.ask(`show ssl cert ${name}`)).toContain(
        `Serial: ${new X509Certificate(old).serialNumber}`,
      );
    });

    test('whose key, dates or chain do not hold is refused in words before anything is sent', async () => {
      const before = readFileSync(pem);
      const expired = authority.issue({ names, days: -1 });
      const cases = [
        [given(chainOf(second), readFileSync(first.keyFile)), /private key belongs to none of the certificates/],
        [given(bundleOf(expired)), /has expired/],
        [given(readFileSync(second.certFile), readFileSync(second.keyFile)), /chain .* ends at .*Test authority/],
        [given(readFileSync(second.certFile)), /no private key/],
        [given(bundleOf(second), readFileSync(first.certFile)), /not belong to the chain/],
        [given(Buffer.from('hello')), /neither PEM nor DER nor PKCS#12/],
      ] as const;
      for (const [files, detail] of cases) {
        await expect(planFor({ files })).rejects.toMatchObject({
          code: 'CERTIFICATE_INVALID',
          detail: expect.stringMatching(detail) as string,
        });
      }
      expect(readFileSync(pem).equals(before)).toBe(true);
      await expect(planFor({ name: '/no/such.pem', files: given(bundleOf(second)) })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    test('that nobody kept goes back when the console ends and another starts', async () => {
      const plan = await planFor({ files: given(bundleOf(second)) });
      await push(plan);
      expect(await served()).toBe(serialOf(second));
      await called.console.close();
      called = await openCalledConsole(site.dataDir);
      const state = await called.pushIn(plan.id, endPhases);
      expect(state.phase, state.problem?.detail).toBe('reverted');
      expect(await served()).toBe(serial);
    });
  },
);

/** The lines of a key's base64, as it is and as PKCS#8 has it. */
function keyLines(file: string): readonly string[] {
  const pkcs8 = execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', file]).toString();
  return `${readFileSync(file, 'utf8')}\n${pkcs8}`
    .split('\n')
    .filter((line) => line.length > 30 && !line.startsWith('-'));
}
