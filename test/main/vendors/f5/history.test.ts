import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsTo, wayBack } from '../../../../src-main/vendors/f5/history.ts';
import { asConfiguration, BigipText, keyOf, linesOf, type Part } from '../../../../src-main/vendors/f5/text.ts';
import { fingerprintOf } from '../../../../src-main/vendors/f5/plan.ts';
import { applyTmsh, applyTransaction } from '../../../../src-main/vendors/f5/write.ts';
import { asListed } from '../../../rigs/f5-listing.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/f5/orchard/bigip.conf'), 'utf8');
const address = `ltm virtual-address /Common/192.0.2.80 {
    address 192.0.2.80
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;
const listed = asConfiguration(`${orchard}${address}`);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What the device reads like afterwards; every command is taken, and from wherever it came to all is given back. */
function become(now: string, then: string, where?: string): { after: string; left: readonly string[] } {
  const { sent, left } = commandsTo(now, then);
  const commands = sent.map(({ command }) => command);
  const back = sent.toReversed().map(({ inverse }) => inverse);
  const { text: after, refused } = applyTmsh(now, commands);
  expect(
    refused.map((at) => commands[at]),
    where,
  ).toEqual([]);
  const old = effective(now);
  const step = commands.length < 60 ? 1 : Math.ceil(commands.length / 60);
  for (let count = commands.length; count >= 0; count -= step) {
    const partly = applyTmsh(now, commands.slice(0, count)).text;
    const returned = applyTmsh(applyTransaction(partly, back), back).text;
    expect(without(effective(returned), old, now), `${where ?? ''} after ${String(count)} commands`).toEqual([]);
  }
  return { after, left };
}

function effective(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map(new BigipText(text).parts.map((part) => [keyOf(part), linesOf(part)]));
}

/** The lines in which two differ. What a profile took from the one that it comes from may stand in it to the letter. */
function without(
  found: ReturnType<typeof effective>,
  wanted: ReturnType<typeof effective>,
  inherits: string,
): string[] {
  const parents = new BigipText(inherits);
  return [...new Set([...found.keys(), ...wanted.keys()])].flatMap((key) => {
    const [is, should] = [found.get(key), wanted.get(key)];
    if (is === undefined || should === undefined) return [`${key} is ${is === undefined ? 'missing' : 'there'}`];
    const [has, wants] = [new Set(is), new Set(should)];
    const more = is.filter((line) => !wants.has(line) && !isInherited(line, parents.find(key), parents));
    return [...should.filter((line) => !has.has(line)).map((line) => `${line} is missing`), ...more];
  });
}

function isInherited(line: string, part: Part | undefined, parents: BigipText): boolean {
  const setting = line.slice(line.indexOf(' > ') + 3);
  const from = part?.body?.find(({ words }) => words[0] === 'defaults-from')?.words[1];
  const parent = parents.parts.find(({ words }) => words.at(-1) === from && words[1] === part?.words[1]);
  return parent?.body?.some((item) => keyOf(item) === setting) ?? false;
}

function commandsBack(commands: readonly string[]): readonly string[] {
  const now = applyTmsh(listed, commands);
  expect(now.refused).toEqual([]);
  expect(become(now.text, listed)).toMatchObject({ left: [] });
  return commandsTo(now.text, listed).sent.map(({ command }) => command);
}

test('settings, members and lists come back by what the old text says of them', () => {
  expect(
    commandsBack([
      'modify ltm pool /Common/orchard_web load-balancing-mode round-robin slow-ramp-time 5',
      'modify ltm pool /Common/orchard_web members delete { /Common/pear%3:8080 }',
      'modify ltm pool /Common/orchard_web members modify { /Common/apple1:8080 { ratio 9 } /Common/apple2:8080 { session user-enabled connection-limit 0 } }',
      'modify ltm pool /Common/orchard_api members add { /Common/apple2:80 { address 10.20.0.12 } }',
      'modify ltm virtual /Common/orchard_https disabled rules none source-address-translation { type snat pool /Common/out }',
      'modify ltm node /Common/apple2 session user-enabled',
      'modify ltm virtual /Common/orchard_http enabled rules { /Common/a /Common/_sys_https_redirect }',
    ]),
  ).toEqual([
    'modify ltm node /Common/apple2 session user-disabled',
    'modify ltm pool /Common/orchard_web load-balancing-mode ratio-least-connections-member',
    'modify ltm pool /Common/orchard_web members modify { /Common/apple1:8080 { ratio 3 } }',
    'modify ltm pool /Common/orchard_web members modify { /Common/apple2:8080 { connection-limit 500 session user-disabled state user-up } }',
    'modify ltm pool /Common/orchard_web members add { /Common/pear%3:8080 { address 10.20.3.21%3 priority-group 5 session user-disabled state user-down } }',
    'modify ltm pool /Common/orchard_web slow-ramp-time 30',
    'modify ltm pool /Common/orchard_api members delete { /Common/apple2:80 }',
    'modify ltm virtual /Common/orchard_https enabled',
    'modify ltm virtual /Common/orchard_https source-address-translation { pool none type automap }',
    'modify ltm virtual /Common/orchard_https rules { /Common/orchard-maintenance }',
    'modify ltm virtual /Common/orchard_http rules { /Common/_sys_https_redirect }',
    'modify ltm virtual /Common/orchard_http disabled',
  ]);
});

test('what is gone is made again after what it needs, and its address with its traffic group', () => {
  expect(
    commandsBack([
      'delete ltm virtual /Common/orchard_https',
      'delete ltm persistence source-addr /Common/orchard-source',
      'modify ltm pool /Common/orchard_api monitor none',
      'modify ltm pool /Common/orchard_web monitor none',
      'delete ltm monitor tcp-half-open /Common/orchard-half',
    ]),
  ).toEqual([
    'create ltm monitor tcp-half-open /Common/orchard-half { defaults-from /Common/tcp_half_open interval 5 timeout 16 }',
    'create ltm persistence source-addr /Common/orchard-source { defaults-from /Common/source_addr mask 255.255.255.0 timeout 600 }',
    'create ltm virtual-address /Common/192.0.2.80 { address 192.0.2.80 mask 255.255.255.255 traffic-group /Common/traffic-group-1 auto-delete false }',
    'create ltm virtual /Common/orchard_https { connection-limit 20000 destination /Common/192.0.2.80:443 fallback-persistence /Common/orchard-source ip-protocol tcp mask 255.255.255.255 persist replace-all-with { /Common/orchard-cookie { default yes } } policies replace-all-with { /Common/orchard-paths { } } pool /Common/orchard_web profiles replace-all-with { /Common/http { } /Common/oneconnect { } /Common/orchard-tls { context clientside } /Common/tcp { } } rules { /Common/orchard-maintenance } source 0.0.0.0/0 source-address-translation { type automap } }',
    'modify ltm pool /Common/orchard_web monitor min 1 of { /Common/orchard-http /Common/orchard-half }',
    'modify ltm pool /Common/orchard_api monitor /Common/orchard-http and /Common/orchard-half',
    'modify ltm virtual-address /Common/192.0.2.80 auto-delete true',
  ]);
});

test('what is new goes before what it needs, and its address by a command of its own', () => {
  expect(
    commandsBack([
      'create ltm node /Common/fig { address 10.20.0.40 }',
      'create ltm pool /Common/figs { members replace-all-with { /Common/fig:80 { address 10.20.0.40 } } }',
      'create ltm virtual /Common/figs { destination /Common/192.0.2.99:80 pool /Common/figs }',
    ]),
  ).toEqual([
    'modify ltm virtual-address /Common/192.0.2.99 auto-delete false',
    'delete ltm virtual /Common/figs',
    'delete ltm pool /Common/figs',
    'delete ltm virtual-address /Common/192.0.2.99',
    'delete ltm node /Common/fig',
  ]);
});

test('programs, policies, files and what has a secret are named and left; what hangs on them is left with them', () => {
  const then = listed
    .replace('503 content', '504 content')
    .replace('strategy /Common/first-match', 'strategy /Common/best-match')
    .replace('    slow-ramp-time 30', '    slow-ramp-time 31')
    .concat(
      'ltm rule /Common/lost {\nwhen HTTP_REQUEST { }\n}\n',
      'ltm virtual /Common/needs {\n    destination /Common/192.0.2.81:80\n    rules {\n        /Common/lost\n    }\n}\n',
      'ltm monitor ldap /Common/bind {\n    defaults-from /Common/ldap\n    password secret\n}\n',
      'ltm data-group external /Common/list {\n    some {\n        thing 1\n    }\n}\n',
      'sys file ssl-cert /Common/new.crt {\n    cache-path /x\n}\n',
      'net vlan /Common/v {\n    tag 7\n}\n',
    );
  const { sent, left } = commandsTo(listed, then);
  expect(sent.map(({ command }) => command)).toEqual(['modify ltm pool /Common/orchard_web slow-ramp-time 31']);
  expect(left.toSorted()).toEqual([
    'Not brought back: ltm data-group external /Common/list, because how its some is said to tmsh is not known here.',
    'Not brought back: ltm monitor ldap /Common/bind, because its password holds a secret, which is not kept.',
    'Not brought back: ltm policy /Common/orchard-paths, because policies are only read.',
    'Not brought back: ltm rule /Common/lost, because programs are never written.',
    'Not brought back: ltm rule /Common/orchard-maintenance, because programs are never written.',
    'Not brought back: ltm virtual /Common/needs, because it needs ltm rule /Common/lost, which is not brought back.',
    'Not brought back: net vlan /Common/v, because what belongs to net is not balancing.',
    'Not brought back: sys file ssl-cert /Common/new.crt, because files and keys are not in the text of a version.',
  ]);
  expect(JSON.stringify(commandsTo(then, listed))).not.toContain('password secret');
  expect(() => wayBack(listed, listed.replace('503 content', '504 content'))).toThrow(/programs are never written/);
  expect(() => wayBack(listed, listed)).toThrow(/nothing to change/);
  const many = Array.from({ length: 3000 }, (_, at) => `ltm pool /Common/p${String(at)} {\n    slow-ramp-time 3\n}\n`);
  expect(() => wayBack(listed, listed + many.join(''))).toThrow(
    /3000 commands of \d+ letters, and a call takes 100000/,
  );
});

test('what a program that stays names does not go', () => {
  const now = listed
    .replace('503 content', '503 content ')
    .concat('ltm pool /Common/sorry { }\n')
    .replace('{ back soon }', '{ back soon } [active_members /Common/sorry]');
  expect(commandsTo(now, listed).left).toContain(
    'Not brought back: ltm pool /Common/sorry, because ltm rule /Common/orchard-maintenance, which stays as it is, needs it.',
  );
});

test('a virtual server that took the place of another gives it back, on the same address', () => {
  const commands = commandsBack([
    'create ltm virtual /Common/other { destination /Common/192.0.2.80:80 }',
    'delete ltm virtual /Common/orchard_https',
  ]);
  expect(commands.map((line) => line.split(' ').slice(0, 6).join(' '))).toEqual([
    'modify ltm virtual-address /Common/192.0.2.80 auto-delete false',
    'delete ltm virtual /Common/other',
    'create ltm virtual /Common/orchard_https { connection-limit',
    'modify ltm virtual-address /Common/192.0.2.80 auto-delete true',
  ]);
});

test('what a setting comes back to where the old text has none is what its parent says', () => {
  const parent = 'ltm monitor http /Common/http {\n    interval 5\n    timeout 16\n}\n';
  const then = `${parent}ltm monitor http /Common/mine {\n    defaults-from /Common/http\n    interval 7\n}\n`;
  const now = applyTmsh(then, ['modify ltm monitor http /Common/mine timeout 22']).text;
  expect(commandsTo(now, then).sent).toMatchObject([{ command: 'modify ltm monitor http /Common/mine timeout 16' }]);
  expect(commandsTo(now.replace(parent, ''), then.replace(parent, '')).left).toEqual([
    'Not brought back: ltm monitor http /Common/mine, because how its timeout is said to tmsh, or what holds without it, is not known here.',
  ]);
});

test('a profile points at its old certificate again, by the list that the device makes the rest from', () => {
  function profile(cert: string, more = ''): string {
    const name = `/Common/${cert}`;
    const entry = `        one {\n            cert ${name}.crt\n            key ${name}.key\n        }\n`;
    const flat = `    cert ${name}.crt\n    cert-key-chain {\n${entry}    }\n    key ${name}.key\n`;
    return `ltm profile client-ssl /Common/mine {\n${flat}    defaults-from /Common/clientssl\n${more}}\n`;
  }
  const files = ['old', 'new'].map((name) => `sys file ssl-cert /Common/${name}.crt {\n    key-size 1\n}\n`).join('');
  const way = commandsTo(profile('new', '    server-name shop.example\n') + files, profile('old') + files);
  expect(way).toMatchObject({
    sent: [
      {
        command:
          'modify ltm profile client-ssl /Common/mine cert-key-chain replace-all-with { one { cert /Common/old.crt key /Common/old.key } }',
      },
      {
        command: 'modify ltm profile client-ssl /Common/mine server-name none',
        inverse: 'modify ltm profile client-ssl /Common/mine server-name shop.example',
      },
    ],
    left: [],
  });
  expect(commandsTo(files, profile('old') + files).sent.map(({ command }) => command)).toEqual([
    'create ltm profile client-ssl /Common/mine { cert-key-chain replace-all-with { one { cert /Common/old.crt key /Common/old.key } } defaults-from /Common/clientssl }',
  ]);
  const lost = files.replace(/^sys file ssl-cert \/Common\/old[^}]*\}\n/, '');
  expect(commandsTo(profile('new') + lost, profile('old') + files).left).toContain(
    'Not brought back: ltm profile client-ssl /Common/mine, because it needs sys file ssl-cert /Common/old.crt, which is not brought back.',
  );
});

describe.skipIf(lacksRecordings)('every configuration of a real device', { timeout: 240_000 }, () => {
  test('becomes what it was from another that differs in all kinds of objects, and the other way', () => {
    let [commands, made, gone] = [0, 0, 0];
    const left = new Map<string, number>();
    for (const { path, bytes } of recordings('config/f5', '')) {
      const then = asListed(bytes.toString('utf8'));
      const now = another(then);
      if (now === then) continue;
      for (const [from, to] of [
        [now, then],
        [then, now],
      ] as const) {
        const way = commandsTo(from, to);
        const { after } = become(from, to, path);
        const stays = new Set(way.left.map((why) => /^Not brought back: (.*?), because/.exec(why)?.[1] ?? ''));
        const [is, should] = [effective(after), effective(to)].map(
          (lines) => new Map([...lines].filter(([key]) => !stays.has(key))),
        ) as [Map<string, readonly string[]>, Map<string, readonly string[]>];
        expect(without(is, should, to), path).toEqual([]);
        if (way.left.length === 0) expect(fingerprintOf(after, sha256).length).toBe(64);
        commands += way.sent.length;
        made += way.sent.filter(({ command }) => command.startsWith('create ')).length;
        gone += way.sent.filter(({ command }) => command.startsWith('delete ')).length;
        for (const why of way.left) {
          const reason = why.replace(/^.*, because /, '').replaceAll(/\/\S+|its \S+|application service .*/g, '*');
          left.set(reason, (left.get(reason) ?? 0) + 1);
        }
      }
    }
    expect(commands).toBeGreaterThan(500);
    expect(made).toBeGreaterThan(100);
    expect(gone).toBeGreaterThan(100);
  });
});

/** The same configuration as somebody else would have left it: of every five objects one gone, one without lists' ends, two changed. */
function another(text: string): string {
  const config = new BigipText(text);
  const parts = [...config.parts];
  parts.forEach((part, at) => {
    if (part.isProgram || part.words[0] !== 'ltm') return;
    if (at % 5 === 0) {
      const name = part.words.at(-1) ?? '';
      if (
        !config.parts.some(
          (other) => other !== part && `${other.text ?? ''}${JSON.stringify(other.body ?? [])}`.includes(name),
        )
      )
        config.remove(part);
    } else if (at % 5 === 1) {
      for (const item of part.body ?? []) {
        if (
          item.body === undefined &&
          /^(?:interval|timeout|connection-limit|slow-ramp-time)$/.test(item.words[0] ?? '')
        )
          item.words = [item.words[0] ?? '', String(Number(item.words[1]) + 1)];
      }
      part.text = undefined;
    } else if (at % 5 === 2) {
      for (const item of part.body ?? []) if (item.words.length === 1 && (item.body?.length ?? 0) > 1) item.body?.pop();
      part.text = undefined;
    } else if (at % 5 === 3 && part.body !== undefined) {
      part.body = part.body.filter(
        ({ words }) => !/^(?:description|load-balancing-mode|pool|rules|persist|disabled)$/.test(words[0] ?? ''),
      );
      part.text = undefined;
    }
  });
  return config.toString();
}
