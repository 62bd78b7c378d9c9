import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Version } from '../../src-main/contract/api.ts';
import { type ApplianceSite, openApplianceSite } from '../rigs/appliance-scenario/site.ts';
import { type TlsAppliance, tlsVendors } from '../rigs/appliance-scenario/tls-vendors.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import type { Ended } from '../rigs/cli-processes.ts';
import { freePort } from '../rigs/free-port.ts';
import { isMissing } from '../rigs/need.ts';

const suite = 'ECDHE-ECDSA-AES128-SHA256';
const passphrase = 'orchard-phrase';
const inOrder = { concurrent: false };

/**
 * Steps of the scenario that handshakes prove, and the way back to a version, on simulated appliances that carry traffic. The appliances
 * are walked beside each other, each in its order.
 */
describe.skipIf(isMissing('openssl')).each(Object.values(tlsVendors))(
  'certificates, TLS and history by commands on a simulated $label',
  { timeout: 180_000, concurrent: true },
  (one) => {
    let authority: Authority;
    let backends: Backends;
    let device: TlsAppliance;
    let site: ApplianceSite;
    let [port, tlsPort] = [0, 0];
    let first: IssuedCertificate;
    let second: IssuedCertificate;
    /** All that the console said to anybody. */
    const said: string[] = [];

    beforeAll(async () => {
      authority = openAuthority();
      [first, second] = [authority.issue({ names: ['shop.example'] }), authority.issue({ names: ['shop.example'] })];
      backends = await startBackends(['b1', 'b2']);
      [port, tlsPort] = [await freePort(), await freePort()];
      const members = backends.ports.toSorted((a, b) => a - b); // as devices write them
      device = await one.start({ port, tlsPort, members, first, second });
      site = await openApplianceSite(one.vendor, device, { lb: 'steelyard' });
    }, 120_000);
    afterAll(async () => {
      await site.close();
      await backends.close();
      authority.close();
    });

    /** What a client meets that speaks this version alone: the serial number, the version, and the suite; `refused` where it is. */
    async function met(
      version?: SecureVersion,
    ): Promise<{ readonly serial: string; readonly suite: string } | 'refused'> {
      const only = version === undefined ? {} : { minVersion: version, maxVersion: version };
      return new Promise((resolve, reject) => {
        const anything = { rejectUnauthorized: false, ciphers: 'ALL:@SECLEVEL=0', timeout: 20_000 };
        const socket = connect({ host: '127.0.0.1', port: tlsPort, ...anything, ...only }, () => {
          resolve({ serial: socket.getPeerCertificate().serialNumber, suite: socket.getCipher().name });
          socket.destroy();
        });
        socket.on('timeout', () => socket.destroy(new Error('no handshake within 20 s')));
        socket.on('error', (error: Error & { code?: string }) => {
          // By an alert of the other side, and not by anything of ours.
          if (/ALERT|ECONNRESET/.test(error.code ?? '')) resolve('refused');
          else reject(error);
        });
      });
    }
    async function shown(): Promise<string> {
      const it = await met();
      return it === 'refused' ? it : it.serial;
    }
    /** Starts what pushes, looks at it while it waits, and keeps it or takes it back. */
    async function pushed(
      words: readonly string[],
      end: 'confirm' | 'rollback',
      look: () => Promise<void>,
    ): Promise<Ended> {
      const pushing = await site.cli.waiting('lb', ...words);
      try {
        await look();
      } finally {
        await site.cli.done(end, 'lb');
      }
      const ended = await pushing.ended;
      said.push(ended.stdout, ended.stderr);
      expect(ended.status, ended.stderr).toBe(end === 'confirm' ? 0 : 1);
      return ended;
    }
    function renewal(...files: readonly string[]): readonly string[] {
      return ['certificates', 'renew', 'lb', one.certificate, ...files];
    }
    /** What changes the device, of all that came since. */
    function changesSince(count: number): readonly string[] {
      return device
        .commands()
        .slice(count)
        .filter((line) => !one.looks.test(line));
    }
    function stands(): readonly unknown[] {
      return [device.running(), device.saved(), device.brought()];
    }

    if (one.vendor === 'a10') {
      test(
        '9: a renewal says why not and the way round; that way shows the other certificate of the box, and goes back',
        inOrder,
        async () => {
          const before = stands();
          const why = await site.cli.run(...renewal(second.certFile, second.keyFile, authority.caFile), '--yes');
          expect([why.status, why.stderr]).toEqual([
            1,
            expect.stringMatching(/import cert NAME[^]*tls\.certificates with name/),
          ]);
          expect(changesSince(0)).toEqual([]);
          expect(await shown()).toBe(serialOf(first));
          const other = { name: 'next', keyFile: 'next' };
          const virtualServers = [{ name: one.virtual(tlsPort), tls: { certificates: [other] } }];
          await pushed(['apply', await site.cli.planFor('lb', { virtualServers })], 'rollback', async () => {
            expect(await shown()).toBe(serialOf(second));
          });
          expect(await shown()).toBe(serialOf(first));
          expect(stands()).toEqual(before);
        },
      );
    } else {
      test('9: what does not belong together is refused before anything is sent', inOrder, async () => {
        const before = stands();
        const from = device.commands().length;
        const wrong = await site.cli.run(...renewal(second.certFile, authority.caFile, first.keyFile), '--yes');
        const broken = await site.cli.run(...renewal(second.certFile, second.keyFile), '--yes');
        expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('private key belongs to none')]);
        expect([broken.status, broken.stderr]).toEqual([
          1,
          expect.stringContaining('whose issuer ("CN=Test authority")'),
        ]);
        said.push(wrong.stderr, broken.stderr);
        expect(device.commands().slice(from)).toEqual([]);
        expect(stands()).toEqual(before);
      });

      test(
        '9: from PEM a handshake shows the new one and, taken back, the old one; from PFX it is kept',
        inOrder,
        async () => {
          const [before, old] = [stands(), await shown()];
          await pushed(renewal(second.certFile, second.keyFile, authority.caFile), 'rollback', async () => {
            expect(await shown()).toBe(serialOf(second));
          });
          expect(await shown()).toBe(old);
          expect(stands()).toEqual(before);
          const [pfx, phrase] = [join(authority.directory, 'new.pfx'), join(authority.directory, 'phrase')];
          writeFileSync(phrase, `${passphrase}\n`, { mode: 0o600 });
          const parts = ['-in', second.certFile, '-inkey', second.keyFile, '-certfile', authority.caFile];
          execFileSync('openssl', ['pkcs12', '-export', ...parts, '-passout', `file:${phrase}`, '-out', pfx]);
          await pushed(renewal(pfx, '--passphrase-file', phrase), 'confirm', async () => {
            expect(await shown()).toBe(serialOf(second));
          });
          expect(await shown()).toBe(serialOf(second));
          expect(device.saved()).toBe(device.running());
        },
      );
    }

    test(
      '10, 15: old handshakes are refused and the suite is the one that was asked for; the version from history brings back TLS and shares',
      inOrder,
      async () => {
        expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
        const old = await met('TLSv1.1');
        expect(old).toMatchObject({ serial: await shown() });
        expect(await met('TLSv1.2')).not.toMatchObject({ suite });
        const then = one.plain(device.running());
        const desired = {
          pools: [
            {
              name: one.pool,
              algorithm: one.weighted,
              members: [{ name: one.member(backends.ports[0] ?? 0), weight: 3 }],
            },
          ],
          virtualServers: [{ name: one.virtual(tlsPort), tls: { minVersion: '1.2', ciphers: [one.suite] } }],
        };
        await pushed(['apply', await site.cli.planFor('lb', desired)], 'confirm', async () => {
          expect(await met('TLSv1.1')).toBe('refused');
          expect(await met('TLSv1.2')).toMatchObject({ suite });
          expect((await sendRequests(port, 400)).byBackend).toEqual({ b1: 300, b2: 100 });
        });
        expect(one.plain(device.saved())).not.toBe(then);

        const [newest, before] = JSON.parse((await site.cli.done('history', 'lb')).stdout) as readonly Version[];
        expect(newest?.id).toBeGreaterThan(before?.id ?? Infinity);
        await pushed(['rollback', 'lb', String(before?.id)], 'confirm', async () => {
          expect(await met('TLSv1.1')).toEqual(old);
          expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
        });
        expect(await met('TLSv1.1')).toEqual(old);
        expect([device.running(), device.saved()].map(one.plain)).toEqual([then, then]);
      },
    );

    test('9: no line of a key and no passphrase stands in what was said, sent or stored', inOrder, () => {
      const keys = [first, second]
        .flatMap(({ keyFile }) => readFileSync(keyFile, 'utf8').split('\n'))
        .filter((line) => /^[\w+/=]{20,}$/.test(line));
      expect(keys.length).toBeGreaterThanOrEqual(4);
      const stored = readdirSync(site.cli.dataDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
      expect(stored.length).toBeGreaterThan(0);
      for (const text of [...said, ...stored, ...device.commands(), device.running(), device.saved()])
        for (const secret of [...keys, passphrase]) expect(text.includes(secret)).toBe(false);
    });
  },
);

/** As a certificate tells it: capitals, without what a sign needs. */
function serialOf({ certFile }: IssuedCertificate): string {
  return new X509Certificate(readFileSync(certFile)).serialNumber;
}
