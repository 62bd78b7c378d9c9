import { describe, expect, test } from 'vitest';
import type { VendorId } from '../../../../src-main/contract/address.ts';
import { sampleSchema } from '../../../../src-main/contract/metrics.ts';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import { startMibDevice } from '../../../rigs/mib-device.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';
import { agentRows } from '../../../rigs/snmp-recording.ts';

/** What a recording holds, read by regular expressions of the test alone: `pool/member` and names with a counter each. */
interface Told {
  readonly virtualServers: ReadonlyMap<string, string | undefined>;
  readonly members: ReadonlyMap<string, string | undefined>;
}
type Cells = ReadonlyMap<string, string>;

/** The values below an OID by what follows it. `4x` values stay hexadecimal. */
function below(text: string, oid: string): Cells {
  const found = new Map<string, string>();
  const starts = [`${oid}.`, `${oid.replace(/^1\./, 'iso.')}.`];
  for (const line of text.split(/\r?\n/)) {
    const start = starts.find((one) => line.startsWith(one));
    if (start === undefined) continue;
    const [, index = '', value = ''] =
      /^([\d.]+)(?:\|[^|]*\|| = [A-Za-z0-9]+: )"?(.*?)"?$/.exec(line.slice(start.length)) ?? [];
    if (index !== '') found.set(index, value);
  }
  return found;
}

/** Names in an index: a length, then as many characters. */
function words(index: string, count: number): string[] {
  const numbers = index.split('.').map(Number);
  return Array.from({ length: count }, () => {
    const length = numbers.shift() ?? 0;
    return String.fromCharCode(...numbers.splice(0, length));
  }).concat(numbers.map(String));
}

function f5ByName(text: string): Told {
  const ltm = '1.3.6.1.4.1.3375.2.2';
  const serverBytes = below(text, `${ltm}.10.2.3.1.9`);
  const memberBytes = below(text, `${ltm}.5.4.3.1.8`);
  return {
    virtualServers: new Map(
      [...below(text, `${ltm}.10.1.2.1.6`).keys()].map((index) => [words(index, 1)[0] ?? '', serverBytes.get(index)]),
    ),
    members: new Map(
      [...below(text, `${ltm}.5.3.2.1.4`).keys()].map((index) => {
        const [pool, node, port] = words(index, 2);
        return [`${pool}/${node}:${port}`, memberBytes.get(index)];
      }),
    ),
  };
}

function f5ByColumn(text: string): Told {
  const ltm = '1.3.6.1.4.1.3375.2.2';
  function ascii(value: string | undefined): string {
    return Buffer.from(value ?? '', 'hex').toString();
  }
  const servers = below(text, `${ltm}.10.1.2.1.1`);
  const [pools, nodes, ports] = [1, 19, 4].map((column) => below(text, `${ltm}.5.3.2.1.${column}`));
  const serverBytes = below(text, `${ltm}.10.2.3.1.9`);
  const memberBytes = below(text, `${ltm}.5.4.3.1.8`);
  return {
    virtualServers: new Map([...servers].map(([index, name]) => [ascii(name), serverBytes.get(index)])),
    members: new Map(
      [...(pools ?? [])].map(([index, pool]) => [
        `${ascii(pool)}/${ascii(nodes?.get(index))}:${ports?.get(index)}`,
        memberBytes.get(index),
      ]),
    ),
  };
}

function netscaler(text: string): Told {
  const vserver = '1.3.6.1.4.1.5951.4.1.3.1.1';
  const bytes = below(text, `${vserver}.33`);
  return {
    virtualServers: new Map([...below(text, `${vserver}.59`)].map(([index, name]) => [name, bytes.get(index)])),
    members: new Map(),
  };
}

