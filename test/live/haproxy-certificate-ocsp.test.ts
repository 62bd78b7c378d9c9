import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readMaterial } from '../../src-main/console/certificates/material.ts';
import type { CallInput } from '../../src-main/contract/api.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { runCommandLine } from '../rigs/command-line.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

const run = promisify(execFile);
const dayMs = 86_400_000;

/** Under the account that pushes: what openssl's client is stapled, never what the console says. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'openssl'))(
  'the OCSP answer to a certificate of a running HAProxy',
  { timeout: 240_000 },
  () => {
    let authority: Authority;
    let site: Site;
    let called: CalledConsole;
    let [base, folder, pem] = ['', '', ''];
    let port = 0;
    let first: IssuedCertificate;
    let second: IssuedCertificate;
    beforeAll(async () => {
      authority = openAuthority();
      first = authority.issue({ names: ['site.example'] });
      second = authority.issue({ names: ['site.example'] });
      base = mkdtempSync(join(tmpdir(), 'steelyard-ocsp-'));
      chmodSync(base, 0o755);
      folder = join(base, 'folder');
      mkdirSync(folder);
      pem = join(folder, 'a.pem');
      writeFileSync(pem, bundleOf(first));
      copyFileSync(authority.answer(first, { days: 5 }), `${pem}.ocsp`);
      port = await freePort();
      site = await startSite({
        more: `frontend secure
    bind 127.0.0.1:${port} ssl crt ${folder}/
    default_backend app`,
      });
      site.accounts?.own(base, []);
      site.accounts?.own(folder, [pem, `${pem}.ocsp`]);
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      authority.close();
      rmSync(base, { recursive: true, force: true });
    });

    const old = { serial: '', days: 5 };
    beforeEach(async () => {
      old.serial = serialOf(first);
      expect(await stapled('site.example')).toEqual(old);
    });

    function bundleOf({ certFile, keyFile }: IssuedCertificate): Buffer {
      return Buffer.concat([readFileSync(certFile), Buffer.from(authority.ca), readFileSync(keyFile)]);
    }
    function serialOf({ certFile }: IssuedCertificate): string {
      return new X509Certificate(readFileSync(certFile)).serialNumber;
    }
    /** Whose answer a client is shown and for how many days it is; undefined = none. */
    async function stapled(name: string): Promise<{ serial: string; days: number } | undefined> {
      const words = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-status', '-no_ign_eof'];
      const asking = run('openssl', words);
      asking.child.stdin?.end();
      const { stdout } = await asking;
      if (stdout.includes('OCSP response: no response sent')) return undefined;
      expect(stdout).toContain('Cert Status: good');
      const [serial, from, to] = [/Serial Number: (\w+)/, /This Update: (.+)/, /Next Update: (.+)/].map(
        (pattern) => pattern.exec(stdout)?.[1] ?? '',
      );
      return { serial: serial ?? '', days: (Date.parse(to ?? '') - Date.parse(from ?? '')) / dayMs };
    }
    function given(...contents: readonly Buffer[]): CallInput<'certificates.plan'>['files'] {
      return contents.map((bytes, index) => ({ name: `file${index}`, base64: bytes.toString('base64') }));
    }
    function planFor(
      files: CallInput<'certificates.plan'>['files'],
      more: Partial<CallInput<'certificates.plan'>> = {},
    ): Promise<Plan> {
      return called.call('certificates.plan', { device: 'lb', name: pem, files, ...more });
    }
    async function push(plan: Plan): Promise<void> {
      await called.call('push.start', { plan, confirmWithinMs: 120_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
    }
    async function revert(plan: Plan): Promise<void> {
      await called.call('push.revert', { device: 'lb' });
      const state = await called.pushIn(plan.id, endPhases);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('reverted');
    }
    /** As an operator does it, by hand; over when another process answers. */
    async function reload(): Promise<void> {
      const before = await site.haproxy.answeringPid();
      site.haproxy.reload();
      await expect
        .poll(() => site.haproxy.answeringPid().catch(() => before), { timeout: 60_000, interval: 50 })
        .not.toBe(before);
    }
    /** What HAProxy looks at, and the names of what a push has left; those files come and go while it waits. */
    function look() {
      const names = readdirSync(folder).toSorted();
      const visible = names
        .filter((name) => !name.startsWith('.'))
        .map((name) => {
          const path = join(folder, name);
          const { gid, mode } = statSync(path);
          return { name, gid, mode, bytes: readFileSync(path, 'latin1') };
        });
      return { visible, hidden: names.filter((name) => name.startsWith('.')) };
    }

    test('is stapled with the certificate that it comes with, by file and at once, and gives way to the old one', async () => {
      const before = look();
      const pids = site.haproxy.pids();
      const answer = readFileSync(authority.answer(second, { days: 7 }));
      const plan = await planFor(given(bundleOf(second), answer));
      expect(plan).toMatchObject({ cost: 'runtime', hold: { isHeld: true } });
      expect(plan.changes.map(({ key }) => key)).toContain('ocsp');
      await push(plan);
      expect(await stapled('site.example')).toEqual({ serial: serialOf(second), days: 7 });
      expect(site.haproxy.pids()).toEqual(pids);
      expect(readFileSync(`${pem}.ocsp`).equals(answer)).toBe(true);
      const rights = [look(), before].map(({ visible }) => visible.map(({ gid, mode }) => [gid, mode]));
      expect(rights[0]).toEqual(rights[1]);
      await reload();
      expect(await stapled('site.example')).toEqual({ serial: serialOf(second), days: 7 });
      await revert(plan);
      expect(await stapled('site.example')).toEqual(old);
      expect(look()).toEqual(before);
    });

    test('goes with a certificate that is renewed without a new one, as the plan says, and comes back with it', async () => {
      const before = look();
      const plan = await planFor(given(bundleOf(second)));
      expect(plan.warnings.join('\n')).toContain(`${pem}.ocsp is an answer about the old certificate: it is removed`);
      await push(plan);
      expect(await stapled('site.example')).toBeUndefined();
      expect(look().visible.map(({ name }) => name)).toEqual(['a.pem']);
      await revert(plan);
      expect(await stapled('site.example')).toEqual(old);
      expect(look()).toEqual(before);
    });

    test('comes and goes with a certificate that HAProxy did not have', async () => {
      const before = look();
      const issued = authority.issue({ names: ['new.example'] });
      const answer = readFileSync(authority.answer(issued, { days: 3 }));
      const name = join(folder, 'new.pem');
      const plan = await planFor(given(bundleOf(issued), answer), { name, add: {} });
      expect(plan.cost).toBe('runtime');
      await push(plan);
      expect(await stapled('new.example')).toEqual({ serial: serialOf(issued), days: 3 });
      const [made, its] = [statSync(name), statSync(`${name}.ocsp`)];
      expect([its.gid, its.mode]).toEqual([made.gid, made.mode]);
      await revert(plan);
      expect(await stapled('new.example')).toEqual(old);
      expect(look()).toEqual(before);
    });

    test('takes the place of an older one to the same certificate, whose own files are left alone', async () => {
      const before = look();
      const newer = authority.answer(first, { days: 9 });
      const plan = await planFor(given(bundleOf(first), readFileSync(newer)));
      expect(plan.changes.map(({ key }) => key)).toEqual(['ocsp']);
      await push(plan);
      expect(await stapled('site.example')).toEqual({ ...old, days: 9 });
      expect(readFileSync(pem, 'latin1')).toBe(before.visible.find(({ name }) => name === 'a.pem')?.bytes);
      await revert(plan);
      expect(await stapled('site.example')).toEqual(old);
      expect(look()).toEqual(before);
    });

    test('is given on the command line, and kept', async () => {
      const files = [join(authority.directory, 'given.pem'), authority.answer(first, { days: 5 })] as const;
      writeFileSync(files[0], bundleOf(first));
      const options = ['--yes', '--confirm-within', '120s', '--data', site.dataDir];
      const words = ['certificates', 'renew', 'lb', pem, files[0], '--ocsp'];
      function openConsole() {
        return Promise.resolve({ ...called.console, close: () => Promise.resolve() });
      }
      const wrong = await runCommandLine([...words, files[0], ...options], { openConsole });
      expect(wrong.status).not.toBe(0);
      expect(JSON.stringify(wrong)).toContain('is no OCSP answer in DER');
      called.onPush = ({ phase }) => {
        if (phase !== 'waiting') return;
        called.onPush = () => undefined;
        void called.call('push.keep', { device: 'lb' });
      };
      expect(await runCommandLine([...words, files[1], ...options], { openConsole })).toMatchObject({ status: 0 });
      expect(readFileSync(`${pem}.ocsp`).equals(readFileSync(files[1]))).toBe(true);
      expect(readdirSync(folder).toSorted()).toEqual(['a.pem', 'a.pem.ocsp']);
      expect(await stapled('site.example')).toEqual(old);
    });

    test('that is of another certificate, issuer or signer, not good, damaged or over is refused in words', () => {
      const foreign = openAuthority();
      try {
        const good = readFileSync(authority.answer(second, { days: 7 }));
        const unsigned = Buffer.from(good);
        // The answer ends in the signer's certificate; its own signature stands before that.
        const at = good.indexOf(Buffer.from('06082a8648ce3d040302', 'hex')) + 10 + 12;
        unsigned[at] = (unsigned[at] ?? 0) ^ 1;
        const responders = [{ names: ['responder'], purpose: 'OCSPSigning' }, { names: ['site.example'] }] as const;
        const [certified, other] = responders.map((wish) =>
          readFileSync(authority.answer(second, { days: 7, signer: authority.issue(wish) })),
        );
        const now = new Date(); // after the newest certificate
        const later = new Date(now.getTime() + 8 * dayMs);
        const cases = [
          [good, now, undefined],
          [certified ?? good, now, undefined],
          [other ?? good, now, /is signed neither by the issuer/],
          [good, later, /file1 has expired at .* Ask the responder for a new answer/],
          [readFileSync(authority.answer(first, { days: 7 })), now, /about another certificate or issuer than serial/],
          [readFileSync(foreign.answer(second, { days: 7 })), now, /about another certificate or issuer/],
          [
            readFileSync(authority.answer(second, { days: 7, isRevoked: true })),
            now,
            /says that the certificate is revoked/,
          ],
          [unsigned, now, /is signed neither by the issuer/],
          [good.subarray(0, 200), now, /cannot be read: it is damaged/],
          [Buffer.from('30030a0103', 'hex'), now, /refuses to tell/],
        ] as const;
        for (const [answer, time, detail] of cases) {
          const files = [bundleOf(second), answer].map((bytes, index) => ({ name: `file${index}`, bytes }));
          function read() {
            return readMaterial(files, { now: time, isShortChainGood: true });
          }
          if (detail === undefined) expect(read().ocsp?.bytes.equals(answer)).toBe(true);
          else
            expect(read).toThrow(
              expect.objectContaining({
                code: 'CERTIFICATE_INVALID',
                detail: expect.stringMatching(detail) as string,
              }) as Error,
            );
        }
      } finally {
        foreign.close();
      }
    });
  },
);
