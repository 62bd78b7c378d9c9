import type { DeviceModel } from '../../../contract/model.ts';
import type { CfgDocument, Statement } from './document.ts';
import { statementSource } from './algorithm.ts';
import { maskSecrets } from './secrets.ts';
import type { Setting, Settings } from './settings.ts';

/** One reading of a document into a model: what was taken so far, and why what was not taken was left. */
export interface Reading {
  readonly document: CfgDocument;
  /** With what `defaults` and `default-server` lines give; else what the object's own lines write. */
  readonly isEffective: boolean;
  readonly version: string | undefined;
  readonly used: Set<Statement>;
  readonly whys: Map<Statement, string>;
  readonly monitors: DeviceModel['monitors'];
  readonly certificates: Map<string, DeviceModel['certificates'][number]>;
  /** Members that `server-template` lines may still bring: a bound for hostile texts. */
  templateRoom: number;
}

/** The setting that counts, marked as read. */
export function takeSetting(reading: Reading, settings: Settings, keyword: string): Setting | undefined {
  const setting = settings.last(keyword, reading.isEffective);
  if (!setting) return undefined;
  for (const own of settings.own(keyword)) reading.used.add(own.statement);
  reading.used.add(setting.statement);
  return setting;
}

/** Like `takeSetting`, for a keyword that stands alone or with `no` before it: true, false, or undefined where not written. */
export function takeOption(reading: Reading, settings: Settings, keyword: string): boolean | undefined {
  const setting = takeSetting(reading, settings, keyword);
  return setting === undefined ? undefined : !setting.isNegated;
}

/**
 * The value that `read` makes of the first argument, under `key`; an empty object where the keyword is not written, or where
 * its value cannot be read: then the statement stays among the unmodelled ones.
 */
export function takeValue<K extends string, V>(
  reading: Reading,
  settings: Settings,
  keyword: string,
  key: K,
  read: (text: string) => V | undefined,
): Partial<Record<K, V>> {
  const setting = settings.last(keyword, reading.isEffective);
  if (!setting || setting.isNegated) return {};
  const value = read(setting.args[0] ?? '');
  if (value === undefined) {
    reading.whys.set(setting.statement, 'its value cannot be read');
    return {};
  }
  takeSetting(reading, settings, keyword);
  const result: Partial<Record<K, V>> = {};
  result[key] = value;
  return result;
}

/** The object if it holds anything, under `key`. */
export function nested<K extends string, V extends object>(key: K, value: V): Partial<Record<K, V>> {
  const result: Partial<Record<K, V>> = {};
  if (Object.keys(value).length > 0) result[key] = value;
  return result;
}

export function sourceOf(reading: Reading, statement: Statement): string {
  return statementSource(reading.document.files[statement.file]?.text ?? '', statement);
}

/** The source of a statement's arguments from word `from` on, secrets masked. */
export function maskedArguments(reading: Reading, statement: Statement, from = 1): string {
  const text = reading.document.files[statement.file]?.text ?? '';
  const start = statement.words[from]?.start;
  return start === undefined ? '' : maskSecrets(text.slice(start, statement.words.at(-1)?.end));
}
