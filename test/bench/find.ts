import { parseArgs } from 'node:util';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { findObjects, type Searched } from '../../src-main/core/find/find.ts';
import { indexDevice } from '../../src-main/core/find/index-device.ts';

/**
 * How long main is busy with one question to the whole estate, and with the index of one device.
 *
 *     node test/bench/find.ts [--devices 100] [--members 1000]
 */
const { values: options } = parseArgs({
  options: { devices: { type: 'string', default: '100' }, members: { type: 'string', default: '1000' } },
});
const [devices, members] = [Number(options.devices), Number(options.members)];

function modelOf(device: number): DeviceModel {
  const pools = Array.from({ length: Math.ceil(members / 10) }, (_, pool) => ({
    name: `pool-${pool}`,
    algorithm: { name: 'round-robin' as const, native: 'balance roundrobin' },
    members: Array.from({ length: 10 }, (_each, at) => ({
      name: `web-${device}-${pool}-${at}`,
      address: `10.${device % 256}.${pool % 256}.${at}`,
      port: 8080,
      weight: 1,
      native: { check: 'inter 2s fall 3 rise 2', options: 'maxconn 100' },
    })),
  }));
  return { virtualServers: [], pools, monitors: [], profiles: [], certificates: [], unmodelled: [] };
}

const indexing = performance.now();
const searched = Array.from({ length: devices }, (_, device): Searched => {
  const name = `lb-${device}`;
  const spec = { name, address: `haproxy+ssh://ops@192.0.2.${device % 256}`, environment: 'production' as const };
  return { device: name, standing: 'live', entries: indexDevice(spec, { model: modelOf(device) }) };
});
const indexMs = performance.now() - indexing;
process.stdout.write(`index of one device: ${(indexMs / devices).toFixed(2)} ms\n`);
for (const query of ['w', 'web-57', '10.57.3.9', '10.57.0.0/16', 'maxconn', 'nowhere to be found']) {
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now();
    findObjects(searched, query);
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
  const { total, objects } = findObjects(searched, query);
  process.stdout.write(
    `${query.padEnd(20)} ${total} of ${objects} fit, median ${(times[7] ?? 0).toFixed(1)} ms, worst ${(times[14] ?? 0).toFixed(1)} ms\n`,
  );
}
