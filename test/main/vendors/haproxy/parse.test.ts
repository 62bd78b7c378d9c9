import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DeviceModel, DevicePool } from '../../../../src-main/contract/model.ts';
import { globalFacts } from '../../../../src-main/vendors/haproxy/cfg/facts.ts';
import { effectiveModel, parseHaproxy } from '../../../../src-main/vendors/haproxy/parse.ts';
import { cfg } from './changes.ts';

const shop = [
  { path: 'shop.cfg', bytes: readFileSync(new URL('../../../fixtures/haproxy/shop.cfg', import.meta.url)) },
];

function poolOf(text: string, name = 'a'): DevicePool | undefined {
  return parseHaproxy(cfg(text)).pools.find((pool) => pool.name === name);
}

function memberOf(words: string): unknown {
  return poolOf(`backend a\n server s 192.0.2.1:80 ${words}\n`)?.members[0];
}

describe('the model of a whole configuration', () => {
  it('is as the fixture has it, as written', async () => {
    await expect(JSON.stringify(parseHaproxy(shop), null, 2)).toMatchFileSnapshot(
      '../../../fixtures/haproxy/shop.written.json',
    );
  });

  it('is as the fixture has it, as it takes effect in HAProxy 2.6', async () => {
    const model = effectiveModel(shop, { version: '2.6.12' });
    await expect(JSON.stringify(model, null, 2)).toMatchFileSnapshot('../../../fixtures/haproxy/shop.effective.json');
  });

  it('holds no secret of the files', () => {
    const text = JSON.stringify([parseHaproxy(shop), effectiveModel(shop)]);
    expect(text).not.toMatch(/hush|aHVzaC|JlKBx9za/);
  });

  it('names every line of a proxy once: in the model, or among the unmodelled', () => {
    const lines = parseHaproxy(shop).unmodelled.flatMap(({ line, endLine }) =>
      Array.from({ length: endLine - line + 1 }, (_, index) => line + index),
    );
    expect(new Set(lines).size).toBe(lines.length);
  });
});

describe('words', () => {
  it.each([
    [String.raw`backend a\ b`, 'a b'],
    [`backend "a b"`, 'a b'],
    [`backend 'a"b'`, 'a"b'],
    [String.raw`backend a"b c"'d\e'`, String.raw`ab cd\e`],
    [String.raw`backend \x61\#b # c`, 'a#b'],
    ['backend a#b', 'a'],
    [String.raw`backend "a\$b\"c"`, 'a$b"c'],
    ['backend "a${NAME}"', 'a${NAME}'],
    ['\tbackend\v\fa\t', 'a'],
    ['backend a\rb', 'a'],
    ['backend b\u00c3\u00a9', 'b\u00e9'],
    ['backend b\u00e9', 'b\u00e9'],
  ])('are read as HAProxy reads them: %j', (line, name) => {
    expect(parseHaproxy(cfg(`${line}\n`)).pools.map((pool) => pool.name)).toEqual([name]);
  });

  it.each([
    ['backend "a${NAME}"', { NAME: 'x' }, 'ax'],
    ['backend "a${NAME-y}"', {}, 'ay'],
    ['backend "a${NAME-y}"', { NAME: '' }, 'a'],
    ['backend "a$NAME.b"', { NAME: 'x' }, 'ax.b'],
    ['backend a$NAME', { NAME: 'x' }, 'a$NAME'],
  ])('take variables from a known environment: %j', (line, environment, name) => {
    expect(parseHaproxy(cfg(`${line}\n`), { environment }).pools.map((pool) => pool.name)).toEqual([name]);
  });

  it('that HAProxy refuses keep the object listed and say why', () => {
    const model = parseHaproxy(cfg('backend a\n server s 192.0.2.1:80 cookie "x\n'));
    expect(model.pools[0]?.members).toHaveLength(1);
    expect(model.unmodelled).toMatchObject([{ line: 2, why: 'HAProxy refuses the line: a quote is not closed' }]);
  });
});

