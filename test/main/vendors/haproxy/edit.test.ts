import { describe, expect, it } from 'vitest';
import type { Algorithm, Member } from '../../../../src-main/contract/model.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { effectiveModel, parseHaproxy } from '../../../../src-main/vendors/haproxy/parse.ts';
import { algorithmChange, cfg, edited, expectSameBytes, memberChange, textOf } from './changes.ts';

function server(line: string, more = ''): string {
  return `backend a\n${line}\n${more}`;
}

/** The server line after a change of member `s` in pool `a`, and the bytes after changing back. */
function changeLine(line: string, key: keyof Member, prior: unknown, desired: unknown): string {
  const base = cfg(server(line));
  const changed = edited(base, [memberChange('a', 's', key, prior, desired)]);
  expectSameBytes(edited(changed, [memberChange('a', 's', key, desired, prior)]), base);
  return textOf(changed).slice('backend a\n'.length, -1);
}

function create(member: Member): Change {
  return { action: 'create', subject: { kind: 'member', path: ['a', member.name] }, prior: undefined, desired: member };
}

function remove(name: string): Change {
  return { action: 'delete', subject: { kind: 'member', path: ['a', name] }, prior: { name }, desired: undefined };
}

describe('a weight', () => {
  it.each([
    [' server s h:1 weight 3 check', 3, ' server s h:1 weight 5 check'],
    ['\tserver  s\th:1   weight\t3  ', 3, '\tserver  s\th:1   weight\t5  '],
    [' server s h:1 weight "3" # three', 3, ' server s h:1 weight "5" # three'],
    [" server s h:1 weight '3'", 3, " server s h:1 weight '5'"],
    [' server s h:1 weight 3 weight 4', 4, ' server s h:1 weight 3 weight 5'],
    [' server s h:1', undefined, ' server s h:1 weight 5'],
    [' server s h:1 check  ', undefined, ' server s h:1 check weight 5  '],
    [' server s h:1 check# x', undefined, ' server s h:1 check weight 5# x'],
    [' server s h:1 cookie "a b"\t# x ', undefined, ' server s h:1 cookie "a b" weight 5\t# x '],
    [' server s h:1 weight 3\r', 3, ' server s h:1 weight 5\r'],
    [' server s h:1\r', undefined, ' server s h:1 weight 5\r'],
    [' server s h:1 # caf\u00e9 \u00ff', undefined, ' server s h:1 weight 5 # caf\u00e9 \u00ff'],
  ])('changes in place, or is appended: %j', (line, prior, wanted) => {
    expect(changeLine(line, 'weight', prior, 5)).toBe(wanted);
  });

  it('that is inherited becomes a word of the line, and default-server stays', () => {
    const base = cfg(server(' default-server weight 9\n server s h:1 check'));
    const changed = edited(base, [memberChange('a', 's', 'weight', undefined, 5)]);
    expect(textOf(changed)).toBe(server(' default-server weight 9\n server s h:1 check weight 5'));
    expectSameBytes(edited(changed, [memberChange('a', 's', 'weight', 5, undefined)]), base);
  });

  it('set back to what is inherited leaves the line as it was, for a plan made from what takes effect', () => {
    const base = cfg(server(' default-server weight 9\n server s h:1 check'));
    const options = { inherited: 'leave-out' } as const;
    const changed = edited(base, [memberChange('a', 's', 'weight', 9, 5)], options);
    expectSameBytes(edited(changed, [memberChange('a', 's', 'weight', 5, 9)], options), base);
  });

  it('is written on the last line of a file without a line feed', () => {
    const base = cfg('backend a\n server s h:1');
    expect(textOf(edited(base, [memberChange('a', 's', 'weight', undefined, 5)]))).toBe(
      'backend a\n server s h:1 weight 5',
    );
  });

  it('changes in the file that holds the line, and the other files are the same objects', () => {
    const base = [...cfg('defaults\n', 'a.cfg'), ...cfg(server(' server s h:1'), 'b.cfg'), ...cfg('x', 'c.txt')];
    const changed = edited(base, [memberChange('a', 's', 'weight', undefined, 5)]);
    expect(changed.map((file, index) => file === base[index])).toEqual([true, false, true]);
  });

  it.each([
    [' server s h:1 weight "$W"', 'CAPABILITY_MISSING', 'haproxy.cfg:2'],
    [' server s h:1 weight 3 cookie "x', 'PLAN_INVALID', 'a quote is not closed'],
    [' server s h:1 "" weight 3', 'PLAN_INVALID', 'empty word'],
    [' server s h:1 cookie x\\', 'PLAN_INVALID', 'haproxy.cfg:2'],
    [' server-template s 1-3 h:1', 'PLAN_INVALID', 'no member "s"'],
  ])('is refused with the line named: %s', (line, code, words) => {
    const change = memberChange('a', 's', 'weight', undefined, 5);
    expect(() => edited(cfg(server(line)), [change])).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => edited(cfg(server(line)), [change])).toThrow(words);
  });

  it('of a member of a server-template is refused with the reason', () => {
    const change = memberChange('a', 's2', 'weight', undefined, 5);
    expect(() => edited(cfg(server(' server-template s 1-3 h:1')), [change])).toThrow('stands for several members');
  });

  it.each([-1, 1.5, 257, 'x', null])('of %j is refused', (weight) => {
    const change = memberChange('a', 's', 'weight', undefined, weight);
    expect(() => edited(cfg(server(' server s h:1')), [change])).toThrow('0 to 256');
  });
});

