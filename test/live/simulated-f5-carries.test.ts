import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type SimulatedF5, startF5 } from '../../src-main/simulate/f5/start.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type Authority, openAuthority } from '../rigs/certificates.ts';
import { downloadBytes, startDownload } from '../rigs/download.ts';
import { freePort } from '../rigs/free-port.ts';
import { shakeHands } from '../rigs/handshake.ts';
import { isMissing } from '../rigs/need.ts';
import { inIndex, walkSnmp } from '../rigs/snmp-walk.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';

const local = '.1.3.6.1.4.1.3375.2.2';
const patient = { timeout: 30_000, interval: 50 };

describe.skipIf(isMissing('ssh', 'scp', 'openssl', 'snmpbulkwalk'))('a simulated BIG-IP that carries traffic', () => {
  let authority: Authority;
  let backends: Backends;
  let f5: SimulatedF5;
  let bash: SshClient;
  let port = 0;
  let tlsPort = 0;
  const faults: string[] = [];
  let members: readonly string[] = [];

  beforeAll(async () => {
    authority = openAuthority();
    backends = await startBackends(['b1', 'b2']);
    [port, tlsPort] = [await freePort(), await freePort()];
    members = backends.ports.map((each) => `127.0.0.1:${each}`);
    f5 = await startF5({
      config: configOf(members, port, tlsPort),
      accounts: { root: { password: 'orchard 7', shell: 'bash' } },
      snmp: { community: 'public' },
      carries: true,
      tell: (fault) => faults.push(fault),
    });
    bash = openSshClient(f5, 'root', 'orchard 7');
  });
  afterAll(async () => {
    bash.close();
    await f5.close();
    await backends.close();
    authority.close();
  });
  async function tmsh(command: string): Promise<void> {
    expect(await bash.run(`tmsh ${command}`)).toMatchObject({ status: 0, stderr: '' });
  }
  function modify(member: number, words: string): Promise<void> {
    return tmsh(`modify ltm pool web members modify { ${members[member] ?? ''} { ${words} } }`);
  }

  test('gives the members what the ratios of a command ask for, and counts by SNMP what they counted', async () => {
    const first = await sendRequests(port, 40);
    expect(first.byBackend).toEqual({ b1: 20, b2: 20 });
    await tmsh(
      `modify ltm pool web load-balancing-mode ratio-member members modify { ${members[0] ?? ''} { ratio 3 } }`,
    );
    const asked = await sendRequests(port, 400);
    expect(asked.byBackend).toEqual({ b1: 300, b2: 100 });
    await vi.waitFor(async () => {
      const counts = backends.counts();
      const rows = backends.ports.map((each) => `${inIndex('/Common/web')}.${inIndex('/Common/127.0.0.1')}.${each}`);
      const values = await walkSnmp(f5.snmpPort, local);
      // ltmPoolMemberStatTotRequests, ServerTotConns, ServerBytesIn
      const seen = rows.map((row) =>
        [19, 10, 6].map((column) => Number(values.get(`${local}.5.4.3.1.${column}.${row}`))),
      );
      const wanted = ['b1', 'b2'].map((name) => {
        const { requests, connections, wireBytesIn } = counts[name] ?? {};
        return [requests, connections, wireBytesIn];
      });
      expect(seen).toEqual(wanted);
      // ltmVirtualServStatTotRequests, ClientBytesOut
      const [requests, bytesOut] = [30, 9].map((column) =>
        values.get(`${local}.10.2.3.1.${column}.${inIndex('/Common/web')}`),
      );
      expect([requests, bytesOut]).toEqual(['440', String(first.wireBytesReceived + asked.wireBytesReceived)]);
    }, patient);
  });

  test('a session disabled by the user keeps its download and lets no new client in', async () => {
    await modify(0, 'ratio 1');
    const held = [await startDownload(port), await startDownload(port)];
    const onFirst = held.find(({ by }) => by === 'b1');
    await modify(0, 'session user-disabled');
    expect((await sendRequests(port, 20)).byBackend).toEqual({ b2: 20 });
    const shown = await bash.run('tmsh show ltm pool web members field-fmt');
    expect(shown.stdout).toContain('serverside.cur-conns 1\n');
    expect(await onFirst?.readOn()).toBe(downloadBytes);
    expect(await held.find(({ by }) => by === 'b2')?.readOn()).toBe(downloadBytes);
    await modify(0, 'session user-enabled');
    expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
  });

  test('a cookie holds its client on a member that is disabled, not on one that is forced offline', async () => {
    await tmsh('modify ltm virtual web persist replace-all-with { cookie }');
    const first = await fetch(`http://127.0.0.1:${port}/`);
    const [by, cookie] = [first.headers.get('x-backend'), first.headers.get('set-cookie') ?? ''];
    expect(cookie).toMatch(/^BIGipServerweb=16777343\.\d+\.0000; path=\/; Httponly$/i);
    const held = { headers: { cookie: cookie.split(';')[0] ?? '' } };
    const at = by === 'b1' ? 0 : 1;
    await modify(at, 'session user-disabled');
    expect((await sendRequests(port, 10, held)).byBackend).toEqual({ [by ?? '']: 10 });
    await modify(at, 'state user-down');
    expect((await sendRequests(port, 10, held)).byBackend).toEqual({ [by === 'b1' ? 'b2' : 'b1']: 10 });
    await modify(at, 'session user-enabled state user-up');
    await tmsh('modify ltm virtual web persist none');
  });

  test('a monitor takes a member down that fails, says so, and brings it back', async () => {
    async function states(): Promise<readonly string[]> {
      const { stdout } = await bash.run('tmsh show ltm pool web members field-fmt');
      const shown = [...stdout.matchAll(/^ {8}127\.0\.0\.1:(\d+) \{[^}]*monitor-status (\S+)/gm)];
      const states = new Map(shown.map(([, member = '', state = '']) => [Number(member), state]));
      return backends.ports.map((each) => states.get(each) ?? '');
    }
    await backends.setFault('b1', 'no-monitor');
    await vi.waitFor(async () => {
      expect(await states()).toEqual(['down', 'up']);
    }, patient);
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
    await backends.setFault('b1', 'none');
    await vi.waitFor(async () => {
      expect(await states()).toEqual(['up', 'up']);
    }, patient);
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b1: 5, b2: 5 });
  });

  test('a handshake shows the certificate that was installed, and an old version is refused once it is switched off', async () => {
    const { certFile, keyFile } = authority.issue({ names: ['shop.example'] });
    for (const [file, name] of [
      [certFile, 'shop.crt'],
      [keyFile, 'shop.key'],
    ] as const) {
      expect(await bash.copy(file, `/var/tmp/${name}`)).toMatchObject({ status: 0 });
      const kind = name.endsWith('crt') ? 'ssl-cert' : 'ssl-key';
      await tmsh(`create sys file ${kind} ${name} source-path file:/var/tmp/${name}`);
    }
    expect((await shakeHands(tlsPort, 'TLSv1.1')).version).toBe('TLSv1.1'); // with the device's own certificate
    await tmsh(
      'create ltm profile client-ssl shop cert-key-chain add { shop { cert shop.crt key shop.key } }' +
        ' options { dont-insert-empty-fragments no-tlsv1 no-tlsv1.1 }',
    );
    await tmsh('modify ltm virtual safe profiles replace-all-with { tcp { } http { } shop { context clientside } }');
    const { serialNumber } = new X509Certificate(readFileSync(certFile));
    expect(await shakeHands(tlsPort)).toEqual({ serial: serialNumber, version: 'TLSv1.3' });
    await expect(shakeHands(tlsPort, 'TLSv1.1')).rejects.toThrow();
    expect((await shakeHands(tlsPort, 'TLSv1.2')).serial).toBe(serialNumber);
  });

  test('after a reboot traffic goes by what was saved, and counters begin at 0', async () => {
    await tmsh('save sys config');
    await modify(0, 'state user-down');
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
    f5.reboot();
    await f5.settle();
    expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
    await vi.waitFor(async () => {
      const values = await walkSnmp(f5.snmpPort, `${local}.10.2.3.1`);
      expect(values.get(`${local}.10.2.3.1.30.${inIndex('/Common/web')}`)).toBe('20');
    }, patient);
  });

  test('a port that is taken is told in words, and served once it is free', async () => {
    const taken = await freePort();
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve));
    await tmsh(
      `create ltm virtual second destination 127.0.0.1:${taken} ip-protocol tcp pool web profiles add { http tcp }`,
    );
    expect(faults).toEqual([
      expect.stringMatching(/^The virtual server \/Common\/second is not served on 127\.0\.0\.1:/),
    ]);
    expect((await sendRequests(port, 4)).byBackend).toEqual({ b1: 2, b2: 2 });
    await new Promise((resolve) => other.close(resolve));
    await vi.waitFor(async () => {
      expect((await sendRequests(taken, 1)).statuses).toEqual({ 200: 1 });
    }, patient);
  });
});

function configOf(members: readonly string[], port: number, tlsPort: number): string {
  function virtual(name: string, at: number, profiles: string): string {
    return `ltm virtual /Common/${name} {
    destination /Common/127.0.0.1:${at}
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/web
    profiles {
        /Common/http { }
        /Common/tcp { }
${profiles}    }
    source 0.0.0.0/0
}
`;
  }
  return `#TMSH-VERSION: 15.1.8.2

ltm node /Common/127.0.0.1 {
    address 127.0.0.1
}
ltm pool /Common/web {
    members {
${members.map((each) => `        /Common/${each} {\n            address 127.0.0.1\n        }\n`).join('')}    }
    monitor /Common/health
}
ltm monitor http /Common/health {
    defaults-from /Common/http
    interval 1
    recv "^HTTP/1.1 200"
    send "GET /health HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"
    timeout 2
}
ltm profile client-ssl /Common/old {
    defaults-from /Common/clientssl
    options { dont-insert-empty-fragments }
}
${virtual('web', port, '')}${virtual('safe', tlsPort, '        /Common/old {\n            context clientside\n        }\n')}`;
}
