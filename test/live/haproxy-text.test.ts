import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Algorithm, DeviceModel } from '../../src-main/contract/model.ts';
import type { Change } from '../../src-main/contract/plan.ts';
import { effectiveModel, parseHaproxy } from '../../src-main/vendors/haproxy/parse.ts';
import type { SourceFile } from '../../src-main/vendors/vendor.ts';
import { algorithmChange, cfg, edited, memberChange, textOf } from '../main/vendors/haproxy/changes.ts';
import { configuration } from '../main/vendors/haproxy/configurations.ts';
import { type Haproxy, startHaproxy } from '../rigs/haproxy.ts';
import { findProgram, isMissing } from '../rigs/need.ts';
import { lacksRecordings, recordings } from '../rigs/recordings.ts';

const run = promisify(execFile);
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'steelyard-text-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** What `haproxy -c` says: exit status 2 is a sound configuration without a listener. */
async function check(files: readonly SourceFile[]): Promise<{ readonly isAccepted: boolean; readonly words: string }> {
  const path = join(directory, 'check.cfg');
  writeFileSync(path, files[0]?.bytes ?? '');
  try {
    await run(findProgram('haproxy') ?? 'haproxy', ['-c', '-f', path], { cwd: directory, timeout: 20_000 });
    return { isAccepted: true, words: '' };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }; // what execFile rejects with
    return { isAccepted: code === 2 && !(stderr ?? '').includes('[ALERT]'), words: stderr ?? '' };
  }
}

/** A change of every member or every pool that the model holds and that no variable or template stands against. */
function everywhere(model: DeviceModel, key: 'weight' | 'adminState', desired: unknown): readonly Change[] {
  return model.pools.flatMap((pool) =>
    pool.members
      .filter((member) => member.native?.['server-template'] === undefined && member.native?.['weight'] === undefined)
      .map((member) => memberChange(pool.name, member.name, key, member[key], desired)),
  );
}

function everyAlgorithm(model: DeviceModel, desired: Algorithm): readonly Change[] {
  return model.pools.map((pool) => algorithmChange(pool.name, pool.algorithm, desired));
}

async function staysAccepted(base: readonly SourceFile[]): Promise<boolean> {
  const before = await check(base);
  if (!before.isAccepted) return false;
  const model = parseHaproxy(base);
  const ring: Algorithm = {
    name: 'source-ip-hash',
    hash: 'ring',
    hashFunction: 'wt6',
    avalanche: true,
    boundedLoad: 1.5,
  };
  const changes = [
    [...everywhere(model, 'weight', 7), ...everyAlgorithm(model, 'least-connections')],
    [...everywhere(model, 'adminState', 'disabled'), ...everyAlgorithm(model, ring)],
    everywhere(model, 'adminState', 'draining'),
  ];
  for (const change of changes) {
    const changed = edited(base, change);
    const after = await check(changed);
    if (!after.isAccepted)
      throw new Error(`haproxy refuses an edited configuration: ${after.words}\n${textOf(changed)}`);
  }
  return true;
}

describe.skipIf(isMissing('haproxy'))('a configuration that haproxy -c accepts', { timeout: 300_000 }, () => {
  it.skipIf(lacksRecordings)('is accepted after every kind of change: the recorded ones', async () => {
    const files = recordings('config/haproxy', '.cfg');
    let accepted = 0;
    for (const file of files) if (await staysAccepted([file])) accepted += 1;
    expect(accepted).toBeGreaterThan(files.length / 3);
  });

  it('is accepted after every kind of change: made-up ones', async () => {
    const texts = fc.sample(configuration, { numRuns: 40, seed: 20_261_122 }).map((text) =>
      text
        .replaceAll('host.example', '192.0.2.9')
        .replaceAll('unheard-of word', 'retries 2')
        .replaceAll('track b/a', 'rise 2')
        .replaceAll(/"\$\{W-3\}"/g, '3')
        .replace(/\n?$/, '\n'),
    );
    let accepted = 0;
    for (const text of texts) if (await staysAccepted(cfg(text))) accepted += 1;
    expect(accepted).toBeGreaterThan(5);
  });
});