describe('a drain', () => {
  it.each([
    [' server s h:1 weight 3 check', ' server s h:1 weight 0 check # steelyard: draining, weight 3'],
    [' server s h:1 check', ' server s h:1 check weight 0 # steelyard: draining'],
    [' server s h:1 weight "3"', ' server s h:1 weight "0" # steelyard: draining, weight "3"'],
    [' server s h:1 check  # note', ' server s h:1 check weight 0  # note # steelyard: draining'],
    [' server s h:1 weight 3 # note ', ' server s h:1 weight 0 # note  # steelyard: draining, weight 3'],
    [' server s h:1 weight 3\t ', ' server s h:1 weight 0\t  # steelyard: draining, weight 3'],
    [' server s h:1\r', ' server s h:1 weight 0 # steelyard: draining\r'],
    [' server s h:1 # x\r', ' server s h:1 weight 0 # x # steelyard: draining\r'],
    [' server s h:1 weight 0', ' server s h:1 weight 0 # steelyard: draining, weight 0'],
    [' server s h:1 #', ' server s h:1 weight 0 # # steelyard: draining'],
  ])('keeps the old weight in a comment, and ending it gives the same bytes: %j', (line, wanted) => {
    expect(changeLine(line, 'adminState', undefined, 'draining')).toBe(wanted);
    const drained = cfg(server(wanted));
    expectSameBytes(edited(drained, [memberChange('a', 's', 'adminState', 'draining', 'enabled')]), cfg(server(line)));
  });

  it('is read back with the weight that it keeps', () => {
    const drained = cfg(server(' server s h:1 weight 0 # steelyard: draining, weight 3'));
    expect(parseHaproxy(drained).pools[0]?.members[0]).toMatchObject({ adminState: 'draining', weight: 3 });
  });

  it('of an inherited weight is read back with it', () => {
    const drained = cfg(server(' default-server weight 9\n server s h:1 weight 0 # steelyard: draining'));
    expect(effectiveModel(drained).pools[0]?.members[0]).toMatchObject({ adminState: 'draining', weight: 9 });
  });

  it('takes a new weight into its comment, which counts when it ends', () => {
    const base = cfg(server(' server s h:1 weight 3 check'));
    const drained = edited(base, [memberChange('a', 's', 'adminState', undefined, 'draining')]);
    const weighed = edited(drained, [memberChange('a', 's', 'weight', 3, 7)]);
    expect(textOf(weighed)).toBe(server(' server s h:1 weight 0 check # steelyard: draining, weight 7'));
    const ended = edited(weighed, [memberChange('a', 's', 'adminState', 'draining', undefined)]);
    expect(textOf(ended)).toBe(server(' server s h:1 weight 7 check'));
  });

  it('of a disabled member ends the disabling, and goes back to it', () => {
    expect(changeLine(' server s h:1 disabled check', 'adminState', 'disabled', 'draining')).toBe(
      ' server s h:1 enabled check weight 0 # steelyard: draining',
    );
  });

  it('stays at the end of the line when another word is appended', () => {
    const base = cfg(server(' server s h:1'));
    const drained = edited(base, [memberChange('a', 's', 'adminState', undefined, 'draining')]);
    const limited = edited(drained, [memberChange('a', 's', 'maxConnections', undefined, 9)]);
    expect(textOf(limited)).toBe(server(' server s h:1 maxconn 9 weight 0 # steelyard: draining'));
    const ended = edited(limited, [memberChange('a', 's', 'adminState', 'draining', undefined)]);
    expect(textOf(ended)).toBe(server(' server s h:1 maxconn 9'));
  });

  it('becomes a disabling, and comes back', () => {
    const line = ' server s h:1 weight 0 # steelyard: draining, weight 3';
    expect(changeLine(line, 'adminState', 'draining', 'disabled')).toBe(' server s h:1 weight 3 disabled');
  });
});