function kemp(text: string): Told {
  const b100 = '1.3.6.1.4.1.12196.13';
  const names = below(text, `${b100}.1.1.13`);
  const [ports, owners, bytes] = [3, 1, 16].map((column) => below(text, `${b100}.2.1.${column}`));
  return {
    virtualServers: new Map([...names].map(([index, name]) => [name, below(text, `${b100}.1.1.20`).get(index)])),
    members: new Map(
      [...below(text, `${b100}.2.1.2`)].map(([index, address]) => [
        `${names.get(owners?.get(index) ?? '')}/${address}:${ports?.get(index)}`,
        bytes?.get(index),
      ]),
    ),
  };
}

function aloha(text: string): Told {
  const al = '1.3.6.1.4.1.23263.4.2.1.3';
  const backends = below(text, `${al}.3.1.3`);
  const bytes = below(text, `${al}.4.1.14`);
  return {
    virtualServers: new Map(
      [...below(text, `${al}.2.1.3`)].map(([index, name]) => [name, below(text, `${al}.2.1.9`).get(index)]),
    ),
    members: new Map(
      [...below(text, `${al}.4.1.4`)].map(([index, name]) => [
        `${backends.get(index.replace(/\.\d+$/, ''))}/${name}`,
        bytes.get(index),
      ]),
    ),
  };
}

const told: readonly (readonly [
  VendorId,
  string,
  (text: string) => Told,
  { virtualServers: number; members: number },
])[] = [
  ['f5', 'librenms/f5.snmprec', f5ByName, { virtualServers: 134, members: 144 }],
  ['f5', 'datadog/f5-big-ip-15.0.1-ve.snmprec', f5ByColumn, { virtualServers: 3, members: 3 }],
  ['netscaler', 'librenms/netscaler.snmprec', netscaler, { virtualServers: 52, members: 0 }],
  ['kemp', 'kemp/kemp2-ipvs-b100-2016.snmpwalk.txt', kemp, { virtualServers: 2, members: 2 }],
  ['aloha', 'librenms/aloha_alb5100.snmprec', aloha, { virtualServers: 7, members: 30 }],
];

describe.skipIf(lacksRecordings)('a recording of a real balancer, replayed over UDP', () => {
  test.each(told)(
    '%s, %s: gives every object that it holds',
    async (vendor, path, readTold, counts) => {
      const file = recordings('snmp', path.slice(path.lastIndexOf('/'))).find((one) => one.path === path);
      const text = file?.bytes.toString('latin1') ?? '';
      const expected = readTold(text);
      const { device, stop } = await startMibDevice(vendor, agentRows(text));
      try {
        const sample = sampleSchema.parse(await device.poll(AbortSignal.timeout(30_000)));
        const { model } = await device.read(AbortSignal.timeout(30_000));
        deviceModelSchema.parse(model);
        expect({ virtualServers: expected.virtualServers.size, members: expected.members.size }).toEqual(counts);
        expect(sample.virtualServers.map(({ name, bytesOut }) => [name, bytesOut]).sort()).toEqual(
          [...expected.virtualServers].sort(),
        );
        expect(model.virtualServers.map(({ name }) => name).sort()).toEqual([...expected.virtualServers.keys()].sort());
        const members = sample.pools.flatMap((pool) =>
          pool.members.map((one) => [`${pool.name}/${one.name}`, one.bytesOut]),
        );
        expect(members.sort()).toEqual([...expected.members].sort());
      } finally {
        await stop();
      }
    },
    60_000,
  );

  test('NetScaler: of 52 virtual servers that all say UP, the 21 with no service up are down', async () => {
    const [file] = recordings('snmp', 'librenms/netscaler.snmprec');
    const { device, stop } = await startMibDevice('netscaler', agentRows(file?.bytes.toString('latin1') ?? ''));
    const { virtualServers } = await device.poll(AbortSignal.timeout(30_000)).finally(stop);
    expect(virtualServers.filter(({ health }) => health === 'down')).toHaveLength(21);
    expect(virtualServers.filter(({ health }) => health === 'up')).toHaveLength(31);
  }, 60_000);
});
