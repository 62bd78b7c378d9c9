import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleSchema } from '../../../../src-main/contract/metrics.ts';
import { parsePoll } from '../../../../src-main/vendors/haproxy/stats.ts';

const recordings = join(process.env['STEELYARD_DATA'] ?? '../shared/data', 'stats/haproxy');
const at = new Date('2026-11-22T10:00:00.500Z');
const info = 'Name: HAProxy\nVersion: 2.6.12\nPid: 4711\nStart_time_sec: 1700000000\nIdle_pct: 97\n\n';
const statesHead =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_fqdn\n';
const columns = [
  ...['pxname', 'svname', 'qcur', 'scur', 'stot', 'bin', 'bout', 'econ', 'eresp', 'wretr', 'wredis', 'status'],
  ...['weight', 'lastchg', 'type', 'check_status', 'check_code', 'check_duration', 'hrsp_2xx', 'hrsp_5xx', 'req_tot'],
  ...['last_chk', 'rtime', 'check_desc', 'addr', 'mode', 'algo', 'uweight', 'something_new'],
];

type Row = Readonly<Record<string, string>>;

function row(values: Row): string {
  return `${columns.map((name) => values[name] ?? '').join(',')},\n`;
}
function server(values: Row): string {
  return row({ pxname: 'app', svname: 'a', type: '2', status: 'UP', ...values });
}
function answer(rows: readonly string[], states: readonly string[] = []): string {
  const stat = `# ${columns.join(',')},\n${rows.join('')}\n`;
  return `${info}${stat}${statesHead}${states.map((state) => `${state}\n`).join('')}\n`;
}
const backend = row({ pxname: 'app', svname: 'BACKEND', type: '1', status: 'UP', algo: 'leastconn' });

