import { describe, expect, test } from 'vitest';
import type { DeviceFacts } from '../../../src-main/contract/api.ts';
import { settingFields, settingsOf, valuesOf } from '../../../src-renderer/state/algorithm-form.ts';
import {
  methodsOf,
  persistenceFields,
  persistenceForm,
  persistenceOf,
  persistenceValues,
} from '../../../src-renderer/state/persistence-form.ts';
import {
  checksOf,
  checkTypes,
  monitorFields,
  monitorOf,
  monitorValues,
  monitorWish,
} from '../../../src-renderer/state/monitor-form.ts';
import { stepsOf, stepsText } from '../../../src-renderer/state/monitor-steps.ts';
import { folderOf, memberOf } from '../../../src-renderer/state/member-draft.ts';

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

  test('weights are followed, or not, or as the device has it', () => {
    const weighing = [{ key: 'weighted', kind: 'choice', choices: ['yes', 'no'], isNeeded: false }] as const;
    for (const settings of [{ weighted: true }, { weighted: false }, {}]) {
      const whole = { name: 'round-robin', ...settings } as const;
      expect(settingsOf('round-robin', weighing, valuesOf(weighing, whole))).toEqual({ settings: whole });
    }
  });

  test('what is left empty is not written; what is needed and empty is named', () => {
    expect(settingsOf('header-hash', fields, { key: 'X' })).toEqual({ settings: { name: 'header-hash', key: 'X' } });
    expect(settingsOf('header-hash', fields, { key: '  ' })).toEqual({ wrong: 'key' });
    expect(settingsOf('header-hash', fields, { key: 'X', boundedLoad: 'much' })).toEqual({ wrong: 'boundedLoad' });
  });
});

