import { expect, test } from 'vitest';
import { effectiveModel } from '../../../../src-main/vendors/haproxy/parse.ts';
import { findRuntimeChange } from '../../../../src-main/vendors/haproxy/plan-runtime.ts';
import { isOfRunningCheck } from '../../../../src-main/vendors/haproxy/plan-runtime-checks.ts';
import { parseServersState } from '../../../../src-main/vendors/haproxy/runtime.ts';
import { differencesOf } from '../../../../src-main/vendors/haproxy/standing.ts';

const columns =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';
/** As HAProxy 2.6 says it of a server whose check and agent have no places of their own. */
function running(places = '0 - - 9000', head = columns) {
  const row = `2 a 1 s 192.0.2.1 2 0 1 1 1 6 3 4 6 23 0 0 - 80 - 0 ${places}`;
  const servers = parseServersState(`1\n${head}\n${row}\n\n`);
  return {
    servers: new Map(servers.map((server) => [`${server.pool}/${server.name}`, server])),
    algorithms: new Map(),
  };
}
function model(words: string) {
  const text = `backend a\n server s 192.0.2.1:80 ${words}\n`;
  return effectiveModel([{ path: 'haproxy.cfg', bytes: Buffer.from(text) }]);
}
const now = model('check agent-check agent-port 9000');

test('a check and an agent are moved by lines that also move them back', () => {
  const then = model('check port 81 addr 192.0.2.9 agent-check agent-port 9001 agent-addr ::1 agent-send hi');
  const change = findRuntimeChange(now, model('check port 81 addr 192.0.2.9 agent-check agent-port 9001'), running());
  expect(change).toMatchObject({
    lines: ['set server a/s check-port 81', 'set server a/s check-addr 192.0.2.9', 'set server a/s agent-port 9001'],
    backLines: [
      'set server a/s agent-port 9000',
      'set server a/s check-addr 192.0.2.1',
      'set server a/s check-port 80',
    ],
  });
  if ('why' in change) throw new Error(change.why);
  expect(differencesOf(change.becomes, running())).toEqual(['member a/s has check port 0, not 81']);
  expect(differencesOf(change.becomes, running('81 192.0.2.9 - 9001'))).toEqual([]);
  // Untouched, and put back to the server's own place: both are as before.
  expect(differencesOf(change.was, running())).toEqual([]);
  expect(differencesOf(change.was, running('80 192.0.2.1 - 9000'))).toEqual([]);
  expect(differencesOf(change.was, running('81 192.0.2.9 - 9001'))).toHaveLength(1);
  // What an agent was sent before cannot be said again where it was nothing.
  expect(findRuntimeChange(now, then, running())).toMatchObject({ why: expect.stringContaining('send') as string });
});

test('a name, or a version that does not tell where checks go, needs a reload', () => {
  expect(
    findRuntimeChange(now, model('check addr probe.example agent-check agent-port 9000'), running()),
  ).toMatchObject({
    why: expect.stringContaining('addr') as string,
  });
  const old = running('', columns.replace(/ srv_check_port.*/, ''));
  expect(findRuntimeChange(now, model('check port 81 agent-check agent-port 9000'), old)).toMatchObject({
    why: expect.stringContaining('does not tell') as string,
  });
});

test('no other key of a monitor is changed at run time', () => {
  function change(key: string, name = 'a/check') {
    return isOfRunningCheck({ action: 'update', subject: { kind: 'monitor', path: [name] }, key });
  }
  expect([change('port'), change('address'), change('send', 'a/agent')]).toEqual([true, true, true]);
  expect([change('send'), change('path'), change('intervalMs', 'a/agent')]).toEqual([false, false, false]);
});
