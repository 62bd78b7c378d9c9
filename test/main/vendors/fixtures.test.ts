import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deviceModelSchema } from '../../../src-main/contract/model.ts';

const folder = join(import.meta.dirname, '../../fixtures');

describe.each([
  ['f5/orchard', 'bigip.conf'],
  ['netscaler/orchard', 'ns.conf'],
  ['nginx/orchard', 'nginx.conf'],
  ['a10/orchard', 'running-config'],
])('the hand-written model of %s', (name, file) => {
  const native = readFileSync(join(folder, name, file), 'utf8').split('\n');
  const written: unknown = JSON.parse(readFileSync(join(folder, name, 'model.json'), 'utf8'));

  it('is a model by the schema, with nothing dropped', () => {
    expect(deviceModelSchema.parse(written)).toEqual(written);
  });

  it('refers to nothing that it does not hold', () => {
    const model = deviceModelSchema.parse(written);
    const pools = new Set(model.pools.map((pool) => pool.name));
    const monitors = new Set(model.monitors.map((monitor) => monitor.name));
    const nodes = new Set(model.nodes?.map((node) => node.name));
    const servers = new Set(model.virtualServers.map((server) => server.name));
    const used = model.virtualServers.flatMap((server) => [
      ...(server.pool === undefined ? [] : [server.pool]),
      ...(server.morePools ?? []),
      ...(server.routes ?? []).flatMap((route) => (route.pool === undefined ? [] : [route.pool])),
    ]);
    const chained = model.virtualServers.flatMap((server) =>
      (server.routes ?? []).flatMap((route) => (route.virtualServer === undefined ? [] : [route.virtualServer])),
    );
    const members = model.pools.flatMap((pool) => pool.members);
    expect(used.filter((pool) => !pools.has(pool))).toEqual([]);
    expect(chained.filter((server) => !servers.has(server))).toEqual([]);
    expect(members.filter(({ node }) => node !== undefined && !nodes.has(node))).toEqual([]);
    expect(
      [...model.pools, ...members].flatMap((each) => each.monitors ?? []).filter((each) => !monitors.has(each)),
    ).toEqual([]);
  });

  it('names the very lines that it leaves unmodelled', () => {
    for (const { line, endLine, text } of deviceModelSchema.parse(written).unmodelled) {
      expect(native.slice(line - 1, endLine).join('\n')).toBe(text);
    }
  });

  it('names only addresses that the configuration writes', () => {
    const addresses = deviceModelSchema
      .parse(written)
      .pools.flatMap((pool) => pool.members.map((member) => member.address ?? ''));
    expect(addresses.filter((address) => !native.some((text) => text.includes(address)))).toEqual([]);
  });
});
