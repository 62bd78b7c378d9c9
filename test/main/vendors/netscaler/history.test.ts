import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { planSchema } from '../../../../src-main/contract/plan.ts';
import { commandsTo } from '../../../../src-main/vendors/netscaler/history.ts';
import { fingerprintOf } from '../../../../src-main/vendors/netscaler/plan.ts';
import { applyCommands, canonicalLines } from '../../../../src-main/vendors/netscaler/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';
import { head, openAppliance, orchard, send } from './appliance.ts';

// That every edit comes back as a version from history is in edit.test.ts.

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function commandsOf(now: string, then: string): readonly string[] {
  return commandsTo(now, then).sent.map(({ command }) => command);
}

test('things come in the order of what names what, and go in the other', () => {
  const then = `${orchard}add server kiwi 10.20.0.40
add lb monitor mon_kiwi TCP -interval 9
add serviceGroup sg_kiwi HTTP
add lb vserver lb_kiwi HTTP 192.0.2.44 80 -backupVServer lb_last
add lb vserver lb_last HTTP 192.0.2.45 80
bind serviceGroup sg_kiwi kiwi 80
bind serviceGroup sg_kiwi -monitorName mon_kiwi
bind lb vserver lb_kiwi sg_kiwi
`;
  expect(commandsOf(orchard, then)).toEqual([
    'add server kiwi 10.20.0.40',
    'add lb monitor mon_kiwi TCP -interval 9',
    'add serviceGroup sg_kiwi HTTP',
    'add lb vserver lb_last HTTP 192.0.2.45 80',
    'add lb vserver lb_kiwi HTTP 192.0.2.44 80 -backupVServer lb_last',
    'bind serviceGroup sg_kiwi kiwi 80',
    'bind serviceGroup sg_kiwi -monitorName mon_kiwi',
    'bind lb vserver lb_kiwi sg_kiwi',
  ]);
  expect(commandsOf(then, orchard)).toEqual([
    'unbind lb vserver lb_kiwi sg_kiwi',
    'unbind serviceGroup sg_kiwi -monitorName mon_kiwi',
    'unbind serviceGroup sg_kiwi kiwi 80',
    'rm lb vserver lb_last',
    'rm lb vserver lb_kiwi',
    'rm serviceGroup sg_kiwi',
    'rm lb monitor mon_kiwi TCP',
    'rm server kiwi',
  ]);
});

test('what differs is set, not made anew: weights, states, settings, addresses, certificates', () => {
  const changed = applyCommands(orchard, [
    'set serviceGroup sg_web apple1 8080 -weight 9',
    'enable serviceGroup sg_web apple2 8080',
    'set lb vserver lb_web -lbMethod ROUNDROBIN -cltTimeout 60',
    'set cs vserver cs_orchard -IPAddress 192.0.2.99',
    'unset lb vserver lb_web -backupVServer',
    'update ssl certKey orchard-cert -cert new.crt -key new.key',
    'unset ssl vserver cs_orchard -HSTS',
  ]);
  expect(commandsOf(changed, orchard).toSorted()).toEqual(
    [
      'disable serviceGroup sg_web apple2 8080',
      'set cs vserver cs_orchard -IPAddress 192.0.2.80',
      'set lb vserver lb_web -lbMethod ROUNDROBIN -cltTimeout 60',
      'set lb vserver lb_web -lbMethod LEASTCONNECTION -cltTimeout 180 -backupVServer lb_sorry',
      'set serviceGroup sg_web apple1 8080 -weight 3',
      'set ssl vserver cs_orchard -HSTS ENABLED',
      'update ssl certKey orchard-cert -cert orchard.crt -key orchard.key -noDomainCheck',
    ].toSorted(),
  );
});

