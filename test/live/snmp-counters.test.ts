import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Looked } from '../rigs/counters-in-namespace.entry.ts';
import { isMissing } from '../rigs/need.ts';

const run = promisify(execFile);

/** A namespace that ends with its process: its own loopback, /sys, and a pair of interfaces that speak no IPv6 and ask for no neighbour. */
const setUp = `set -e
mount -t sysfs sysfs /sys
ip link set lo up
ip link add sy0 type veth peer name sy1
for i in sy0 sy1; do
  [ ! -e /proc/sys/net/ipv6/conf/$i ] || echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6
  ip link set $i up
done
ip addr add 10.255.0.1/30 dev sy0
ip neigh add 10.255.0.2 lladdr "$(cat /sys/class/net/sy1/address)" dev sy0 nud permanent
exec "$@"`;

describe.skipIf(isMissing('snmpd', 'snmpset', 'ip', 'unshare') || userInfo().uid !== 0)('IF-MIB by Net-SNMP', () => {
  test('is byte for byte what the kernel counted, by v2c and by v3, and the rates are what was sent; none over a start of the agent', async () => {
    const entry = fileURLToPath(new URL('../rigs/counters-in-namespace.entry.ts', import.meta.url));
    const words = ['--net', '--mount', 'sh', '-c', setUp, 'sh', process.execPath, entry];
    const { stdout } = await run('unshare', words, { timeout: 110_000 });
    const looked = JSON.parse(stdout) as readonly Looked[]; // the entry's own
    expect(looked).toHaveLength(8);
    for (const { by, sent, counted, isReset, told, kernel } of looked) {
      expect(told, by).toEqual(kernel);
      expect(kernel['sy1/rx'], by).toBe(kernel['sy0/tx']);
      const isStart = by.includes('start');
      expect([counted, isReset], by).toEqual(isStart ? [undefined, true] : [sent, false]);
    }
    expect(Number(looked.at(-1)?.kernel['sy0/tx'])).toBe(looked.reduce((sum, { sent }) => sum + sent, 0));
  }, 120_000);
});
