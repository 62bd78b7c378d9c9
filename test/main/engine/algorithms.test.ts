import { describe, expect, it } from 'vitest';
import { algorithms } from '../../../src-main/engine/algorithms/registry.ts';
import { RateWindow } from '../../../src-main/engine/runtime/rate-window.ts';
import type { AlgorithmName } from '../../../src-main/contract/model.ts';
import { candidates, choice, seeded } from './candidates.ts';

const turns = 10_000;

describe.each([...algorithms.values()])('$id', (algorithm) => {
  // The registry's keys are names of the model.
  const key = algorithm.id === 'expression-hash' ? '{header:X-Key}' : 'X-Key';
  const settings = { name: algorithm.id as AlgorithmName, key };

  function create() {
    return algorithm.create({ chance: seeded(7), settings });
  }

  function request(turn: number) {
    const text = `k${turn}`;
    return choice({
      source: `10.1.${turn >> 8}.${turn & 255}`,
      destination: `10.2.${turn >> 8}.${turn & 255}`,
      target: `/${text}?X-Key=${text}`,
      host: text,
      headers: { 'x-key': text, cookie: `X-Key=${text}` },
    });
  }

  it('chooses one of the members it was given', () => {
    const members = candidates(3, 1, 2);
    const chooser = create();
    for (let turn = 0; turn < 200; turn++) expect(members).toContain(chooser.choose(members, request(turn)));
  });

  it('copes with one member', () => {
    const [only] = candidates(1);
    const chooser = create();
    expect(only && chooser.choose([only], choice())).toBe(only);
  });

  it('copes with a member that leaves', () => {
    const members = candidates(1, 1, 1);
    const chooser = create();
    for (let turn = 0; turn < 10; turn++) chooser.choose(members, request(turn));
    const left = members.slice(0, 2);
    for (let turn = 0; turn < 50; turn++) expect(left).toContain(chooser.choose(left, request(turn)));
  });

  it('says whether it looks at what members carry', () => {
    let looks = 0;
    function look(): number {
      looks++;
      return 0;
    }
    const watched = candidates(1, 2).map((member) =>
      Object.defineProperties(member, { inFlight: { get: look }, bytesPerSecond: { get: look } }),
    );
    const bounded = algorithm.settings.includes('boundedLoad') ? [{ ...settings, boundedLoad: 1.25 }] : [];
    const chosen = algorithm.settings.includes('choices') ? [1, 3].map((choices) => ({ ...settings, choices })) : [];
    for (const each of [settings, ...bounded, ...chosen]) {
      looks = 0;
      const chooser = algorithm.create({ chance: seeded(7), settings: each });
      for (let turn = 0; turn < 20; turn++) chooser.choose(watched, request(turn));
      expect(algorithm.looksAtLoad?.(each) ?? false).toBe(looks > 0);
    }
  });

  it.runIf(algorithm.isWeighted)('respects weights over many turns', () => {
    const members = candidates(3, 1);
    const chooser = create();
    let heavy = 0;
    for (let turn = 0; turn < turns; turn++) {
      const chosen = chooser.choose(members, request(turn));
      if (chosen.index === 0) heavy++;
      // What is in flight follows the choices, so that the least loaded is found by load alone.
      const member = members[chosen.index];
      if (member === undefined) continue;
      member.inFlight++;
      member.bytesPerSecond += 1000;
      member.sessions++;
    }
    expect(heavy / turns).toBeGreaterThan(0.7);
    expect(heavy / turns).toBeLessThan(0.8);
  });
});

describe('round-robin', () => {
  it('gives a a b a c a a for weights 5, 1, 1, as NGINX does', () => {
    const members = candidates(5, 1, 1);
    const chooser = algorithms.get('round-robin')?.create({ chance: seeded(1), settings: { name: 'round-robin' } });
    const names = Array.from({ length: 14 }, () => chooser?.choose(members, choice()).name);
    expect(names.join(' ')).toBe('a a b a c a a a a b a c a a');
  });
});

