import { stateOf } from './edit-member.ts';
import type { Sent } from './sent.ts';
import { bySetting, holdsSecret, type Side, structuresAlike, unsayable, wordsFor } from './setting.ts';
import { type BigipText, isDerived, isOfDevice, type Item, keyOf, lineOf, linesOf, type Part } from './text.ts';

/** What turns an object into what it was, or why it cannot be done (ends a sentence that begins with its name). */
export type Turn = { readonly sent: readonly Sent[] } | { readonly why: string };

/** An object as it is and as it shall be, each in its configuration. */
export interface Both {
  readonly now: Part;
  readonly then: Part;
  readonly text: { readonly now: BigipText; readonly then: BigipText };
}

/** What the device lets nobody change: it would have to be made anew, and others hold it. */
const fixed: readonly (readonly [RegExp, string])[] = [
  [/^ltm (?:node|virtual-address) /, 'address'],
  [/^ltm monitor /, 'defaults-from'],
];

/** The commands that make an object read as it did, setting by setting. */
export function turnInto(both: Both): Turn {
  const of = keyOf(both.now);
  const sent: Sent[] = [];
  const [now, then] = [both.now, both.then].map((part) => bySetting(said(part))) as [Settings, Settings]; // two are mapped
  for (const key of new Set([...now.keys(), ...then.keys()])) {
    const [is, was] = [now.get(key), then.get(key)];
    if (isSame(of, is, was)) continue;
    if (fixed.some(([kind, name]) => kind.test(of) && name === key))
      return { why: `its ${key} cannot be changed on a BIG-IP` };
    const turn = key === 'members' && of.startsWith('ltm pool ') ? members(both, is, was) : setting(both, key, is, was);
    if ('why' in turn) return turn;
    sent.push(...turn.sent);
  }
  return { sent };
}

type Settings = ReadonlyMap<string, Item>;

/** Without what the device writes by itself, and without secrets, which are the same or not known. */
function said(item: Item): readonly Item[] {
  return (item.body ?? []).filter((one) => !isOfDevice(one) && !isDerived(one, item));
}

function isSame(of: string, is: Item | undefined, was: Item | undefined): boolean {
  const [a, b] = [is, was].map((item) => linesOf({ words: of.split(' '), body: item === undefined ? [] : [item] }));
  return a?.join('\n') === b?.join('\n');
}

function setting({ now, then, text }: Both, key: string, is: Item | undefined, was: Item | undefined): Turn {
  const of = keyOf(now);
  if ([is, was].some((item) => item !== undefined && holdsSecret(item))) return { why: `its ${key} holds a secret` };
  const [from, to] = structuresAlike(is, was);
  const words = [
    wordsFor(key, to, { scene: { text: text.then }, owner: then, path: `${of} > ` }),
    wordsFor(key, from, { scene: { text: text.now }, owner: now, path: `${of} > ` }),
  ] as const;
  if (words[0] === undefined || words[1] === undefined)
    return { why: `how its ${key} is said to tmsh, or what holds without it, is not known here` };
  return { sent: [{ command: `modify ${of} ${words[0]}`, inverse: `modify ${of} ${words[1]}`, of }] };
}

/** Members one by one: a pool that is given all anew would lose what it counts of those that stay. */
function members({ now, text }: Both, is: Item | undefined, was: Item | undefined): Turn {
  const of = keyOf(now);
  const [before, after] = [is, was].map((list) => new Map((list?.body ?? []).map((one) => [keyOf(one), one])));
  const sent: Sent[] = [];
  for (const [name, member] of before ?? []) {
    const why = unsayable(member);
    if (after?.has(name) === true) continue;
    if (why !== undefined) return { why: `of its member ${name} ${why}` };
    sent.push({ command: `modify ${of} members delete { ${name} }`, inverse: adding(of, member), of });
  }
  for (const [name, member] of after ?? []) {
    const old = before?.get(name);
    const turn = old === undefined ? added(of, member) : memberTurn(of, old, member, text);
    if ('why' in turn) return { why: `of its member ${name} ${turn.why}` };
    sent.push(...turn.sent);
  }
  return { sent };
}

function adding(of: string, member: Item): string {
  return `modify ${of} members add { ${lineOf({ words: member.words, body: [...said(member)] })} }`;
}

function added(of: string, member: Item): Turn {
  const why = unsayable(member);
  if (why !== undefined) return { why };
  return { sent: [{ command: adding(of, member), inverse: `modify ${of} members delete { ${keyOf(member)} }`, of }] };
}

function memberTurn(of: string, is: Item, was: Item, text: Both['text']): Turn {
  const [now, then] = [is, was].map((member) => bySetting(said(member))) as [Settings, Settings]; // two are mapped
  const sides: (readonly [Settings, Side])[] = [
    [then, { scene: { text: text.then }, owner: was, path: `${of} > members > ` }],
    [now, { scene: { text: text.now }, owner: is, path: `${of} > members > ` }],
  ];
  const words: (string[] | undefined)[] = [[], []];
  for (const key of new Set([...now.keys(), ...then.keys()])) {
    if (key === 'session' || key === 'state') continue;
    if (lineOf(now.get(key) ?? { words: [] }) === lineOf(then.get(key) ?? { words: [] })) continue;
    if (key === 'address') return { why: 'the address cannot be changed on a BIG-IP' };
    sides.forEach(([settings, side], at) => {
      const said = wordsFor(key, settings.get(key), side);
      words[at] = said === undefined ? undefined : words[at] && [...words[at], said];
    });
  }
  const [to, from] = words;
  if (to === undefined || from === undefined) return { why: 'a setting has no words known here' };
  if (stateOf(is) !== stateOf(was)) {
    to.push(stateOf(was));
    from.push(stateOf(is));
  }
  if (to.join(' ') === from.join(' ')) return { sent: [] };
  const name = keyOf(is);
  const [command, inverse] = [to, from].map((all) => `modify ${of} members modify { ${name} { ${all.join(' ')} } }`);
  return { sent: [{ command: command ?? '', inverse: inverse ?? '', of }] };
}
