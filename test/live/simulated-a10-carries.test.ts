import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { put } from '../../src-main/simulate/a10/pki.ts';
import { type SimulatedA10, startA10 } from '../../src-main/simulate/a10/start.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type Authority, openAuthority } from '../rigs/certificates.ts';
import { downloadBytes, startDownload } from '../rigs/download.ts';
import { freePort } from '../rigs/free-port.ts';
import { shakeHands } from '../rigs/handshake.ts';
import { isMissing } from '../rigs/need.ts';
import { inIndex, walkSnmp } from '../rigs/snmp-walk.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';

const root = '.1.3.6.1.4.1.22610.2.4.3';
const patient = { timeout: 30_000, interval: 50 };

describe.skipIf(isMissing('ssh', 'openssl', 'snmpbulkwalk'))('a simulated Thunder that carries traffic', () => {
  let authority: Authority;
  let backends: Backends;
  let a10: SimulatedA10;
  let ssh: SshClient;
  let port = 0;
  let tlsPort = 0;
  const faults: string[] = [];
  let terminal: { readonly write: (text: string) => void; seen: string };

  beforeAll(async () => {
    authority = openAuthority();
    backends = await startBackends(['b1', 'b2']);
    [port, tlsPort] = [await freePort(), await freePort()];
    a10 = await startA10({
      config: configOf(backends.ports, port, tlsPort),
      accounts: { admin: 'orchard 7' },
      snmp: { community: 'public' },
      carries: true,
      tell: (fault) => faults.push(fault),
    });
    ssh = openSshClient(a10, 'admin', 'orchard 7', { hasTerminal: true });
    await openTerminal();
  });
  afterAll(async () => {
    await a10.close();
    ssh.close();
    await backends.close();
    authority.close();
  });
  async function openTerminal(): Promise<void> {
    const { child } = ssh.open(undefined);
    const opened = { write: (text: string) => void child.stdin.write(text), seen: '' };
    child.stdout.on('data', (part) => (opened.seen += String(part)));
    terminal = opened;
    await type('', 'vThunder>');
    await type('enable', 'Password:');
    await type('', 'vThunder#');
    await type('terminal length 0', 'vThunder#');
    await type('configure', '(config)#');
  }
  /** Types a line and waits for a prompt that ends in this; answers what came. */
  async function type(line: string, prompt: string): Promise<string> {
    if (line !== '' || prompt === 'vThunder#') {
      terminal.seen = '';
      terminal.write(`${line}\r`);
    }
    await vi.waitFor(() => {
      expect(terminal.seen.trimEnd().endsWith(prompt)).toBe(true);
    }, patient);
    return terminal.seen;
  }
  async function run(...lines: readonly string[]): Promise<void> {
    for (const line of lines) expect(await type(line, '#')).not.toMatch(/\^|%|cannot|does not/);
  }
  function stateOf(shown: string): readonly string[] {
    return ['s1', 's2'].map(
      (name) => new RegExp(`^${name}:\\d+/tcp .*?(Up|Down|Disabled)\\s*$`, 'm').exec(shown)?.[1] ?? '',
    );
  }

  test('gives the members what the weights of a command ask for, and counts by SNMP what they counted', async () => {
    const first = await sendRequests(port, 40);
    expect(first.byBackend).toEqual({ b1: 20, b2: 20 });
    await run('slb server s1 127.0.0.1', `port ${backends.ports[0] ?? 0} tcp`, 'weight 3');
    await run('slb service-group sg tcp', 'method service-weighted-rr');
    const asked = await sendRequests(port, 400);
    expect(asked.byBackend).toEqual({ b1: 300, b2: 100 });
    await vi.waitFor(async () => {
      const counts = backends.counts();
      const values = await walkSnmp(a10.snmpPort, root);
      // axServiceGroupMemberStatTotConns, PktsIn's neighbour BytesIn, and TotalReqs
      const seen = ['s1', 's2'].map((name, at) => {
        const row = `${inIndex('sg')}.2.${inIndex(name)}.${backends.ports[at] ?? 0}`;
        return [10, 6, 13].map((column) => Number(values.get(`${root}.3.4.1.1.${column}.${row}`)));
      });
      const wanted = ['b1', 'b2'].map((name) => {
        const { connections, wireBytesIn, requests } = counts[name] ?? {};
        return [connections, wireBytesIn, requests];
      });
      expect(seen).toEqual(wanted);
      const bytesOut = values.get(`${root}.4.4.1.1.9.${inIndex('127.0.0.1')}.14.${port}`);
      expect(bytesOut).toBe(String(first.wireBytesReceived + asked.wireBytesReceived));
    }, patient);
  });

  test('a member that is disabled with its health check keeps its download and lets no new client in', async () => {
    const [first = 0] = backends.ports;
    await run('slb service-group sg tcp', 'method round-robin');
    const held = [await startDownload(port), await startDownload(port)];
    await run(`member s1 ${first}`, 'disable-with-health-check');
    expect((await sendRequests(port, 20)).byBackend).toEqual({ b2: 20 });
    expect(await held.find(({ by }) => by === 'b1')?.readOn()).toBe(downloadBytes);
    expect(await held.find(({ by }) => by === 'b2')?.readOn()).toBe(downloadBytes);
    await run('enable');
    expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
  });

  test('a cookie holds its client on a member that drains, and the lower priority waits', async () => {
    await run('slb template persist cookie c', 'slb virtual-server vip 127.0.0.1', `port ${port} http`);
    await run('template persist cookie c');
    const first = await fetch(`http://127.0.0.1:${port}/`);
    const [by, cookie] = [first.headers.get('x-backend'), first.headers.get('set-cookie') ?? ''];
    const swapped = (port % 256) * 256 + Math.floor(port / 256);
    expect(cookie).toMatch(new RegExp(`^sto-id-${swapped}=ABAAAAHP[A-P]{4};`));
    const [name, member] = by === 'b1' ? ['s1', backends.ports[0]] : ['s2', backends.ports[1]];
    await run('slb service-group sg tcp', `member ${name} ${member ?? 0}`, 'disable-with-health-check');
    const again = await sendRequests(port, 10, { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(again.byBackend).toEqual({ [by ?? '']: 10 });
    await run('enable', 'slb virtual-server vip 127.0.0.1', `port ${port} http`, 'no template persist cookie c');
    await run('slb service-group sg tcp', `member s2 ${backends.ports[1] ?? 0}`, 'priority 8');
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
    await run('priority 1');
  });

  test('a monitor takes a member down that fails, says so, and brings it back', async () => {
    async function states(): Promise<readonly string[]> {
      return stateOf(await type('show slb server', '#'));
    }
    await backends.setFault('b1', 'no-monitor');
    await vi.waitFor(async () => {
      expect(await states()).toEqual(['Down', 'Up']);
    }, patient);
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
    await backends.setFault('b1', 'none');
    await vi.waitFor(async () => {
      expect(await states()).toEqual(['Up', 'Up']);
    }, patient);
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b1: 5, b2: 5 });
  });

  test('a handshake shows the certificate of the template, and an old version is refused once it is switched off', async () => {
    await expect(shakeHands(tlsPort)).rejects.toThrow(); // without a certificate nothing is served
    const { certFile, keyFile } = authority.issue({ names: ['shop.example'] });
    const pki = a10.device.pki('shared');
    put(pki, 'cert', 'shop', readFileSync(certFile, 'utf8'), false);
    put(pki, 'key', 'shop', readFileSync(keyFile, 'utf8'), false);
    await run('slb template client-ssl site', 'cert shop', 'key shop');
    await run('slb virtual-server vip 127.0.0.1', `port ${tlsPort} https`, 'template client-ssl site');
    const { serialNumber } = new X509Certificate(readFileSync(certFile));
    expect(await shakeHands(tlsPort, 'TLSv1.1')).toEqual({ serial: serialNumber, version: 'TLSv1.1' });
    await run('slb template client-ssl site', 'version 34 33');
    await expect(shakeHands(tlsPort, 'TLSv1.1')).rejects.toThrow();
    expect(await shakeHands(tlsPort)).toEqual({ serial: serialNumber, version: 'TLSv1.3' });
  });

  test('after a reboot traffic goes by what was written', async () => {
    await run('end', 'write memory all-partitions', 'configure', 'slb service-group sg tcp');
    await run(`member s1 ${backends.ports[0] ?? 0}`, 'disable');
    expect((await sendRequests(port, 10)).byBackend).toEqual({ b2: 10 });
    a10.reboot();
    await a10.settle();
    expect((await sendRequests(port, 20)).byBackend).toEqual({ b1: 10, b2: 10 });
    expect(faults).toEqual([]);
  });
});

function configOf(ports: readonly number[], port: number, tlsPort: number): string {
  const servers = ports.map((each, at) => `slb server s${at + 1} 127.0.0.1\n  port ${each} tcp\n!\n`);
  return `!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
health monitor up
  interval 1 timeout 1
  retry 1
  method http url GET /health expect response-code 200
!
${servers.join('')}slb service-group sg tcp
  health-check up
${ports.map((each, at) => `  member s${at + 1} ${each}\n`).join('')}!
slb virtual-server vip 127.0.0.1
  port ${port} http
    service-group sg
  port ${tlsPort} https
    service-group sg
!
end
`;
}
