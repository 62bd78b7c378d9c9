import { describe, expect, test } from 'vitest';
import type { DeviceFacts } from '../../../src-main/contract/api.ts';
import { settingFields, settingsOf, valuesOf } from '../../../src-renderer/state/algorithm-form.ts';
import { memberOf } from '../../../src-renderer/state/member-draft.ts';

const facts: DeviceFacts = {
  vendor: 'v',
  label: 'L',
  capabilities: [],
  weightRange: { lowest: 0, highest: 256 },
  algorithms: [
    { name: 'round-robin', native: 'roundrobin' },
    {
      name: 'header-hash',
      native: 'hdr',
      needs: ['key'],
      settings: ['hash', 'boundedLoad', 'avalanche', 'unheard-of'],
    },
  ],
};

describe('the form of an algorithm', () => {
  const fields = settingFields(facts, 'header-hash', undefined);

  test('asks for what it needs first, then for what the device lets be chosen', () => {
    expect(fields.map(({ key, isNeeded }) => [key, isNeeded])).toEqual([
      ['key', true],
      ['hash', false],
      ['boundedLoad', false],
      ['avalanche', false],
    ]);
    expect(settingFields(facts, 'round-robin', undefined)).toEqual([]);
  });

  test('begins with what the device has and gives the same back', () => {
    const held = { name: 'header-hash', key: 'X-User', hash: 'ring', boundedLoad: 1.25, avalanche: true } as const;
    expect(settingsOf('header-hash', fields, valuesOf(fields, held))).toEqual({ settings: held });
  });

  test('what is left empty is not written; what is needed and empty is named', () => {
    expect(settingsOf('header-hash', fields, { key: 'X' })).toEqual({ settings: { name: 'header-hash', key: 'X' } });
    expect(settingsOf('header-hash', fields, { key: '  ' })).toEqual({ wrong: 'key' });
    expect(settingsOf('header-hash', fields, { key: 'X', boundedLoad: 'much' })).toEqual({ wrong: 'boundedLoad' });
  });
});

describe('the dialog for a new member', () => {
  const draft = { name: '', address: '10.0.0.9', port: '8080', weight: '', adminState: 'enabled' } as const;
  const range = facts.weightRange;

  test('a member without a name is called by its address and port', () => {
    expect(memberOf(draft, [], range)).toEqual({ member: { name: '10.0.0.9:8080', address: '10.0.0.9', port: 8080 } });
  });

  test.each([
    [{ address: '' }, 'address'],
    [{ address: 'two words' }, 'address'],
    [{ port: '0' }, 'port'],
    [{ port: '80a' }, 'port'],
    [{ name: 'taken' }, 'name'],
    [{ name: 'a b' }, 'name'],
    [{ weight: '257' }, 'weight'],
    [{ weight: '-1' }, 'weight'],
  ] as const)('%j is refused at the field at fault', (wrong, field) => {
    expect(memberOf({ ...draft, ...wrong }, ['taken'], range)).toEqual({ wrong: field });
  });

  test('weight and state are written only where they were given', () => {
    expect(memberOf({ ...draft, name: 'x', weight: '0', adminState: 'disabled' }, [], range)).toEqual({
      member: { name: 'x', address: '10.0.0.9', port: 8080, weight: 0, adminState: 'disabled' },
    });
  });
});
