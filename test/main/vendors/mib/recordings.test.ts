import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Sample, sampleSchema } from '../../../../src-main/contract/metrics.ts';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import { mibs } from '../../../../src-main/vendors/mib/data/index.ts';
import { startMibDevice } from '../../../rigs/mib-device.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';
import { agentRows } from '../../../rigs/snmp-recording.ts';
import { docsFile, docsText, recordingText, type ToldObject, toldObjects } from '../../../rigs/told-by-names.ts';
import { toldRecordings } from '../../../rigs/told-recordings.ts';

const kinds = ['virtualServers', 'pools', 'members'] as const;
type Kind = (typeof kinds)[number];
type Objects = Readonly<Record<Kind, ReadonlyMap<string, ToldObject>>>;

/** The same objects as the program tells them, field by field as text. */
function sampled({ virtualServers, pools }: Sample): Objects {
  function fields(object: object): ToldObject {
    return Object.fromEntries(
      Object.entries(object)
        .filter(([key, value]) => key !== 'name' && (typeof value === 'string' || typeof value === 'number'))
        .map(([key, value]) => [key, String(value)]),
    );
  }
  return {
    virtualServers: new Map(virtualServers.map((one) => [one.name, fields(one)])),
    pools: new Map(pools.map((one) => [one.name, fields(one)])),
    members: new Map(
      pools.flatMap((pool) => pool.members.map((one) => [`${pool.name} > ${one.name}`, fields(one)] as const)),
    ),
  };
}

/** Of each object the fields that the recording's own reading has, and an address where it has none. */
function sameFields(
  own: ReadonlyMap<string, ToldObject>,
  told: ReadonlyMap<string, ToldObject>,
): Record<string, ToldObject> {
  return Object.fromEntries(
    [...told].map(([name, fields]) => [
      name,
      Object.fromEntries(
        [...new Set([...Object.keys(fields), ...(own.get(name)?.['address'] === undefined ? [] : ['address'])])].map(
          (key) => [key, own.get(name)?.[key] ?? 'absent'],
        ),
      ),
    ]),
  );
}

describe.skipIf(lacksRecordings)('a recording of a real balancer, replayed over UDP', () => {
  test.each(toldRecordings)(
    '$vendor, $path: gives every object that it holds, with every state and counter',
    async ({ vendor, path, told }) => {
      const text = recordingText(path);
      const expected = toldObjects(text, told);
      const { device, stop } = await startMibDevice(vendor, agentRows(text));
      try {
        const sample = sampleSchema.parse(await device.poll(AbortSignal.timeout(30_000)));
        const { model } = await device.read(AbortSignal.timeout(30_000));
        deviceModelSchema.parse(model);
        const own = sampled(sample);
        for (const kind of kinds) {
          expect(sameFields(own[kind], expected[kind])).toEqual(Object.fromEntries(expected[kind]));
          if (expected[kind].size > 0 && kind !== 'pools') {
            expect([...own[kind].keys()].sort()).toEqual([...expected[kind].keys()].sort());
          }
        }
        expect(model.virtualServers.map(({ name }) => name).sort()).toEqual([...expected.virtualServers.keys()].sort());
        expect([...expected.virtualServers, ...expected.pools, ...expected.members].length).toBeGreaterThan(0);
      } finally {
        await stop();
      }
    },
    60_000,
  );

  test('NetScaler: of 52 virtual servers that all say UP, the 21 with no service up are down', async () => {
    const { device, stop } = await startMibDevice('netscaler', agentRows(recordingText('librenms/netscaler.snmprec')));
    const { virtualServers } = await device.poll(AbortSignal.timeout(30_000)).finally(stop);
    expect(virtualServers.filter(({ health }) => health === 'down')).toHaveLength(21);
    expect(virtualServers.filter(({ health }) => health === 'up')).toHaveLength(31);
  }, 60_000);

  test('every other recording of a balancer holds no rows of balancing: nothing is left unread', () => {
    const known = new Set(toldRecordings.map(({ path }) => path));
    for (const mib of mibs) {
      const bases = basesOf(mib);
      for (const { path, bytes } of recordings('snmp', '').filter((one) =>
        /\.(snmprec|snmpwalk|txt)$/.test(one.path),
      )) {
        if (known.has(path) || path.startsWith('synthetic')) continue;
        const rows = agentRows(bytes.toString('latin1')).filter(({ oid }) =>
          bases.some((base) => oid.startsWith(`${base}.`)),
        );
        expect({ path, mib: mib.id, rows: rows.length }).toEqual({ path, mib: mib.id, rows: 0 });
      }
    }
  });

  test('the table in the docs says which object of which recording is read, and how much of it', () => {
    const table = docsTable();
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(docsFile, table);
    expect(plain(docsText())).toBe(plain(table));
  });
});

function basesOf(mib: (typeof mibs)[number]): readonly string[] {
  return [mib.virtualServers, mib.moreVirtualServers, mib.pools, mib.members, mib.moreMembers, mib.nodes].flatMap(
    (map) => map?.tables.map(({ entry }) => entry) ?? [],
  );
}

function plain(text: string): string {
  return text.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
}

const words: Readonly<Record<Kind, string>> = { virtualServers: 'virtual servers', pools: 'pools', members: 'members' };

function docsTable(): string {
  const rows = toldRecordings.flatMap(({ vendor, path, told }) => {
    const objects = toldObjects(recordingText(path), told);
    return kinds
      .filter((kind) => objects[kind].size > 0)
      .map((kind) => {
        const found = [...objects[kind].values()];
        const fields = [...new Set(found.flatMap((one) => Object.keys(one)))].map((field) => {
          const count = found.filter((one) => one[field] !== undefined).length;
          return count === found.length ? field : `${field} (${count})`;
        });
        return `| ${vendor} | ${path} | ${words[kind]} | ${found.length} | ${fields.join(', ')} |`;
      });
  });
  const unseen = mibs.filter(({ id }) => !toldRecordings.some(({ vendor }) => vendor === id)).map(({ label }) => label);
  return [
    '# Appliances: what recordings prove',
    '',
    'Made by `test/main/vendors/mib/recordings.test.ts`, which replays each recording of a real device over UDP and compares every object,',
    'field by field, with a reading of its own (columns by their names in the MIBs). A number behind a field: only so many rows hold it.',
    '',
    '| VENDOR | recording | object | rows | fields that are equal |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `By the MIB, not yet seen on a device: ${unseen.join(', ')}.`,
    '',
  ].join('\n');
}
