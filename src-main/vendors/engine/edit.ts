import { isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { AppError } from '../../contract/errors.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import {
  applyChange,
  canonical,
  type Config,
  isFields,
  missing,
  objectName,
  sectionOf,
  writableValue,
} from './config.ts';
import { appendItem, appendSection, findPair, removeItem, removeKey, setKey } from './splice.ts';

/**
 * The engine's YAML file with the changes written in: comments, order and spacing stay, and without a change so does every byte.
 * Throws PLAN_INVALID where a subject is not there or the text cannot be read, CAPABILITY_MISSING where it cannot be edited in place.
 */
export function editFiles(base: readonly SourceFile[], edit: Edit): readonly SourceFile[] {
  const changes = edit.changes.filter((change) => change.action !== 'no-op');
  if (changes.length === 0) return base;
  const [file, ...others] = base;
  if (!file || others.length > 0) {
    throw new AppError('PLAN_INVALID', `The engine's configuration is one file, but ${base.length} were given.`);
  }
  const text = file.bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(file.bytes)) {
    throw new AppError('PLAN_INVALID', `${file.path} is not UTF-8, so it cannot be edited without damage.`);
  }
  return [
    { path: file.path, bytes: Buffer.from(changes.reduce((now, change) => editText(now, change, file.path), text)) },
  ];
}

/** One change on the text; the result is read again and must say just that change, whatever tricks (anchors, tags) the text plays. */
function editText(text: string, change: Change, path: string): string {
  const before = parseText(text, path);
  const wanted = applyChange(before.config, change);
  const after = splice(text, before.root, change);
  let written: unknown;
  try {
    written = parseText(after, path).config;
  } catch {
    written = undefined; // judged below like any other wrong outcome
  }
  if (canonical(written) === canonical(wanted)) return after;
  throw new AppError(
    'CAPABILITY_MISSING',
    `${path}: the ${change.subject.kind} "${change.subject.path.join('/')}" is written in a way (anchor, alias, tag or nesting) that cannot be edited in place. Write it out plainly first.`,
  );
}

function parseText(text: string, path: string): { readonly root: YAMLMap; readonly config: Config } {
  const document = parseDocument(text, { keepSourceTokens: true });
  const [error] = document.errors;
  if (error) throw new AppError('PLAN_INVALID', `${path} cannot be edited: ${error.message}`);
  const config: unknown = document.toJS();
  if (!isMap(document.contents) || !isFields(config)) {
    throw new AppError('PLAN_INVALID', `${path} cannot be edited: it is not a map of sections.`);
  }
  return { root: document.contents, config };
}

function splice(text: string, root: YAMLMap, change: Change): string {
  const section = sectionOf(change);
  const [name = '', member = ''] = change.subject.path;
  if (change.subject.kind !== 'member') return spliceList(text, root, section, name, change, true);
  const pool = findItem(listOf(root, section), name);
  if (!pool) throw missing(change, 'is not there');
  return spliceList(text, pool.map, 'members', member, change, false);
}

function spliceList(
  text: string,
  parent: YAMLMap,
  key: string,
  name: string,
  change: Change,
  isSection: boolean,
): string {
  const list = listOf(parent, key);
  const value = writableValue(change.key, change.desired);
  if (change.action === 'create') {
    if (list && list.items.length > 0) return appendItem(text, list, value);
    return isSection && !findPair(parent, key) ? appendSection(text, key, [value]) : setKey(text, parent, key, [value]);
  }
  const item = findItem(list, name);
  if (!list || !item) throw missing(change, 'is not there');
  if (change.action === 'delete') return removeItem(text, list, item.index);
  if (change.action === 'update' && change.key !== undefined) return setField(text, item.map, change.key, value);
  const fields = isFields(value) ? value : {};
  const keys = new Set([...Object.keys(fields), ...Object.keys(item.fields)]);
  throw new AppError(
    'CAPABILITY_MISSING',
    `The ${change.subject.kind} "${change.subject.path.join('/')}" cannot be replaced as a whole; change its keys (${[...keys].join(', ')}).`,
  );
}

function setField(text: string, map: YAMLMap, key: string, value: unknown): string {
  return value === undefined ? removeKey(text, map, key) : setKey(text, map, key, value);
}

function listOf(map: YAMLMap, key: string): YAMLSeq | undefined {
  const value = findPair(map, key)?.value;
  return isSeq(value) ? value : undefined;
}

function findItem(
  list: YAMLSeq | undefined,
  name: string,
): { readonly map: YAMLMap; readonly index: number; readonly fields: Config } | undefined {
  for (const [index, map] of (list?.items ?? []).entries()) {
    if (!isMap(map)) continue;
    const fields: unknown = map.toJSON();
    if (isFields(fields) && objectName(fields) === name) return { map, index, fields };
  }
  return undefined;
}
