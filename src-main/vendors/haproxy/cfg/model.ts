import type { DeviceModel } from '../../../contract/model.ts';
import type { SourceFile } from '../../vendor.ts';
import { noteCertificate } from './binds.ts';
import type { Surroundings } from './conditions.ts';
import { type CfgDocument, readDocument, type Section, type Statement } from './document.ts';
import { readFrontend } from './frontends.ts';
import { readPool } from './pools.ts';
import type { Reading } from './reading.ts';
import { proxyKeywords, sectionKeywords } from './sections.ts';
import { nameFrontends, namePools } from './servers.ts';
import { type Settings, settleDocument, wordAfter } from './settings.ts';
import { joinLeftovers, type Leftover, listUnmodelled } from './unmodelled.ts';

export interface ModelOptions extends Surroundings {
  /** True: with what sections inherit. False: what each object's own lines write, everything else left out. */
  readonly effective: boolean;
}

/** Members that all `server-template` lines of a device may bring together. */
const mostTemplateMembers = 16_384;

/** The configuration read into the model. Takes any bytes; what it does not understand is listed in `unmodelled`. */
export function modelOf(files: readonly SourceFile[], options: ModelOptions): DeviceModel {
  const isConfiguration = configurationsAmong(files);
  const document = readDocument(files.filter(isConfiguration), options);
  const model = modelOfDocument(document, options);
  const others = files.filter((file) => !isConfiguration(file));
  const why = 'not a configuration file of HAProxy';
  return {
    ...model,
    unmodelled: [
      ...model.unmodelled,
      ...others.map(({ path }) => ({ file: path, line: 1, endLine: 1, text: '', why })),
    ],
  };
}

/** The same of a document that was read before. */
export function modelOfDocument(document: CfgDocument, options: ModelOptions): DeviceModel {
  const reading: Reading = {
    document,
    isEffective: options.effective,
    version: options.version,
    used: new Set(),
    whys: new Map(),
    monitors: [],
    certificates: new Map(),
    templateRoom: mostTemplateMembers,
  };
  const settled = settleDocument(document);
  const pools = namePools(document.sections);
  const frontends = nameFrontends(document.sections);
  const virtualServers: DeviceModel['virtualServers'] = [];
  const poolsRead: DeviceModel['pools'] = [];
  for (const settings of settled) {
    const pool = pools.get(settings.section);
    const frontend = frontends.get(settings.section);
    const read = pool === undefined ? undefined : readPool(reading, settings, pool);
    if (read !== undefined) poolsRead.push(read);
    if (frontend !== undefined) {
      const ownPool = read !== undefined && read.members.length > 0 ? pool : undefined;
      virtualServers.push(readFrontend(reading, settings, frontend, ownPool));
    }
    if (settings.section.keyword === 'crt-store') readCertificateStore(reading, settings);
  }
  return {
    virtualServers,
    pools: poolsRead,
    monitors: reading.monitors,
    profiles: [],
    certificates: [...reading.certificates.values()],
    unmodelled: listUnmodelled(document, findLeftovers(reading, settled)),
  };
}

/** Which of several files HAProxy would be given: those whose first statement opens a section. One file alone always is. */
export function configurationsAmong(files: readonly SourceFile[]): (file: SourceFile) => boolean {
  if (files.length < 2) return () => true;
  const chosen = new Set(files.filter(opensSection));
  return (file) => chosen.has(file);
}

const longestProbe = 65_536;

function opensSection(file: SourceFile): boolean {
  const head = file.bytes.subarray(0, longestProbe).toString('latin1');
  const first = /^(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*([^\s#]+)/.exec(head)?.[1];
  return first === undefined
    ? /\.(cfg|conf)$/.test(file.path)
    : sectionKeywords.has(first) || /^(\.[a-z]+|\[.*)$/.test(first);
}

function readCertificateStore(reading: Reading, settings: Settings): void {
  for (const { args, statement } of settings.own('load')) {
    const file = wordAfter(args, 'crt');
    if (file === undefined) continue;
    noteCertificate(reading, file);
    if (args.length === 2) reading.used.add(statement);
  }
}

function findLeftovers(reading: Reading, settled: readonly Settings[]): readonly Leftover[] {
  const whys = new Map(reading.document.asides.map(({ statement, why }) => [statement, why]));
  const asides = joinLeftovers([...whys.keys()], (statement) => whys.get(statement) ?? '');
  return [...asides, ...settled.flatMap(({ section }) => leftoversOf(reading, section))];
}

function leftoversOf(reading: Reading, section: Section): readonly Leftover[] {
  const { header, statements, keyword } = section;
  if (!proxyKeywords.has(keyword))
    return joinLeftovers([header, ...statements], () => `a section of kind ${kindOf(section)}`);
  const isListed = section.name !== '' || keyword === 'defaults';
  const all = header.problem !== undefined || !isListed ? [header, ...statements] : statements;
  const left = all.filter((statement) => !reading.used.has(statement) || statement.problem !== undefined);
  return joinLeftovers(left, (statement) => reasonOf(reading, section, statement));
}

function kindOf(section: Section): string {
  return sectionKeywords.has(section.keyword) ? section.keyword : `${section.keyword.slice(0, 80)}, which is not known`;
}

function reasonOf(reading: Reading, section: Section, statement: Statement): string {
  if (statement.problem !== undefined) return `HAProxy refuses the line: ${statement.problem}`;
  const known = reading.whys.get(statement);
  if (known !== undefined) return known;
  if (section.keyword === 'defaults')
    return 'sections below inherit it; where the model has it, it shows there in effect';
  if (statement === section.header) return 'the section has no name';
  return 'the model has no place for it';
}