describe('the words of a member', () => {
  it.each<[string, keyof Member, unknown, unknown, string]>([
    [' server s h:1 # x', 'adminState', undefined, 'disabled', ' server s h:1 disabled # x'],
    [' server s h:1 disabled check', 'adminState', 'disabled', 'enabled', ' server s h:1 enabled check'],
    [' server s h:1', 'adminState', undefined, 'enabled', ' server s h:1 enabled'],
    [' server s h:1', 'maxConnections', undefined, 50, ' server s h:1 maxconn 50'],
    [' server s h:1 maxconn 9 check', 'maxConnections', 9, 50, ' server s h:1 maxconn 50 check'],
    [' server s h:1', 'priority', undefined, -1, ' server s h:1 backup'],
    [' server s h:1 backup check', 'priority', -1, 0, ' server s h:1 no-backup check'],
    [' server s h:1 cookie old check', 'cookieValue', 'old', 'a b', String.raw` server s h:1 cookie a\ b check`],
    [' server s h:1', 'cookieValue', undefined, `it's #1`, String.raw` server s h:1 cookie it\'s\ \#1`],
  ])('change in place or are appended: %s, %s', (line, key, prior, desired, wanted) => {
    expect(changeLine(line, key, prior, desired)).toBe(wanted);
  });

  it('that default-server disables are enabled by a word of their own', () => {
    const base = cfg(server(' default-server disabled\n server s h:1'));
    const changed = edited(base, [memberChange('a', 's', 'adminState', 'disabled', 'enabled')]);
    expect(textOf(changed)).toBe(server(' default-server disabled\n server s h:1 enabled'));
  });

  it('appended to disable it go again, for a plan made from what takes effect', () => {
    const base = cfg(server(' server s h:1'));
    const options = { inherited: 'leave-out' } as const;
    const changed = edited(base, [memberChange('a', 's', 'adminState', 'enabled', 'disabled')], options);
    expectSameBytes(edited(changed, [memberChange('a', 's', 'adminState', 'disabled', 'enabled')], options), base);
  });

  it('cannot carry a line feed into the file', () => {
    const change = memberChange('a', 's', 'cookieValue', undefined, 'x\nserver evil h:1');
    expect(() => edited(cfg(server(' server s h:1')), [change])).toThrow('control character');
  });

  it('of several changes are written one after the other', () => {
    const changes = [
      memberChange('a', 's', 'weight', undefined, 5),
      memberChange('a', 't', 'adminState', undefined, 'disabled'),
      algorithmChange('a', undefined, 'least-connections'),
    ];
    const changed = edited(cfg(server(' server s h:1\n server t h:2')), changes);
    expect(textOf(changed)).toBe(server(' balance leastconn\n server s h:1 weight 5\n server t h:2 disabled'));
  });
});

