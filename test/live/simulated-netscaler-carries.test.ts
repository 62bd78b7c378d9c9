import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type SimulatedNetscaler, startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type Authority, openAuthority } from '../rigs/certificates.ts';
import { downloadBytes, startDownload } from '../rigs/download.ts';
import { freePort } from '../rigs/free-port.ts';
import { shakeHands } from '../rigs/handshake.ts';
import { isMissing } from '../rigs/need.ts';
import { inIndex, walkSnmp } from '../rigs/snmp-walk.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';

const root = '.1.3.6.1.4.1.5951.4.1';
const patient = { timeout: 30_000, interval: 50 };

describe.skipIf(isMissing('ssh', 'scp', 'openssl', 'snmpbulkwalk'))(
  'a simulated NetScaler that carries traffic',
  () => {
    let authority: Authority;
    let backends: Backends;
    let adc: SimulatedNetscaler;
    let cli: SshClient;
    let port = 0;
    let tlsPort = 0;
    const faults: string[] = [];

    beforeAll(async () => {
      authority = openAuthority();
      backends = await startBackends(['b1', 'b2']);
      [port, tlsPort] = [await freePort(), await freePort()];
      adc = await startNetscaler({
        config: configOf(backends.ports, port, tlsPort),
        accounts: { nsroot: 'orchard 7' },
        snmp: { community: 'public' },
        carries: true,
        tell: (fault) => faults.push(fault),
      });
      cli = openSshClient(adc, 'nsroot', 'orchard 7');
    });
    afterAll(async () => {
      cli.close();
      await adc.close();
      await backends.close();
      authority.close();
    });
    async function run(...commands: readonly string[]): Promise<void> {
      for (const command of commands) expect((await cli.run(command)).stdout).toBe(' Done\n');
    }
    async function states(): Promise<readonly string[]> {
      const { stdout } = await cli.run('show serviceGroup app');
      return backends.ports.map((each) => new RegExp(`:${each}\\tState: (.*?)\\t`).exec(stdout)?.[1] ?? '');
    }

    test('gives the members what the weights of a command ask for, and counts by SNMP what they counted', async () => {
      const first = await sendRequests(port, 40);
      expect(first.byBackend).toEqual({ b1: 20, b2: 20 });
      await run(`set serviceGroup app local ${backends.ports[0] ?? 0} -weight 3`);
      const asked = await sendRequests(port, 400);
      expect(asked.byBackend).toEqual({ b1: 300, b2: 100 });
      await vi.waitFor(async () => {
        const counts = backends.counts();
        const values = await walkSnmp(adc.snmpPort, root);
        // svcGrpMemberTotalRequests and svcGrpMemberTotalRequestBytes
        const seen = backends.ports.map((each) => {
          const row = `${inIndex('app')}.${inIndex(`app?local?${each}`)}`;
          return [13, 14].map((column) => Number(values.get(`${root}.2.7.1.${column}.${row}`)));
        });
        expect(seen).toEqual(['b1', 'b2'].map((name) => [counts[name]?.requests, counts[name]?.wireBytesIn]));
        // vsvrTotalRequests and vsvrTotalResponseBytes
        const own = [30, 33].map((column) => values.get(`${root}.3.1.1.${column}.${inIndex('web')}`));
        expect(own).toEqual(['440', String(first.wireBytesReceived + asked.wireBytesReceived)]);
      }, patient);
    });

    test('a graceful shutdown keeps its download, lets no new client in, and is over with its last connection', async () => {
      const [first = 0] = backends.ports;
      await run(`set serviceGroup app local ${first} -weight 1`);
      const held = [await startDownload(port), await startDownload(port)];
      await run(`disable serviceGroup app local ${first} -graceFul YES`);
      expect((await sendRequests(port, 20)).byBackend).toEqual({ b2: 20 });
      expect(await states()).toEqual(['GOING OUT OF SERVICE', 'UP']);
      expect(await held.find(({ by }) => by === 'b1')?.readOn()).toBe(downloadBytes);
      expect(await held.find(({ by }) => by === 'b2')?.readOn()).toBe(downloadBytes);
      await vi.waitFor(async () => {
        expect(await states()).toEqual(['OUT OF SERVICE', 'UP']);
      }, patient);
      await run(`enable serviceGroup app local ${first}`);
      expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
    });

    test('without grace a member that is disabled loses what runs on it, by its flush of the down state', async () => {
      const [first = 0] = backends.ports;
      const held = [await startDownload(port), await startDownload(port)];
      await run(`disable serviceGroup app local ${first}`);
      await expect(held.find(({ by }) => by === 'b1')?.readOn()).rejects.toThrow();
      expect(await held.find(({ by }) => by === 'b2')?.readOn()).toBe(downloadBytes);
      await run(`enable serviceGroup app local ${first}`);
    });

    test('a cookie holds its client on a member that leaves', async () => {
      await run('set lb vserver web -persistenceType COOKIEINSERT');
      const first = await fetch(`http://127.0.0.1:${port}/`);
      const [by, cookie] = [first.headers.get('x-backend'), first.headers.get('set-cookie') ?? ''];
      expect(cookie).toMatch(/^NSC_xfc=ffffffff7f000001/);
      const member = backends.ports[by === 'b1' ? 0 : 1] ?? 0;
      const held = await startDownload(port, { cookie: cookie.split(';')[0] ?? '' });
      await run(`disable serviceGroup app local ${member} -graceFul YES`);
      const again = await sendRequests(port, 10, { headers: { cookie: cookie.split(';')[0] ?? '' } });
      expect(again.byBackend).toEqual({ [by ?? '']: 10 });
      await held.readOn();
      await run(`enable serviceGroup app local ${member}`, 'set lb vserver web -persistenceType NONE');
    });

    test('a monitor takes a member down that fails, says so, and brings it back', async () => {
      await backends.setFault('b1', 'no-monitor');
      await vi.waitFor(async () => {
        expect(await states()).toEqual(['DOWN', 'UP']);
      }, patient);
      expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
      await backends.setFault('b1', 'none');
      await vi.waitFor(async () => {
        expect(await states()).toEqual(['UP', 'UP']);
      }, patient);
      expect((await sendRequests(port, 10)).byBackend).toEqual({ b1: 5, b2: 5 });
    });

    test('a handshake shows the certificate that was bound, and an old version is refused once it is switched off', async () => {
      await expect(shakeHands(tlsPort)).rejects.toThrow(); // without a certificate it is down
      const { certFile, keyFile } = authority.issue({ names: ['shop.example'], file: 'shop' });
      for (const file of [certFile, keyFile]) {
        expect(await cli.copy(file, `/nsconfig/ssl/${file.replace(/^.*\//, '')}`)).toMatchObject({ status: 0 });
      }
      await run('add ssl certKey shop -cert shop.pem -key shop.key', 'bind ssl vserver safe -certkeyName shop');
      const { serialNumber } = new X509Certificate(readFileSync(certFile));
      expect(await shakeHands(tlsPort, 'TLSv1')).toEqual({ serial: serialNumber, version: 'TLSv1' });
      await run('set ssl vserver safe -tls1 DISABLED -tls11 DISABLED');
      await expect(shakeHands(tlsPort, 'TLSv1')).rejects.toThrow();
      expect(await shakeHands(tlsPort)).toEqual({ serial: serialNumber, version: 'TLSv1.2' });
    });

    test('after a reboot traffic goes by what was saved, a secondary takes none', async () => {
      await run('save ns config', `disable serviceGroup app local ${backends.ports[0] ?? 0}`);
      expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
      adc.reboot();
      await adc.settle();
      expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
      adc.become('secondary');
      await adc.settle();
      expect((await sendRequests(port, 1)).failures).toEqual([expect.stringContaining('ECONNREFUSED')]);
      expect(faults).toEqual([]);
    });
  },
);

function configOf(ports: readonly number[], port: number, tlsPort: number): string {
  return `#NS13.1 Build 37.38
add server local 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add lb vserver web HTTP 127.0.0.1 ${port} -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
add lb vserver safe SSL 127.0.0.1 ${tlsPort} -persistenceType NONE -cltTimeout 180
bind lb vserver web app
bind lb vserver safe app
add lb monitor health HTTP -respCode 200 -httpRequest "GET /health" -interval 200 MSEC -resptimeout 1 -retries 2
${ports.map((each) => `bind serviceGroup app local ${each}\n`).join('')}bind serviceGroup app -monitorName health
`;
}
