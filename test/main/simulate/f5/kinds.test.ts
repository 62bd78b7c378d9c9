import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kindOf, type Properties } from '../../../../src-main/simulate/f5/kinds.ts';
import { recordingsFolder } from '../../../rigs/recordings.ts';

const recordings = recordingsFolder('api/f5-icontrol-rest/f5-ansible');

/** What REST adds, and what a device tells of an object without being told. */
const notSettings = new Set([
  'kind',
  'name',
  'partition',
  'fullPath',
  'generation',
  'selfLink',
  'subPath',
  'ephemeral',
  'synCookieStatus',
  'vsIndex',
]);

/** File, component, and the settings that the recorded object has of its own. */
const cases: readonly (readonly [file: string, kind: string, set: readonly string[]])[] = [
  ['load_ltm_pool.json', 'ltm pool', ['description', 'monitor', 'serviceDownAction']],
  ['load_ltm_node_2.json', 'ltm node', ['description', 'monitor', 'state']],
  ['load_ltm_virtual_1.json', 'ltm virtual', []],
  ['load_ltm_monitor_https.json', 'ltm monitor https', ['description']],
  ['load_ltm_monitor_tcp_half_open.json', 'ltm monitor tcp-half-open', []],
  ['load_ltm_profile_persistence_universal.json', 'ltm persistence universal', []],
  ['load_tm_cm_device_group.json', 'cm device-group', ['autoSync', 'networkFailover']],
];

test.runIf(existsSync(recordings)).each(cases)(
  '%s: every property of %s is known, with its normal value',
  (file, id, set) => {
    const properties: Properties = kindOf(id.split(' '))?.properties ?? {};
    const recorded = Object.entries(
      JSON.parse(readFileSync(`${recordings}/${file}`, 'utf8')) as Record<string, unknown>,
    );
    const settings = recorded.filter(([name]) => !notSettings.has(name) && !name.endsWith('Reference'));
    expect(settings.length).toBeGreaterThan(5);
    for (const [name, value] of settings) {
      const word = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect([word, Object.hasOwn(properties, word)]).toEqual([word, true]);
      const normal = properties[word]?.normal;
      if (normal !== undefined && !set.includes(name)) expect([word, normal]).toEqual([word, String(value)]);
    }
  },
);