describe('an algorithm', () => {
  function changeAlgorithm(section: string, desired: Algorithm): string {
    const base = cfg(`backend a\n${section}`);
    const prior = parseHaproxy(base).pools[0]?.algorithm;
    const changed = edited(base, [algorithmChange('a', prior, desired)]);
    expect(parseHaproxy(changed).pools[0]?.algorithm).toMatchObject(
      typeof desired === 'string' ? { name: desired } : desired,
    );
    expectSameBytes(edited(changed, [algorithmChange('a', desired, prior)]), base);
    return textOf(changed).slice('backend a\n'.length);
  }

  it.each<[string, Algorithm, string]>([
    ['  balance roundrobin # x\n', 'least-connections', '  balance leastconn # x\n'],
    ['  balance   url_param  "id" check_post 64\n', 'round-robin', '  balance   roundrobin\n'],
    ['\tmode http\r\n', 'source-ip-hash', '\tbalance source\n\tmode http\r\n'],
    ['', 'first-available', '    balance first\n'],
    [' balance uri depth 2 len 9\n', { name: 'uri-hash', depth: 3, length: 9 }, ' balance uri len 9 depth 3\n'],
    [' balance source\n', { name: 'source-ip-hash', hash: 'ring' }, ' balance source\n hash-type consistent\n'],
    [
      ' balance source\n server s h:1\n',
      { name: 'random', boundedLoad: 1.5 },
      ' balance random(1)\n hash-balance-factor 150\n server s h:1\n',
    ],
    [
      ' balance source\n',
      { name: 'header-hash', key: 'X-User', hash: 'ring', hashFunction: 'wt6', avalanche: true, boundedLoad: 1.25 },
      ' balance hdr(X-User)\n hash-type consistent wt6 avalanche\n hash-balance-factor 125\n',
    ],
    [' balance uri\n hash-type  consistent\n', 'round-robin', ' balance roundrobin\n hash-type  consistent\n'],
    [' balance uri\n hash-type consistent\n', { name: 'source-ip-hash' }, ' balance source\n'],
    [
      ' hash-type consistent # why\n balance uri\n',
      { name: 'source-ip-hash' },
      ' # steelyard: hash-type consistent # why\n balance source\n',
    ],
    [
      ' hash-type consistent\n',
      { name: 'source-ip-hash', hash: 'modulo' },
      ' balance source\n hash-type map-based\n # steelyard: hash-type consistent\n',
    ],
    [' balance\n', 'least-connections', ' balance leastconn\n'],
    [
      ' balance roundrobin\n balance source # last\n',
      'least-connections',
      ' balance roundrobin\n balance leastconn # last\n',
    ],
  ])('changes in its own section and back: %j to %j', (section, desired, wanted) => {
    expect(changeAlgorithm(section, desired)).toBe(wanted);
  });

  it('that is inherited becomes a line of the section, and defaults stays', () => {
    const base = cfg('defaults\n  balance source\nbackend a\n  server s h:1\n');
    const changed = edited(base, [algorithmChange('a', undefined, 'least-connections')]);
    expect(textOf(changed)).toBe('defaults\n  balance source\nbackend a\n  balance leastconn\n  server s h:1\n');
    expectSameBytes(edited(changed, [algorithmChange('a', 'least-connections', undefined)]), base);
  });

  it('set back to what is inherited leaves the section as it was, for a plan made from what takes effect', () => {
    const base = cfg('defaults\n  balance uri\n  hash-type consistent\nbackend a\n  server s h:1\n');
    const options = { inherited: 'leave-out' } as const;
    const prior = effectiveModel(base).pools[0]?.algorithm;
    const changed = edited(base, [algorithmChange('a', prior, { name: 'source-ip-hash', hash: 'ring' })], options);
    expect(textOf(changed)).toContain('backend a\n  balance source\n  server');
    expectSameBytes(edited(changed, [algorithmChange('a', undefined, prior)], options), base);
  });

  it('goes below the head of a section at the end of a file without a line feed, and away again', () => {
    for (const text of ['backend a', 'defaults\r\nbackend a', 'backend a\n balance uri']) {
      expect(changeAlgorithm(text.slice(10), { name: 'source-ip-hash', hash: 'ring' })).toContain(
        'hash-type consistent',
      );
    }
  });

  it.each<[Algorithm, string]>([
    ['least-bandwidth', 'cannot balance by least-bandwidth'],
    [{ name: 'uri-hash', hash: 'maglev' }, 'cannot hash by maglev'],
    [{ name: 'header-hash' }, 'cannot balance by header-hash'],
    [{ name: 'round-robin', weighted: false }, 'no words for weighted false'],
    [{ name: 'least-connections', boundedLoad: 1.5 }, 'no words for boundedLoad 1.5'],
  ])('that HAProxy cannot say is refused: %j', (desired, words) => {
    const change = algorithmChange('a', undefined, desired);
    expect(() => edited(cfg('backend a\n'), [change])).toThrow(words);
  });

  it('takes no line of its own from a native text', () => {
    const desired = { name: 'round-robin', native: 'roundrobin\nserver evil h:1' } as const;
    expect(textOf(edited(cfg('backend a\n'), [algorithmChange('a', undefined, desired)]))).not.toContain('evil');
  });
});