describe('sections', () => {
  it('take what they do not write from the latest defaults above, or from the named one', () => {
    const text =
      'defaults x\n balance source\ndefaults\n balance first\nbackend a\n server s h:1\nbackend b from x\n server s h:1\n';
    const names = effectiveModel(cfg(text)).pools.map((pool) => (pool.algorithm as { name: string }).name);
    expect(names).toEqual(['first-available', 'source-ip-hash']);
    expect(parseHaproxy(cfg(text)).pools.map((pool) => pool.algorithm)).toEqual([undefined, undefined]);
  });

  it('keep the defaults of the file before', () => {
    const files = [...cfg('defaults\n balance first\n', 'a.cfg'), ...cfg('backend a\n server s h:1\n', 'b.cfg')];
    expect(effectiveModel(files).pools[0]?.algorithm).toMatchObject({ name: 'first-available' });
  });

  it('give each server line the default-server lines above it, not those below', () => {
    const text = 'backend a\n server s h:1\n default-server weight 7\n server t h:1\n server u h:1 weight 3\n';
    expect(effectiveModel(cfg(text)).pools[0]?.members.map((member) => member.weight)).toEqual([1, 7, 3]);
  });

  it('let a line enable what default-server disables', () => {
    const text = 'backend a\n default-server disabled\n server s h:1\n server t h:1 enabled\n';
    expect(effectiveModel(cfg(text)).pools[0]?.members.map((member) => member.adminState)).toEqual([
      'disabled',
      'enabled',
    ]);
  });

  it('of one name are told apart', () => {
    const text = 'backend a\n server s h:1\n server s h:2\nbackend a\nfrontend a\n';
    const model = parseHaproxy(cfg(text));
    expect(model.pools.map((pool) => pool.name)).toEqual(['a', 'a#2']);
    expect(model.pools[0]?.members.map((member) => member.name)).toEqual(['s', 's#2']);
    expect(model.virtualServers.map((server) => server.name)).toEqual(['a']);
  });

  it('of a kind yet to come do not spill into the pool before', () => {
    const text = 'backend a\n    server s h:1\n\nfuture-things x\n    server not-mine h:2\n';
    const model = parseHaproxy(cfg(text));
    expect(model.pools[0]?.members.map((member) => member.name)).toEqual(['s']);
    expect(model.unmodelled).toMatchObject([
      { line: 4, endLine: 5, why: 'a section of kind future-things, which is not known' },
    ]);
  });

  it('may stand without indentation', () => {
    expect(poolOf('backend a\nbalance first\nserver s h:1\n')?.members).toHaveLength(1);
  });

  it('leave files that are no configuration aside, unread', () => {
    const files = [...cfg('backend a\n', 'a.cfg'), ...cfg('-----BEGIN PRIVATE KEY-----\n', 'key.pem')];
    const model = parseHaproxy(files);
    expect(model.pools).toHaveLength(1);
    expect(model.unmodelled).toMatchObject([{ file: 'key.pem', text: '' }]);
  });
});

describe('conditional blocks', () => {
  const text = '.if version_atleast(2.4)\nbackend a\n.else\nbackend b\n.endif\n';

  it('are read whole where the version is not known', () => {
    expect(parseHaproxy(cfg(text)).pools.map((pool) => pool.name)).toEqual(['a', 'b']);
  });

  it.each([
    ['2.6.12', ['a']],
    ['2.4-dev3', ['b']],
    ['2.0.33', ['b']],
  ])('are read as version %s reads them', (version, names) => {
    expect(parseHaproxy(cfg(text), { version }).pools.map((pool) => pool.name)).toEqual(names);
  });

  it.each([
    ['defined(X)', true],
    ['!defined(X)', false],
    ['streq("$X",1) && strneq("$X",2)', true],
    ['0 || (1 && !0)', true],
    ['defined(Y) || strstr("$X",2)', false],
    ['', false],
  ])('take the condition %j as %j', (condition, isTaken) => {
    const files = cfg(`.if ${condition}\nbackend a\n.endif\n`);
    expect(parseHaproxy(files, { environment: { X: '1' } }).pools).toHaveLength(isTaken ? 1 : 0);
  });

  it('list what is not in force', () => {
    const model = parseHaproxy(cfg('.if 0\nbackend a\n server s h:1\n.endif\n'));
    expect(model.unmodelled).toMatchObject([
      { line: 1, why: 'a directive of the preprocessor' },
      { line: 2, endLine: 3, why: 'not in force: the condition of its block is false' },
      { line: 4 },
    ]);
  });
});

describe('server lines', () => {
  it.each([
    ['weight 3', { weight: 3 }],
    ['weight 3 weight 5', { weight: 5 }],
    ['weight 300', { native: { weight: '300' } }],
    ['weight "$W"', { native: { weight: '$W' } }],
    ['disabled', { adminState: 'disabled' }],
    ['disabled enabled', { adminState: 'enabled' }],
    ['backup', { priority: -1 }],
    ['maxconn 9 cookie check', { maxConnections: 9, cookieValue: 'check' }],
    ['weight 0 # steelyard: draining, weight 3', { weight: 3, adminState: 'draining' }],
    ['weight 0 # note # steelyard: draining', { adminState: 'draining' }],
    ['weight 4 # steelyard: draining, weight 3', { weight: 4 }],
    ['init-addr none new-word 1 2 weight 3', { weight: 3, native: { 'init-addr': 'none', 'new-word': '1 2' } }],
  ])('are read: %s', (words, fields) => {
    expect(memberOf(words)).toEqual({ name: 's', address: '192.0.2.1', port: 80, ...fields });
  });

  it.each([
    ['h', { address: 'h' }],
    ['h:', { address: 'h' }],
    ['h:+10', { address: 'h:+10' }],
    ['[2001:db8::1]:80', { address: '2001:db8::1', port: 80 }],
    ['2001:db8::1:80', { address: '2001:db8::1', port: 80 }],
    ['ipv4@h:80', { address: 'h', port: 80 }],
    ['/run/x.sock', { address: '/run/x.sock' }],
    ['abns@x', { address: 'abns@x' }],
    ['"${HOST}:80"', { address: '${HOST}', port: 80 }],
  ])('have the address %s', (address, fields) => {
    expect(poolOf(`backend a\n server s ${address}\n`)?.members[0]).toEqual({ name: 's', ...fields });
  });
});