describe('the form of a persistence', () => {
  const holding: DeviceFacts = {
    ...facts,
    persistence: [
      { name: 'cookie-insert', native: 'cookie', needs: ['cookieName'], settings: ['timeoutMs'] },
      { name: 'source-ip', native: 'stick on src', settings: ['ipv4Prefix', 'timeoutMs', 'maxEntries', 'unheard-of'] },
    ],
  };
  const cookie = persistenceFields(holding, 'cookie-insert');
  const source = persistenceFields(holding, 'source-ip');

  test('offers what the driver told and what is set, and asks for what each needs', () => {
    expect(methodsOf(holding, { method: 'header', key: 'X' })).toEqual(['header', 'cookie-insert', 'source-ip']);
    expect(methodsOf(facts, undefined)).toEqual([]);
    expect(cookie.map(({ key, isNeeded }) => [key, isNeeded])).toEqual([
      ['cookieName', true],
      ['timeoutMs', false],
    ]);
    expect(source.map(({ key }) => key)).toEqual(['ipv4Prefix', 'timeoutMs', 'maxEntries']);
  });

  test('shows times in seconds, and gives back what the device has with what it does not ask for', () => {
    const own = {
      method: 'cookie-insert' as const,
      cookieName: 'SRV',
      cookie: { httpOnly: true },
      timeoutMs: 90_500,
    };
    const held = { ...own, native: 'cookie SRV insert' };
    expect(persistenceValues(cookie, held)).toEqual({ cookieName: 'SRV', timeoutMs: '90.5' });
    expect(persistenceOf('cookie-insert', cookie, persistenceValues(cookie, held), held)).toEqual({ persistence: own });
    const emptied = { cookieName: 'SRV', timeoutMs: ' ' };
    expect(persistenceOf('cookie-insert', cookie, emptied, held)).toEqual({
      persistence: { method: 'cookie-insert', cookieName: 'SRV', cookie: { httpOnly: true } },
    });
  });

  test('a time that the device does not count in is at fault before anything is staged', () => {
    const minutes = [
      { name: 'source-ip', native: 'SOURCEIP', settings: ['timeoutMs'], multipleOf: { timeoutMs: 60_000 } },
    ];
    const form = persistenceForm({ ...facts, persistence: minutes }, undefined);
    expect(form.read({ method: 'source-ip', timeoutMs: '90' })).toEqual({ wrong: 'timeoutMs' });
    expect(form.read({ method: 'source-ip', timeoutMs: '120' })).toEqual({
      settings: { persistence: { method: 'source-ip', timeoutMs: 120_000 } },
    });
    expect(form.read({ method: '' })).toEqual({ settings: { persistence: {} } });
  });

  test('what is held in a way that cannot be written stays', () => {
    expect(persistenceForm(facts, { method: 'sip' }).read({ method: 'sip' })).toEqual({ wrong: 'method' });
  });

  test('another method begins anew, none is empty', () => {
    const held = { method: 'cookie-insert' as const, cookieName: 'SRV' };
    expect(persistenceOf('source-ip', source, { timeoutMs: '60', ipv4Prefix: '24' }, held)).toEqual({
      persistence: { method: 'source-ip', timeoutMs: 60_000, ipv4Prefix: 24 },
    });
    expect(persistenceOf('', [], {}, held)).toEqual({ persistence: {} });
  });

  test.each([
    ['cookie-insert', { cookieName: '' }, 'cookieName'],
    ['source-ip', { timeoutMs: 'long' }, 'timeoutMs'],
    ['source-ip', { ipv4Prefix: '33' }, 'ipv4Prefix'],
    ['source-ip', { maxEntries: '1.5' }, 'maxEntries'],
  ])('%s with %j names the field that cannot be used', (method, values, wrong) => {
    const fields = method === 'source-ip' ? source : cookie;
    expect(persistenceOf(method, fields, values, undefined)).toEqual({ wrong });
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

  describe('where members are named after nodes', () => {
    const names = {
      newNode: '{folder}{address}',
      folder: folderOf('/Common/app'),
      nodes: [{ name: '/Common/w1', address: '10.0.0.1' }],
    };
    function named(given: { readonly name?: string; readonly address?: string }): unknown {
      const made = memberOf({ ...draft, ...given }, [], range, names);
      return 'wrong' in made ? made.wrong : made.member.name;
    }

    test.each([
      ['a known address by its node', { address: '10.0.0.1' }, '/Common/w1:8080'],
      ['a new one by a node that is called after it', {}, '/Common/10.0.0.9:8080'],
      ['one of IPv6 with a point', { address: '2001:db8::9' }, '/Common/2001:db8::9.8080'],
      ['a name without folder and port gets both', { name: 'w9' }, '/Common/w9:8080'],
      ['a whole name stays', { name: '/North/w9:8080' }, '/North/w9:8080'],
      ['a known address under another name is at fault', { address: '10.0.0.1', name: 'w9' }, 'name'],
    ])('%s', (_what, given, name) => {
      expect(named(given)).toBe(name);
    });

    test('a pool in no folder gives none', () => {
      expect(folderOf('shop/app')).toBe('');
    });
  });

  test('weight and state are written only where they were given', () => {
    expect(memberOf({ ...draft, name: 'x', weight: '0', adminState: 'disabled' }, [], range)).toEqual({
      member: { name: 'x', address: '10.0.0.9', port: 8080, weight: 0, adminState: 'disabled' },
    });
  });
});

describe('the form of health checks', () => {
  const watched: DeviceFacts = {
    ...facts,
    monitors: {
      names: { check: '{pool}/check', agent: '{pool}/agent' },
      offered: [
        {
          name: 'http',
          native: 'httpchk',
          settings: ['path', 'expectStatus', 'intervalMs', 'port', 'steps', 'serverName'],
        },
        { name: 'agent', native: 'agent-check', needs: ['port'] },
      ],
    },
  };
  const held = {
    name: 'web/check',
    type: 'http',
    path: '/h',
    expectStatus: ['200-299', '404'],
    intervalMs: 1500,
    rise: 2,
    native: { a: 'b' },
  } as const;
  const now = { ...held, expectStatus: [...held.expectStatus] };
  const fields = monitorFields(watched, 'http');

  test('shows what a pool has, and gives back the same but for what only the device says', () => {
    const pool = { name: 'web', members: [], monitors: ['web/agent', 'web/check', 'gone'] };
    const agent = { name: 'web/agent', type: 'agent' as const, port: 9 };
    expect(checksOf(pool, [now, agent])).toEqual({ check: now, agent });
    expect(checkTypes(watched, { name: 'x', type: 'redis' })).toEqual(['redis', 'http']);
    const values = monitorValues(fields, now);
    expect(values).toMatchObject({ path: '/h', expectStatus: '200-299, 404', intervalMs: '1.5', port: '', steps: '' });
    const { native, ...rest } = now;
    expect(native).toBeDefined();
    expect(monitorOf('web/check', 'http', fields, values, now)).toEqual({ monitor: rest });
  });
  test('names the first field that cannot be used', () => {
    expect(monitorOf('a', 'http', fields, { expectStatus: '99' }, undefined)).toEqual({ wrong: 'expectStatus' });
    expect(monitorOf('a', 'http', fields, { intervalMs: '0' }, undefined)).toEqual({ wrong: 'intervalMs' });
    expect(monitorOf('a', 'http', fields, { port: '70000' }, undefined)).toEqual({ wrong: 'port' });
    expect(monitorOf('a', 'http', fields, { steps: 'sing' }, undefined)).toEqual({ wrong: 'steps' });
    expect(monitorOf('a', 'agent', monitorFields(watched, 'agent'), {}, undefined)).toEqual({ wrong: 'port' });
  });
  test('what is emptied is wished for as empty', () => {
    const result = monitorOf('web/check', 'http', fields, { path: '/h', serverName: 'w' }, now);
    expect(result).toEqual({
      monitor: { name: 'web/check', type: 'http', path: '/h', rise: 2, tls: { serverName: 'w', sendSni: true } },
    });
    if ('monitor' in result) {
      expect(monitorWish(now, result.monitor)).toEqual({ ...result.monitor, expectStatus: [], intervalMs: 0 });
    }
  });
  test('steps are lines that people can write, and any step is one', () => {
    const text =
      'connect 443 tls\nsend PING\\r\\n\nexpect not -ERR\nstatus 200, 300-399\nbody not fail\nnative send-lf %[src]\ncomment why';
    const steps = stepsOf(text) ?? [];
    expect(steps).toEqual([
      { connect: { port: 443, tls: true } },
      { send: 'PING\\r\\n' },
      { expect: '-ERR', isNegated: true },
      { expectStatus: ['200', '300-399'] },
      { expectBody: 'fail', isNegated: true },
      { native: 'send-lf %[src]' },
      { comment: 'why' },
    ]);
    expect(stepsText(steps)).toBe(text);
    const odd = [
      { send: 'a', comment: 'b' },
      { expect: 'not so' },
      { request: { path: '/x', headers: { a: 'b' } } },
      { connect: {} },
    ];
    expect(stepsOf(stepsText(odd))).toEqual(odd);
    expect(stepsOf('send')).toBeUndefined();
    expect(stepsOf('{"send"')).toBeUndefined();
  });
});
