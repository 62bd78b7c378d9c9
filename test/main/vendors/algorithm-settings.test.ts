import { describe, expect, test } from 'vitest';
import { type AlgorithmName, algorithmSettingsSchema } from '../../../src-main/contract/model.ts';
import {
  haproxyAlgorithms,
  haproxyHashes,
  settingsOfAlgorithm,
} from '../../../src-main/vendors/haproxy/cfg/algorithm.ts';
import { editHaproxy } from '../../../src-main/vendors/haproxy/edit.ts';
import { effectiveModel } from '../../../src-main/vendors/haproxy/parse.ts';

const sample: Readonly<Record<string, unknown>> = {
  key: 'X-User',
  hash: 'ring',
  hashFunction: 'crc32',
  avalanche: true,
  boundedLoad: 1.25,
  choices: 3,
  depth: 2,
  length: 20,
  whole: true,
  pathOnly: true,
  useDomainOnly: true,
  checkPost: true,
};
const base = [
  { path: 'h.cfg', bytes: Buffer.from('backend app\n    balance roundrobin\n    server a 127.0.0.1:80\n') },
];

function written(name: AlgorithmName, more: Readonly<Record<string, unknown>>) {
  const desired = algorithmSettingsSchema.parse({ name, ...more });
  const model = effectiveModel(base);
  const subject = { kind: 'pool' as const, path: ['app'] };
  const change = { action: 'update' as const, subject, key: 'algorithm', prior: model.pools[0]?.algorithm, desired };
  return effectiveModel(editHaproxy(base, { changes: [change], target: model })).pools[0]?.algorithm;
}

describe('every setting that a form may offer for HAProxy is written and read back', () => {
  test.each(haproxyAlgorithms.flatMap((name) => settingsOfAlgorithm(name).map((key) => [name, key] as const)))(
    '%s with %s',
    (name, key) => {
      const needed = settingsOfAlgorithm(name).includes('key') ? { key: sample['key'] } : {};
      // A bound is heeded by consistent hashes, and only they take a function of their own beside it.
      const ring = settingsOfAlgorithm(name).includes('hash') ? { hash: 'ring' } : {};
      expect(written(name, { ...needed, ...ring, [key]: sample[key] })).toMatchObject({ name, [key]: sample[key] });
    },
  );

  test.each(['maglev', 'rendezvous'])(
    '%s, which HAProxy does not have, is refused and not written as something else',
    (hash) => {
      expect(haproxyHashes).not.toContain(hash);
      expect(() => written('uri-hash', { hash })).toThrow();
    },
  );
});
