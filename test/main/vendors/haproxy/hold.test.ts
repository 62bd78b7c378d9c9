import { describe, expect, test } from 'vitest';
import type { Host } from '../../../../src-main/vendors/haproxy/driver-host.ts';
import { findHolder } from '../../../../src-main/vendors/haproxy/hold.ts';

/** A host that answers the trial with these lines; what systemd would say cannot be had without systemd. */
function hostSaying(lines: string): Host & { readonly sent: string[] } {
  const sent: string[] = [];
  function unused(): never {
    throw new Error('not asked for');
  }
  return {
    sent,
    hasSudo: false,
    asSent: (script) => script,
    run: (script) => {
      sent.push(script);
      return Promise.resolve({ code: 0, signal: null, stdout: Buffer.from(lines), stderr: Buffer.alloc(0) });
    },
    output: unused,
    readFile: unused,
    ask: unused,
    mayConnect: unused,
  };
}

describe('what holds the revert on a host', () => {
  test('systemd starts it as a transient service that leaves a new HAProxy alone', async () => {
    const host = hostSaying('works systemd-run\n');
    const found = await findHolder(host, '/etc/haproxy/haproxy.cfg.steelyard-p1', 'steelyard-p1', undefined, {});
    expect(found.way === undefined ? undefined : found.launch('/etc/haproxy/haproxy.cfg.steelyard-p1.hold')).toBe(
      'systemd-run --quiet --collect --unit=steelyard-p1 --property=KillMode=process /bin/sh /etc/haproxy/haproxy.cfg.steelyard-p1.hold',
    );
    expect(host.sent[0]).toContain(
      'systemd-run --quiet --collect --unit=steelyard-p1-try --property=KillMode=process /bin/sh /etc/haproxy/haproxy.cfg.steelyard-p1.try',
    );
  });

  test('the first that works is taken, and why the ones before it do not is said', async () => {
    const host = hostSaying(
      'no systemd-run: Interactive authentication required.\nno at: atd does not run\nworks detached\n',
    );
    expect(await findHolder(host, '/x', 'u', undefined, {})).toMatchObject({
      way: 'detached',
      why: 'detached was tried and seen to work (systemd-run: Interactive authentication required.; at: atd does not run)',
    });
  });

  test('where none works, that is said, and a wish of the address is followed', async () => {
    const host = hostSaying('no at: You do not have permission to use at.\n');
    expect(await findHolder(host, '/x', 'u', 'at', {})).toEqual({
      way: undefined,
      why: 'no timer on the host was seen to work (at: You do not have permission to use at.)',
    });
    expect(host.sent[0]).not.toContain('setsid');
    expect(await findHolder(host, '/x', 'u', 'none', {})).toMatchObject({ way: undefined });
    expect(await findHolder(host, '/x', 'u', 'cron', {})).toMatchObject({
      why: 'the address says hold=cron, which is none of systemd-run, at, detached',
    });
    expect(host.sent).toHaveLength(1);
  });
});
