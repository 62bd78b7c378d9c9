import { AppError } from '../../../contract/errors.ts';
import type { Member } from '../../../contract/model.ts';
import { writeServerAddress } from './addresses.ts';
import type { Statement } from './document.ts';
import { startDrain } from './edit-server.ts';
import type { Editor, PoolPlace } from './editor.ts';
import { isCheckWord } from './members.ts';
import { keysText } from './pools.ts';
import { quoteWord } from './quoting.ts';
import { isServerKeyword, mergeServerWords, readServerWords } from './server-words.ts';
import { serverTlsWords } from './server-tls.ts';
import type { ServerLine, ServerWords } from './servers.ts';
import { highestWeight } from './units.ts';

/** Letters of an HAProxy name (manual 4). */
const nameLetters = /^[A-Za-z0-9_.:-]{1,255}$/;

/**
 * Adds a server line below the pool's last one, with its indentation. The line says what the member says; where all members of
 * the pool are checked, encrypted, started slowly or greeted with the PROXY protocol alike, that belongs to the pool in the
 * model, so the words for it are taken over from the line above. Throws PLAN_INVALID for a name that is taken or that HAProxy
 * would refuse, CAPABILITY_MISSING for keys that a server line cannot say.
 */
export function addMember(editor: Editor, pool: string, member: Member): void {
  const place = editor.pool(pool);
  refuseMember(place, member);
  const above = lineAbove(place);
  const indented = place.lines.at(-1)?.statement ?? place.section.statements[0];
  const indent = indented ? editor.indent(indented) : '    ';
  editor.refuseBroken(above);
  editor.apply([editor.insertAfter(above, `${indent}${writeLine(editor, place, member)}`)]);
  if (member.adminState === 'draining') startDrain(editor, pool, member.name);
}

/** Takes the member's line out. Throws PLAN_INVALID where another line still names the member. */
export function removeMember(editor: Editor, pool: string, name: string): void {
  const line = editor.member(pool, name);
  const user = findUser(editor, pool, name);
  if (user) {
    const words = user.words.map((word) => word.value).slice(0, 3);
    throw editor.refusal(
      'PLAN_INVALID',
      user,
      `"${words.join(' ')} ..." still names the member "${pool}/${name}". Change that line first.`,
    );
  }
  editor.apply([editor.removeLine(line.statement)]);
}

function refuseMember(place: PoolPlace, member: Member): void {
  const who = `The member "${place.name}/${member.name}" cannot be added`;
  if (!nameLetters.test(member.name)) {
    throw new AppError('PLAN_INVALID', `${who}: a name holds letters, digits and . _ : - alone.`);
  }
  if (place.lines.some((line) => line.name === member.name || line.statement.words[1]?.value === member.name)) {
    throw new AppError('ALREADY_EXISTS', `${who}: the pool has a member of that name.`);
  }
  if (member.address === undefined || member.address === '')
    throw new AppError('PLAN_INVALID', `${who}: it has no address.`);
  if (member.weight !== undefined && member.weight > highestWeight) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `${who}: its weight ${member.weight} is above ${highestWeight}, HAProxy's highest.`,
    );
  }
  const lacking = [
    ...(member.discover === undefined ? [] : ['discover']),
    ...(member.monitors === undefined || member.monitors.length === 0 ? [] : ['monitors of its own']),
    ...(member.priority === undefined || member.priority === 0 || member.priority === -1
      ? []
      : [`priority ${member.priority}`]),
    ...Object.keys(member.native ?? {}).filter((keyword) => !isServerKeyword(keyword)),
  ];
  if (lacking.length > 0)
    throw new AppError('CAPABILITY_MISSING', `${who}: a new server line cannot say ${lacking.join(', ')}.`);
}

function writeLine(editor: Editor, place: PoolPlace, member: Member): string {
  const words = ['server', member.name, quoteWord(writeServerAddress(member.address ?? '', member.port))];
  const shared = sharedSource(editor, place.lines);
  words.push(...shared);
  if (member.weight !== undefined) words.push('weight', String(member.weight));
  if (member.maxConnections !== undefined) words.push('maxconn', String(member.maxConnections));
  if (member.cookieValue !== undefined) words.push('cookie', quoteWord(member.cookieValue));
  if (member.priority === -1) words.push('backup');
  if (member.adminState === 'disabled') words.push('disabled');
  for (const [keyword, value] of Object.entries(member.native ?? {})) {
    words.push(keyword, ...(value === '' ? [] : [quoteWord(value)]));
  }
  return words.join(' ');
}

/** The words, as the last line writes them, for what all lines say alike and the model therefore keeps at the pool. */
function sharedSource(editor: Editor, lines: readonly ServerLine[]): readonly string[] {
  const last = lines.findLast((line) => line.template === undefined);
  if (!last) return [];
  const all = lines.map((line) => mergeServerWords(line.inherited, [...line.own.values()]));
  const groups: readonly ((keyword: string) => boolean)[] = [
    (keyword) => isCheckWord(keyword),
    (keyword) => serverTlsWords.has(keyword),
    (keyword) => /^(no-)?send-proxy(-v2)?$/.test(keyword),
    (keyword) => keyword === 'slowstart',
  ];
  const alike = groups.filter((isOfGroup) => isAlike(all, isOfGroup));
  const text = editor.text(last.statement);
  return readServerWords(last.statement)
    .filter(({ keyword }) => alike.some((isOfGroup) => isOfGroup(keyword)))
    .map(({ word, args }) => text.slice(word.start, (args.at(-1) ?? word).end).replace(/[ \t]+/g, ' '));
}

function isAlike(all: readonly ServerWords[], isWanted: (keyword: string) => boolean): boolean {
  return new Set(all.map((words) => keysText(words, isWanted))).size === 1;
}

/** The line to write below: the last server line, or the last line of the section, that no `.if` inside the section holds. */
function lineAbove({ section, lines }: PoolPlace): Statement {
  function isFree({ branch }: Statement): boolean {
    return branch === section.header.branch;
  }
  return lines.map((line) => line.statement).findLast(isFree) ?? section.statements.findLast(isFree) ?? section.header;
}

/** A `use-server` of the pool, or a `track` of any server line, that names the member. */
function findUser(editor: Editor, pool: string, name: string): Statement | undefined {
  const { section } = editor.pool(pool);
  for (const other of editor.document.sections) {
    const tracked = other === section ? [name, `${pool}/${name}`] : [`${pool}/${name}`];
    for (const statement of other.statements) {
      const [{ value: keyword }, second] = statement.words;
      if (other === section && keyword === 'use-server' && second?.value === name) return statement;
      if (keyword !== 'server' && keyword !== 'default-server') continue;
      const track = readServerWords(statement).find((word) => word.keyword === 'track')?.args[0]?.value;
      if (track !== undefined && tracked.includes(track) && second?.value !== name) return statement;
    }
  }
  return undefined;
}