describe('algorithms', () => {
  it.each([
    ['roundrobin', { name: 'round-robin' }],
    ['source', { name: 'source-ip-hash' }],
    ['random', { name: 'random-two-choices' }],
    ['random(1)', { name: 'random' }],
    ['random(5)', { name: 'random', choices: 5 }],
    ['uri len 12 path-only', { name: 'uri-hash', length: 12, pathOnly: true }],
    ['url_param id check_post 64', { name: 'query-param-hash', key: 'id', checkPost: true }],
    ['hdr(Host) use_domain_only', { name: 'host-hash', useDomainOnly: true }],
    ['hdr(X-User)', { name: 'header-hash', key: 'X-User' }],
    ['rdp-cookie(mst)', { name: 'rdp-cookie-hash', key: 'mst' }],
    ['hash req.cook(id)', { name: 'cookie-hash', key: 'id' }],
    ['hash var(txn.x),lower', { name: 'expression-hash', key: 'var(txn.x),lower' }],
    ['log-hash field(1)', { name: 'unknown' }],
  ])('are read: balance %s', (words, settings) => {
    expect(poolOf(`backend a\n balance ${words}\n`)?.algorithm).toEqual({ ...settings, native: words });
  });

  it('keep hash lines without effect in native alone', () => {
    const algorithm = poolOf('backend a\n balance roundrobin\n hash-type  consistent\n')?.algorithm;
    expect(algorithm).toEqual({ name: 'round-robin', native: 'roundrobin\nhash-type  consistent' });
  });

  it.each([
    ['2.6.12', 'round-robin'],
    ['3.2.0', 'round-robin'],
    ['3.3.0', 'random-two-choices'],
  ])('where none is written are the default of version %s: %s', (version, name) => {
    const model = effectiveModel(cfg('backend a\n server s h:1\n'), { version });
    expect(model.pools[0]?.algorithm).toEqual({ name });
  });
});

describe('the facts of the process', () => {
  it('are read from the whole configuration', () => {
    expect(globalFacts(shop)).toMatchObject({
      statsSockets: [
        { address: '/run/haproxy/admin.sock', isPath: true, level: 'admin', group: 'ops', mode: '660' },
        { address: '127.0.0.1:9999', isPath: false, level: 'operator' },
      ],
      pidFile: '/run/haproxy.pid',
      chroot: '/var/lib/haproxy',
      serverStateFile: '/var/lib/haproxy/state',
      hardStopAfterMs: 1_800_000,
      peers: [{ name: 'crew', members: ['lb1', 'lb2'] }],
      tablesLostByReload: ['bots'],
    });
  });

  it('say of which pools a weight takes no effect at run time', () => {
    const fixed = globalFacts(shop).pools.filter((pool) => pool.isStatic);
    expect(fixed.map((pool) => pool.name)).toEqual(['bots']);
  });
});

describe('bandwidth filters', () => {
  const text = `frontend f
    bind :80
    filter bwlim-out by-src limit 10m key src table limits
    filter bwlim-out by-stream default-limit 512k default-period 500ms
    filter bwlim-in up default-limit 1m default-period 1s
    http-response set-bandwidth-limit by-src
    tcp-response content set-bandwidth-limit by-stream
    http-request set-bandwidth-limit up
backend limits
    stick-table type ip size 1m expire 10s store http_req_rate(1s),bytes_out_rate(2s)
`;
  function read(source: string): DeviceModel {
    return effectiveModel([{ path: 'a.cfg', bytes: Buffer.from(source) }], { version: '3.2.0' });
  }

  it('say what a client and a stream get at most, where every stream has them', () => {
    expect(read(text).virtualServers[0]?.bandwidth).toEqual({
      perClientBytesPerSecond: 5 * 1024 * 1024,
      perConnectionBytesPerSecond: 1024 * 1024,
    });
    expect(read(text).unmodelled.map(({ line }) => line)).toEqual([5, 8, 10]);
  });
  it('that only some streams have stay with their lines', () => {
    const some = text
      .replace('set-bandwidth-limit by-src', '$& if { path_beg /big }')
      .replace('bytes_out_rate(2s)', 'gpc0');
    const model = read(some);
    expect(model.virtualServers[0]?.bandwidth).toEqual({ perConnectionBytesPerSecond: 1024 * 1024 });
    expect(model.unmodelled.find(({ line }) => line === 3)?.why).toContain('bandwidth filter');
  });
});