describe('least-connections', () => {
  it('prefers the member with fewest connections per weight and lets equals take turns', () => {
    const members = candidates(1, 1, 1);
    const [a, b, c] = members;
    const chooser = algorithms
      .get('least-connections')
      ?.create({ chance: seeded(1), settings: { name: 'least-connections' } });
    if (a && b && c) [a.inFlight, b.inFlight, c.inFlight] = [3, 1, 1];
    expect(Array.from({ length: 4 }, () => chooser?.choose(members, choice()).name)).toEqual(['b', 'c', 'b', 'c']);
  });
});

describe.each([
  ['least-bandwidth', 'bytesPerSecond'],
  ['least-sessions', 'sessions'],
] as const)('%s', (name, load) => {
  it('prefers the member with the least per weight and lets equals take turns', () => {
    const members = candidates(1, 2, 1);
    const [a, b, c] = members;
    const chooser = algorithms.get(name)?.create({ chance: seeded(1), settings: { name } });
    if (a && b && c) [a[load], b[load], c[load]] = [500, 1000, 400];
    expect(chooser?.choose(members, choice()).name).toBe('c');
    if (c) c[load] = 500;
    expect(Array.from({ length: 4 }, () => chooser?.choose(members, choice()).name)).toEqual(['b', 'a', 'c', 'b']);
  });
});

describe('the window of a rate', () => {
  it('tells what came in the last second, what came since the last tick included', () => {
    const window = new RateWindow(1000);
    expect(window.gained(1500)).toBe(500);
    for (let tick = 0; tick < 10; tick++) window.tick(1500 + tick * 100);
    expect(window.gained(2500)).toBe(1000);
    for (let tick = 0; tick < 10; tick++) window.tick(2500);
    expect(window.gained(2500)).toBe(0);
  });
});

describe.each(['ring', 'maglev', 'rendezvous'] as const)('a hash spread by %s', (hash) => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`);

  function create(boundedLoad?: number) {
    const settings = { name: 'uri-hash' as const, hash, ...(boundedLoad === undefined ? {} : { boundedLoad }) };
    const chooser = algorithms.get('uri-hash')?.create({ chance: seeded(1), settings });
    if (chooser === undefined) throw new Error('no uri-hash');
    return chooser;
  }

  it('moves at most 1/n + 2 % of the keys when a member leaves, and none between members that stay by ring and rendezvous', () => {
    const members = candidates(1, 1, 1, 1, 1, 1, 1, 1);
    const chooser = create();
    const before = keys.map((target) => chooser.choose(members, choice({ target })));
    for (const gone of [0, 3, 7]) {
      const left = members.filter((member) => member.index !== gone);
      const after = keys.map((target) => chooser.choose(left, choice({ target })));
      const moved = before.filter((member, index) => member !== after[index]);
      expect(moved.length / keys.length).toBeLessThan(1 / 8 + 0.02);
      if (hash !== 'maglev') expect(moved.every((member) => member.index === gone)).toBe(true);
    }
  });

  it('keeps its tables while parts of the pool are asked in turns, as retries do', () => {
    const members = candidates(1, 1, 1, 1);
    let reads = 0;
    for (const member of members) {
      const { address } = member;
      Object.defineProperty(member, 'address', { get: () => (reads++, address) });
    }
    const chooser = create();
    function ask(): void {
      for (const gone of [-1, 0, 1, 2, 3]) {
        chooser.choose(
          members.filter((member) => member.index !== gone),
          choice({ target: 'key' }),
        );
      }
    }
    ask();
    const made = reads;
    for (let turn = 0; turn < 20; turn++) ask();
    expect(reads).toBe(made);
  });

  it('sends no member more than its bound', () => {
    const members = candidates(1, 1, 1, 1);
    const chooser = create(1.25);
    for (let turn = 0; turn < 400; turn++) {
      const chosen = members[chooser.choose(members, choice({ target: 'one key' })).index];
      if (chosen !== undefined) chosen.inFlight++;
    }
    expect(Math.max(...members.map((member) => member.inFlight))).toBeLessThanOrEqual(126);
  });
});