const sections = `defaults inherited
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    balance leastconn
    default-server weight 9 maxconn 50

backend app from inherited
    server "a"'1' 127.0.0.1:1
    server b\\x31 127.0.0.1:2 weight "3" # three
    default-server weight 11 disabled
    server c1 127.0.0.1:3
    server d1 127.0.0.1:4 enabled weight 2 weight 4
    server e1 127.0.0.1:5 enabled backup

backend hashed from inherited
    balance   uri depth 2
    hash-type consistent
    cookie SRV insert
    server s1 127.0.0.1:6 cookie "x y" weight 256
    server-template t 2-3 127.0.0.1:7
.if defined(STEELYARD_NOT_SET)
    server hidden 127.0.0.1:8
.endif
`;

const changes: readonly Change[] = [
  memberChange('app', 'a1', 'weight', 9, 5),
  memberChange('app', 'b1', 'weight', 3, 30),
  memberChange('app', 'c1', 'adminState', 'disabled', 'enabled'),
  memberChange('app', 'd1', 'adminState', 'enabled', 'draining'),
  memberChange('app', 'e1', 'adminState', 'enabled', 'disabled'),
  algorithmChange('app', undefined, 'round-robin'),
  algorithmChange('hashed', undefined, { name: 'source-ip-hash' }),
  {
    action: 'create',
    subject: { kind: 'member', path: ['app', 'f1'] },
    prior: undefined,
    desired: { name: 'f1', address: '::1', port: 9, weight: 8 },
  },
];

/** Rows of `show stat` by `pool/server`, their columns by the header's names. */
async function readRows(haproxy: Haproxy): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const [header = '', ...lines] = (await haproxy.ask('show stat')).trim().split('\n');
  const columns = header.replace(/^# /, '').split(',');
  const rows = lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  });
  return new Map(rows.map((row) => [`${row['pxname'] ?? ''}/${row['svname'] ?? ''}`, row]));
}

/** What the model says of every member, in the words of `show stat`. */
function rowsOfModel(model: DeviceModel): Readonly<Record<string, unknown>> {
  const members = model.pools.flatMap((pool) =>
    pool.members.map((member) => {
      const weight = member.adminState === 'draining' ? 0 : member.weight;
      const isDown = member.adminState === 'disabled';
      return [
        `${pool.name}/${member.name}`,
        { weight, isDown, isBackup: member.priority === -1, limit: member.maxConnections },
      ] as const;
    }),
  );
  return Object.fromEntries(members);
}

async function compare(text: string): Promise<void> {
  const haproxy = await startHaproxy({ sections: text, shape: 'foreground' });
  try {
    const rows = await readRows(haproxy);
    const version = /^Version: (\S+)$/m.exec(await haproxy.ask('show info'))?.[1] ?? '';
    const model = effectiveModel(cfg(haproxy.readConfig()), { version, environment: {} });
    const seen = [...rows]
      .filter(([name]) => !/\/(FRONTEND|BACKEND)$/.test(name))
      .map(([name, row]) => {
        const isBackup = row['bck'] === '1';
        const limit = row['slim'] === '' ? undefined : Number(row['slim']);
        return [name, { weight: Number(row['weight']), isDown: row['status'] === 'MAINT', isBackup, limit }] as const;
      });
    expect(rowsOfModel(model)).toEqual(Object.fromEntries(seen));
    for (const pool of model.pools) {
      const native = typeof pool.algorithm === 'object' ? (pool.algorithm.native ?? 'roundrobin') : '';
      expect(native.split(' ')[0]).toBe(rows.get(`${pool.name}/BACKEND`)?.['algo']);
    }
  } finally {
    await haproxy.close();
  }
}

describe.skipIf(isMissing('haproxy'))('a running haproxy', () => {
  it('says of weights, states, limits and algorithms what the model says', async () => {
    await compare(sections);
  });

  it('says the same of an edited configuration', async () => {
    const text = textOf(edited(cfg(sections), changes));
    expect(text).not.toBe(sections);
    await compare(text);
  });
});