test('chosen ciphers and the group that is there by itself take each other’s place, and never leave none', () => {
  const bare = orchard.replaceAll(/^bind ssl vserver .* -cipherName .*\n/gm, '');
  const of = 'ssl vserver cs_orchard -cipherName';
  const chosen = `${bare}bind ${of} SECURE\nbind ${of} TLS1.2-AES256-GCM-SHA384\n`;
  expect(commandsOf(chosen, bare)).toEqual([
    `bind ${of} DEFAULT`,
    `unbind ${of} TLS1.2-AES256-GCM-SHA384`,
    `unbind ${of} SECURE`,
  ]);
  expect(commandsOf(bare, chosen)).toEqual([
    `bind ${of} SECURE`,
    `unbind ${of} DEFAULT`,
    `bind ${of} TLS1.2-AES256-GCM-SHA384`,
  ]);
  expect(commandsOf(`${bare}bind ${of} DEFAULT\nbind ${of} SECURE\n`, bare)).toEqual([`unbind ${of} SECURE`]);
});

test('what is no balancing, what cannot be changed and what holds a secret is told and left', () => {
  const then = `${orchard.replace('add lb vserver lb_sorry HTTP', 'add lb vserver lb_sorry TCP').replace('set ns hostName orchard-ns', 'set ns hostName other')}add lb monitor r RADIUS -userName u -radKey kk1\n`;
  const { sent, left } = commandsTo(orchard, then);
  expect(sent).toEqual([]);
  expect(left.join('\n')).toMatch(/Not brought back: "add lb vserver lb_sorry TCP/);
  expect(left.join('\n')).toMatch(/Not brought back: "set ns hostname other"/i);
  expect(left.join('\n')).toMatch(/Not brought back: "add lb monitor r RADIUS/);
  expect(left.join('\n')).not.toContain('kk1');
});

test('the driver plans, pushes and takes back a version from history', { timeout: 60_000 }, async () => {
  const { appliance, link, close } = await openAppliance();
  const { signal } = new AbortController();
  try {
    const then = [{ path: 'ns.conf', bytes: Buffer.from(orchard) }];
    appliance.running = applyCommands(`${orchard}set ns param -maxConn 5\n`, [
      'set serviceGroup sg_web apple1 8080 -weight 9',
      'unbind lb vserver lb_web sg_spare',
    ]);
    const reading = await link.device.read(signal);
    const draft = await link.device.planFiles?.(reading, then, 'plan123', signal);
    const plan = planSchema.parse({ ...draft, ...head, desired: {}, changes: [] });
    expect(plan.warnings).toEqual([
      expect.stringContaining('Stays, though that version has it not: "set ns param'),
      expect.stringContaining('nobody has saved'),
    ]);
    await send(link, plan.steps);
    expect(await link.device.standing(plan, 'new', signal)).toEqual({ file: 'new', differences: [] });
    await send(link, plan.revert);
    expect(await link.device.standing(plan, 'old', signal)).toEqual({ file: 'old', differences: [] });
    await expect(link.device.planFiles?.(reading, reading.files, 'plan123', signal)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
    });
  } finally {
    await close();
  }
});

describe.skipIf(lacksRecordings)('of any two configurations of real appliances', { timeout: 60_000 }, () => {
  test('one becomes the other but for what is told, and the way there has a way back', () => {
    const all = recordings('config/netscaler', '.conf');
    let sent = 0;
    for (const [at, { path, bytes }] of all.entries()) {
      const [now, then] = [bytes, all[(at + 1) % all.length]?.bytes ?? bytes].map((one) => one.toString('utf8')) as [
        string,
        string,
      ]; // two are mapped
      const way = commandsTo(now, then);
      const after = applyCommands(
        now,
        way.sent.map(({ command }) => command),
      );
      const lines = [after, then].map((text) => new Set(canonicalLines(text).map(({ line }) => line)));
      const differing = [...(lines[1] ?? [])].filter((line) => lines[0]?.has(line) !== true);
      expect(differing.length === 0 || way.left.length > 0, path).toBe(true);
      const back = applyCommands(
        after,
        way.sent.toReversed().map(({ inverse }) => inverse),
      );
      expect(fingerprintOf(back, sha256), path).toBe(fingerprintOf(now, sha256));
      sent += way.sent.length;
    }
    expect(sent).toBeGreaterThan(500);
  });
});
