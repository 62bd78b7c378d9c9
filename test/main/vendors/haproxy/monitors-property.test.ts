import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import type { DeviceModel, Monitor } from '../../../../src-main/contract/model.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { editHaproxy } from '../../../../src-main/vendors/haproxy/edit.ts';
import { effectiveModel } from '../../../../src-main/vendors/haproxy/parse.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';
import { recordings } from '../../../rigs/recordings.ts';

const runs = 200 * Number(process.env['STEELYARD_SOAK'] ?? 1);
const surroundings = { version: '2.6.12', environment: {} };

/** Wishes for a monitor, whatever it is now. What its type has no use for is refused, and counts as nothing. */
const wishes: readonly Partial<Monitor>[] = [
  { intervalMs: 1234 },
  { fall: 7, rise: 4 },
  { fastIntervalMs: 77, downIntervalMs: 8888 },
  { port: 4321, address: '192.0.2.99' },
  { timeoutMs: 4321 },
  { path: '/another?x=1' },
  { expectStatus: ['200-204', '418'] },
  { expectBody: 'in good # health' },
  { drainStatus: ['404'], sendState: true },
  { type: 'http', method: 'GET', path: '/new', httpVersion: '1.1', host: 'www.example', expectStatus: ['204'] },
  { type: 'https', path: '/secure', tls: { serverName: 'name.example', sendSni: true } },
  { type: 'redis' },
  { type: 'smtp', method: 'EHLO', host: 'example.org' },
  { type: 'tcp-send-expect', send: 'PING\\r\\n', expect: '/^.PONG/' },
  {
    type: 'tcp-send-expect',
    steps: [
      { connect: { port: 99 } },
      { send: '\\0a' },
      { expect: 'é "b"', comment: 'odd' },
      { native: 'send-lf %[src]' },
    ],
  },
  {
    type: 'http',
    path: '/',
    steps: [{ request: { path: '/a' } }, { expectStatus: ['200'], isNegated: true }, { expectBody: 'x' }],
  },
  { type: 'tcp' },
];

function read(files: readonly SourceFile[]): DeviceModel {
  return effectiveModel(files, surroundings);
}
function changesTo(now: Monitor, then: Monitor): Change[] {
  const [left, right]: readonly Readonly<Record<string, unknown>>[] = [{ ...now }, { ...then }];
  return [...new Set([...Object.keys(now), ...Object.keys(then)])]
    .filter((key) => key !== 'native' && JSON.stringify(left?.[key]) !== JSON.stringify(right?.[key]))
    .map((key) => ({
      action: 'update',
      subject: { kind: 'monitor', path: [now.name] },
      key,
      prior: left?.[key],
      desired: right?.[key],
    }));
}
/** The files with the changes, or undefined where they are refused for a reason. */
function tried(files: readonly SourceFile[], changes: readonly Change[]): readonly SourceFile[] | undefined {
  try {
    return editHaproxy(files, { changes, target: read(files) }, { surroundings, inherited: 'leave-out' });
  } catch (error) {
    if (error instanceof AppError && error.detail.length > 20) return undefined;
    throw error;
  }
}
/** Everything but the monitors of a pool, and how often lines were left out of the model. */
function apart(model: DeviceModel, pool: string): unknown {
  const monitors = model.monitors.filter(({ name }) => !name.startsWith(`${pool}/`));
  const pools = model.pools.map((each) =>
    each.name === pool
      ? { ...each, monitors: undefined, members: each.members.map((member) => ({ ...member, monitors: undefined })) }
      : each,
  );
  return { virtualServers: model.virtualServers, pools, monitors };
}