describe('a member', () => {
  const pool =
    'backend a\n    server s1 10.0.0.1:80 check inter 2s weight 5 # first\n    server s2 10.0.0.2:80 check inter 2s\nbackend b\n';

  it('is added below the last one, with what all say alike', () => {
    const member = {
      name: 's3',
      address: '2001:db8::3',
      port: 80,
      weight: 7,
      maxConnections: 9,
      cookieValue: 'c',
      priority: -1,
    };
    const changed = edited(cfg(pool), [create(member)]);
    const line = '    server s3 [2001:db8::3]:80 check inter 2s weight 7 maxconn 9 cookie c backup\n';
    expect(textOf(changed)).toBe(pool.replace('backend b', `${line}backend b`));
    expect(parseHaproxy(changed).pools[0]?.members).toEqual([
      ...(parseHaproxy(cfg(pool)).pools[0]?.members ?? []),
      member,
    ]);
    expectSameBytes(edited(changed, [remove('s3')]), cfg(pool));
  });

  it.each([
    ['backend a', 'backend a\n    server n h:1'],
    ['backend a\r\n\tmode tcp\r\n', 'backend a\r\n\tmode tcp\r\n\tserver n h:1\r\n'],
    ['backend a\n server s h:1', 'backend a\n server s h:1\n server n h:1'],
    ['backend a\r\n server s h:1', 'backend a\r\n server s h:1\r\n server n h:1'],
    [
      'backend a\n server s h:1\n .if X\n server t h:1\n .endif\n',
      'backend a\n server s h:1\n server n h:1\n .if X\n server t h:1\n .endif\n',
    ],
  ])('is added to %j and taken out again', (text, wanted) => {
    const changed = edited(cfg(text), [create({ name: 'n', address: 'h', port: 1 })]);
    expect(textOf(changed)).toBe(wanted);
    expectSameBytes(edited(changed, [remove('n')]), cfg(text));
  });

  it('is added draining or disabled', () => {
    const states = [
      create({ name: 'd', address: 'h', port: 1, adminState: 'draining', weight: 4 }),
      create({ name: 'o', address: 'h', port: 1, adminState: 'disabled' }),
    ];
    expect(textOf(edited(cfg('backend a\n'), states))).toBe(
      'backend a\n    server d h:1 weight 0 # steelyard: draining, weight 4\n    server o h:1 disabled\n',
    );
  });

  it.each<[Member, string]>([
    [{ name: 's1', address: 'h', port: 1 }, 'has a member of that name'],
    [{ name: 'a b', address: 'h', port: 1 }, 'letters, digits'],
    [{ name: 'x' }, 'no address'],
    [{ name: 'x', address: 'h\nserver evil h:1' }, 'control character'],
    [{ name: 'x', address: 'h', priority: 5 }, 'priority 5'],
    [{ name: 'x', address: 'h', weight: 1000 }, 'above 256'],
    [{ name: 'x', address: 'h', native: { bogus: '1' } }, 'bogus'],
  ])('that HAProxy would refuse is refused: %j', (member, words) => {
    expect(() => edited(cfg(pool), [create(member)])).toThrow(words);
  });

  it.each([
    ['use-server s1 if TRUE', 'use-server s1 if'],
    ['server t h:1 check track s1', 'server t h:1'],
  ])('that another line names is not removed: %s', (line, words) => {
    expect(() => edited(cfg(`backend a\n server s1 h:1\n ${line}\n`), [remove('s1')])).toThrow(words);
  });

  it('of a pool that is not there is refused', () => {
    expect(() => edited(cfg(pool), [memberChange('z', 's1', 'weight', 1, 2)])).toThrow('no pool "z"');
  });

  it('can be one of two of the same name', () => {
    const base = cfg('backend a\n server s h:1\n server s h:2\n');
    const changed = edited(base, [memberChange('a', 's#2', 'weight', undefined, 4)]);
    expect(textOf(changed)).toBe('backend a\n server s h:1\n server s h:2 weight 4\n');
  });
});

describe('other changes', () => {
  it('are refused with what can be changed', () => {
    const change: Change = {
      action: 'update',
      subject: { kind: 'certificate', path: ['a/check'] },
      key: 'path',
      prior: '/',
      desired: '/x',
    };
    expect(() => edited(cfg('backend a\n'), [change])).toThrow(
      expect.objectContaining({ code: 'CAPABILITY_MISSING' }) as Error,
    );
  });
});
