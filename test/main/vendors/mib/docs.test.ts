import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mibs } from '../../../../src-main/vendors/mib/data/index.ts';
import type { Mib } from '../../../../src-main/vendors/mib/mib.ts';

const file = join(import.meta.dirname, '../../../../docs/appliances.md');

function rowOf({
  id,
  label,
  source,
  isSeen,
  virtualServers,
  pools,
  members,
  nodes,
  hasPoolPerVirtualServer,
}: Mib): string {
  const objects = [
    virtualServers && 'virtual servers',
    (pools ?? members ?? hasPoolPerVirtualServer) && 'pools',
    members && 'members',
    nodes && 'nodes',
  ].filter((word) => typeof word === 'string');
  const seen = isSeen ? 'recordings of real devices' : 'by the MIB, not yet seen on a device';
  return `| ${label} | ${id} | ${objects.join(', ')} | ${source} | ${seen} |`;
}

test('the table of appliances says of each MIB what is read by it and whether a device was seen', () => {
  const [bySnmp = ''] = readFileSync(file, 'utf8').split('\n## ');
  const lines = bySnmp.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' '));
  expect(lines.filter((line) => /^\| (?!Device|-)/.test(line))).toEqual(mibs.map(rowOf));
});