/** One wish for one monitor: what was asked for is read, nothing else moves, and the prior values read as before. */
function walk(
  files: readonly SourceFile[],
  name: string,
  wish: Partial<Monitor>,
): 'refused' | 'same bytes' | 'same model' {
  const before = read(files);
  const now = before.monitors.find((monitor) => monitor.name === name);
  const pool = name.replace(/\/[^/]*$/, '');
  if (now === undefined) return 'refused';
  const asked = Object.entries(wish).map(([key, desired]): Change => ({
    action: 'update',
    subject: { kind: 'monitor', path: [name] },
    key,
    desired,
  }));
  const changed = tried(files, asked);
  if (changed === undefined) return 'refused';
  const after = read(changed);
  const then = after.monitors.find((monitor) => monitor.name === name);
  const { steps, ...rest } = wish;
  expect(then).toMatchObject(rest);
  if (steps !== undefined) expect(then?.steps).toHaveLength(steps.length);
  expect(apart(after, pool)).toEqual(apart(before, pool));
  if (then === undefined) return 'refused';
  const back = tried(changed, changesTo(then, now));
  if (back === undefined) return 'refused';
  expect(read(back).monitors.find((monitor) => monitor.name === name)).toEqual(now);
  expect(apart(read(back), pool)).toEqual(apart(before, pool));
  return back.every(({ bytes }, index) => files[index]?.bytes.equals(bytes) === true) ? 'same bytes' : 'same model';
}

const line = fc.constantFrom(
  'option httpchk',
  'option httpchk GET /health',
  'option  httpchk HEAD "/a b" HTTP/1.1\\r\\nHost:\\ www # old',
  'http-check send meth GET uri /x hdr Host "w w" hdr X-A b',
  'http-check expect status 200,204',
  'http-check expect ! rstatus ^5',
  'http-check expect string ok',
  'http-check disable-on-404',
  'http-check set-var(check.a) int(1)',
  'option tcp-check',
  'tcp-check connect',
  'tcp-check connect port 81 ssl',
  'tcp-check send PING\\r\\n',
  'tcp-check expect string "+PONG"   # note',
  'tcp-check expect rstring "^a b"',
  'tcp-check comment x',
  'option redis-check',
  'option mysql-check user "probe" post-41',
  'option smtpchk EHLO example.org',
  'option external-check',
  'external-check command /bin/probe',
  'timeout check 3s',
  'default-server inter 3s fall 2',
  'default-server check',
  'balance roundrobin',
  '# a comment',
);
const words = fc.constantFrom(
  'check',
  'check',
  'inter 1s',
  'inter 500',
  'rise 3',
  'port 81',
  'check-ssl verify none',
  'check-ssl check-sni w',
  'agent-check',
  'agent-port 9',
  'weight 3',
  'no-check',
  'addr 10.0.0.7',
);
const server = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.array(words, { maxLength: 4 }))
  .map(([name, list]) => `server ${name} 10.0.0.1:80 ${list.join(' ')}`);
const configuration = fc
  .tuple(
    fc.array(line, { maxLength: 4 }),
    fc.array(fc.oneof(line, line, server), { maxLength: 8 }),
    server,
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([defaults, body, last, lineBreak]) =>
    [
      'defaults',
      ...defaults.map((text) => `  ${text}`),
      'backend app',
      ...[...body, last].map((text) => `\t${text}`),
      'backend other',
      '  server z 10.0.0.9:80 check',
    ].join(lineBreak),
  );

describe('any configuration with checks', { timeout: 60_000 }, () => {
  test('takes a wish for a check or refuses it, reads as wished, and as before with the prior values', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(configuration, fc.nat(), fc.constantFrom(...wishes), (text, at, wish) => {
        const files = [{ path: 'haproxy.cfg', bytes: Buffer.from(text) }];
        const { monitors } = read(files);
        const result = walk(files, monitors[at % Math.max(monitors.length, 1)]?.name ?? '', wish);
        seen.set(result, (seen.get(result) ?? 0) + 1);
      }),
      { numRuns: runs * 3 },
    );
    expect(seen.get('same bytes')).toBeGreaterThan(0);
  });
});

const configurations = recordings('config/haproxy', '.cfg');

describe.skipIf(configurations.length === 0)('checks in configurations of others', { timeout: 60_000 }, () => {
  test.each(configurations)('$path: are changed one by one, and back', ({ bytes }) => {
    const files = [{ path: 'haproxy.cfg', bytes }];
    const seen: string[] = [];
    const names = read(files)
      .monitors.map(({ name }) => name)
      .slice(0, 4);
    for (const name of names) for (const wish of wishes) seen.push(walk(files, name, wish));
    if (names.length > 0) expect(new Set(seen)).not.toEqual(new Set(['refused']));
  });
});