function member(values: Row, state?: string) {
  const sample = parsePoll(answer([server(values), backend], state === undefined ? [] : [state]), at);
  return sample.pools[0]?.members[0];
}
function problemOf(text: string) {
  try {
    parsePoll(text, at);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('parsePoll', () => {
  it('names the process whose counters it read, so that no rate is taken across a restart', () => {
    expect(parsePoll(answer([backend]), at).epoch).toBe('4711@1700000000');
  });

  it.each([
    ['UP', 'up', 'enabled'],
    ['UP 1/3', 'up', 'enabled'],
    ['DOWN', 'down', 'enabled'],
    ['DOWN 1/2', 'down', 'enabled'],
    ['DOWN (agent)', 'down', 'enabled'],
    ['NOLB', 'limited', 'enabled'],
    ['NOLB 1/2', 'limited', 'enabled'],
    ['MAINT', 'unknown', 'disabled'],
    ['MAINT (via app/b)', 'unknown', 'disabled'],
    ['MAINT (resolution)', 'down', 'enabled'],
    ['DRAIN', 'unmonitored', 'draining'],
    ['DRAIN (agent)', 'unmonitored', 'draining'],
    ['no check', 'unmonitored', 'enabled'],
    ['NO CHECK', 'unmonitored', 'enabled'],
    ['something else', 'unknown', 'enabled'],
  ])('reads status %s as health %s, admin state %s', (status, health, adminState) => {
    expect(member({ status })).toMatchObject({ health, adminState });
  });

  it('takes the admin state from the bit mask where the status word hides it', () => {
    expect(member({ status: 'DOWN' }, '3 app 1 a 10.0.0.1 0 8 5 3 -')).toMatchObject({
      health: 'down',
      adminState: 'draining',
      weight: 5,
    });
    expect(member({ status: 'DRAIN', uweight: '0', check_status: 'L4OK' }, '3 app 1 a - 2 0 0 0 -')).toMatchObject({
      health: 'up',
      adminState: 'enabled',
      weight: 0,
    });
    expect(member({ status: 'MAINT' }, '3 app 1 a - 0 5 1 1 -')).toMatchObject({ adminState: 'disabled' });
    // Disabled in the file, enabled at run time.
    expect(member({ status: 'UP' }, '3 app 1 a - 2 4 1 1 -')).toMatchObject({ health: 'up', adminState: 'enabled' });
    expect(member({ status: 'MAINT (resolution)' }, '3 app 1 a - 0 32 1 1 -')).toMatchObject({
      health: 'down',
      adminState: 'enabled',
    });
  });

  it('says that a member whose first check runs has no verdict yet', () => {
    expect(member({ check_status: 'INI' })?.health).toBe('checking');
    expect(member({ check_status: '* L7OK' })?.health).toBe('up');
  });

  it('counts bytes towards the member as in, towards the client as out', () => {
    expect(member({ bin: '11', bout: '18446744073709551615' })).toMatchObject({
      bytesIn: '11',
      bytesOut: '18446744073709551615',
    });
  });

  it('leaves out what the device does not tell', () => {
    expect(member({})).toStrictEqual({ name: 'a', health: 'up', adminState: 'enabled', errors: {} });
  });

  it('calls the average of the last 1024 requests an average, and has none without a request', () => {
    expect(member({ stot: '4', rtime: '12', hrsp_2xx: '4' })?.responseTimeMs).toStrictEqual({
      average: 12,
      source: 'average of the last 1024 (rtime)',
    });
    expect(member({ stot: '0', rtime: '0', hrsp_2xx: '0' })?.responseTimeMs).toBeUndefined();
  });

  it('counts requests of an HTTP member by its sessions where there is no counter of requests', () => {
    expect(member({ stot: '4', hrsp_2xx: '4' })?.requests).toBe('4');
    expect(member({ stot: '4', hrsp_2xx: '4', req_tot: '5' })?.requests).toBe('5');
    expect(member({ stot: '4' })?.requests).toBeUndefined();
  });

  it('tells why the last check failed and since when the member is down', () => {
    const down = member({
      status: 'DOWN',
      lastchg: '30',
      check_status: '* L7STS',
      check_code: '503',
      check_duration: '4',
      check_desc: 'Layer7 wrong status',
      last_chk: '"a ""quoted"", text\nover lines"',
    });
    expect(down?.lastCheck).toStrictEqual({
      durationMs: 4,
      result: 'L7STS 503: Layer7 wrong status: a "quoted", text\nover lines',
    });
    expect(down?.downSince).toBe('2026-11-22T09:59:30.000Z');
  });

  it('reads addresses of IPv4, IPv6 and none of a Unix socket', () => {
    expect(member({ addr: '10.0.0.1:80' })).toMatchObject({ address: '10.0.0.1', port: 80 });
    expect(member({ addr: '[2001:db8::1]:80' })).toMatchObject({ address: '2001:db8::1', port: 80 });
    expect(member({ addr: 'unix' })?.address).toBeUndefined();
  });

  it('keeps hostile names as they are', () => {
    const svname = '"<img src=x>,""; rm -rf /"';
    expect(member({ svname })?.name).toBe('<img src=x>,"; rm -rf /');
  });

  it('finds columns by name wherever they stand and ignores those it does not know', () => {
    const text = `${info}# type,unheard,svname,status,pxname,stot,\n2,x,a,UP,app,7,\n1,,BACKEND,UP,app,7,\n\n${statesHead}\n`;
    expect(parsePoll(text, at).pools[0]?.members[0]).toMatchObject({ name: 'a', totalConnections: '7' });
  });

  it('says that a socket speaks for one process of several', () => {
    const text = answer([backend]).replace('Pid: 4711', 'Nbproc: 4\nProcess_num: 2\nPid: 4711');
    expect(parsePoll(text, at).errors).toMatchObject([
      { code: 'CAPABILITY_MISSING', detail: expect.stringContaining('process 2 of 4') as string },
    ]);
  });

  it.each([
    ['an empty answer', ''],
    ['another program', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['no header', `${info}web,FRONTEND,1,2\n\n`],
    ['a header without the columns it needs', `${info}# pxname,svname,\nweb,FRONTEND,\n\n`],
    ['a row that is too short', answer([backend, 'app,a,0,0\n'])],
    ['a row that is too long', answer([`${server({}).trimEnd()},1,2,\n`, backend])],
    ['text where a number has to be', answer([server({ scur: 'lots' }), backend])],
    ['a negative counter', answer([server({ stot: '-1' }), backend])],
    ['a servers state of another version', answer([backend]).replace('\n1\n# be_id', '\n2\n# be_id')],
    ['bytes that are no text', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 31) % 256)).toString()],
  ])('refuses %s as not understood', (_, text) => {
    expect(problemOf(text)).toMatchObject({ code: 'OUTPUT_UNPARSED' });
  });

  it('refuses an answer that was cut anywhere before its end', () => {
    const whole = answer([server({ last_chk: '"x, y"' }), backend], ['3 app 1 a 10.0.0.1 0 8 5 3 -']);
    for (let length = 0; length < whole.length - 1; length += 1) {
      expect(problemOf(whole.slice(0, length)), `cut at ${length}`).toMatchObject({ code: 'OUTPUT_UNPARSED' });
    }
    expect(problemOf(whole)).toBeUndefined();
  });

  it('shows no more of a huge line than the eye can take', () => {
    const problem = problemOf(`${info}# pxname,svname,status,type,\n${'x'.repeat(1_000_000)},\n\n`);
    expect(problem).toMatchObject({ code: 'OUTPUT_UNPARSED' });
    expect((problem as { raw: string }).raw.length).toBeLessThanOrEqual(200);
  });
});

describe.skipIf(!existsSync(recordings))('recordings of other installations', () => {
  function read(name: string) {
    const text = readFileSync(join(recordings, name), 'utf8').trimStart();
    return parsePoll(`${info}${text.trimEnd()}\n\n${statesHead}\n`, at);
  }

  it.each([
    ['datadog-show-stat-statuses.csv', 1, ['b/i-1', 'b/i-5']],
    ['jbuchbinder-show-stat-1.6.csv', 1, ['be_production_web/web1']],
    ['otel-show-stat-2.7.csv', 1, []],
    ['telegraf-show-stat-1.x-production.csv', 1, []],
    ['wglass-show-stat-1.6.csv', 1, ['appservers/app01_8080']],
    ['observing-1.5dev18-showstat.out', 1, ['realtime/node1']],
  ])('reads %s', (name, fewestPools, names) => {
    const sample = read(name);
    expect(sampleSchema.parse(sample)).toEqual(sample);
    expect(sample.pools.length).toBeGreaterThanOrEqual(fewestPools);
    const found = sample.pools.flatMap((pool) => pool.members.map((member) => `${pool.name}/${member.name}`));
    expect(found).toEqual(expect.arrayContaining(names));
  });

  it('refuses one with text in a column of numbers, and names the place', () => {
    expect(() => read('datadog-show-stat-evil.csv')).toThrow(/no number in column hrsp_2xx of be_edge_http_sre/);
  });

  it('has more bytes out than in where people download', () => {
    const [member] = read('wglass-show-stat-1.6.csv').pools.find((pool) => pool.name === 'appservers')?.members ?? [];
    expect(member).toMatchObject({ bytesIn: '3315084', bytesOut: '69107350' });
  });
});
