import type { DeviceModel, Unmodelled } from '../../contract/model.ts';
import { maskWith } from '../mask.ts';
import type { SourceFile } from '../vendor.ts';
import { type Block, Lines, readBlocks } from './blocks.ts';
import { monitorOf } from './monitors.ts';
import { merged, named, partitionOf } from './partitions.ts';
import { a10Secrets } from './secrets.ts';
import { memberPlace, nodeOf, poolOf, unreadOfPorts } from './servers.ts';
import { certificatesOf, type Template, templateKey, virtualServersOf } from './virtuals.ts';

interface Placed extends Block {
  readonly file: string;
}

/** The running-configs of all partitions as one model: an object that is not shared is `PARTITION/NAME`. */
export function parseA10(files: readonly SourceFile[]): DeviceModel {
  const groups = new Map<string, SourceFile[]>();
  for (const file of files) {
    const partition = partitionOf(file.path);
    groups.set(partition, [...(groups.get(partition) ?? []), file]);
  }
  return merged([...groups].map(([partition, own]) => named(parsePartition(own), partition)));
}

/**
 * A running-config of ACOS 2.7 to 6 as the model: `slb server` are nodes, `slb service-group` pools, each port of an `slb virtual-server`
 * a virtual server. What has no place in it is kept with its lines; secrets are masked before anything is read.
 */
function parsePartition(files: readonly SourceFile[]): DeviceModel {
  const texts = files.map(({ path, bytes }) => ({ path, text: maskWith(a10Secrets, bytes.toString('utf8')) }));
  const blocks = texts.flatMap(({ path, text }): Placed[] =>
    readBlocks(text).map((block) => ({ ...block, file: path })),
  );
  const servers = objectsOf(blocks, ['slb', 'server']);
  const groups = objectsOf(blocks, ['slb', 'service-group']);
  const templates = objectsOf(blocks, ['slb', 'template']);
  const nodes = [...servers].map(([name, heads]) => {
    const node = nodeOf(name, heads);
    const native = { ...node.native, ...unreadOfPorts(heads) };
    return Object.keys(native).length === 0 ? node : { ...node, native };
  });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const byKey = new Map([...templates].map(([key, heads]) => [key, templateOf(heads)]));
  const virtuals = objectsOf(blocks, ['slb', 'virtual-server']);
  return {
    virtualServers: [...virtuals].flatMap(([name, heads]) => virtualServersOf(name, heads, byKey)),
    pools: [...groups].map(([name, heads]) => poolOf(name, heads, byName)),
    monitors: [...objectsOf(blocks, ['health', 'monitor'])].map(([name, heads]) => monitorOf(name, heads)),
    nodes,
    profiles: [...byKey.values()].map(profileOf),
    certificates: certificates(byKey.values()),
    unmodelled: unmodelledOf(blocks, groups, texts),
  };
}

const kinds = [
  ['slb', 'server'],
  ['slb', 'service-group'],
  ['slb', 'virtual-server'],
  ['slb', 'template'],
  ['health', 'monitor'],
] as const;

function isOf({ words }: Block, [first, second]: readonly [string, string]): boolean {
  return words[0] === first && words[1] === second && words.length > (second === 'template' ? 3 : 2);
}

/** A template is known by kind and name, all else by name. */
function keyOf({ words }: Block): string {
  return words[1] === 'template' ? templateKey(namesOf(words)) : (words[2] ?? '');
}

function namesOf(words: readonly string[]): Pick<Template, 'kind' | 'name'> {
  return { kind: words.slice(2, -1).join(' '), name: words.at(-1) ?? '' };
}

function templateOf(heads: readonly Block[]): Template {
  return { ...namesOf(heads[0]?.words ?? []), lines: new Lines(heads.flatMap(({ children }) => children)) };
}

/** Heads by key, in the order of the file; entered again they add up, `no` takes the object away. */
function objectsOf(blocks: readonly Placed[], kind: readonly [string, string]): ReadonlyMap<string, readonly Block[]> {
  const found = new Map<string, Block[]>();
  for (const block of blocks) {
    if (block.words[0] === 'no' && isOf({ ...block, words: block.words.slice(1) }, kind)) {
      found.delete(keyOf({ ...block, words: block.words.slice(1) }));
    } else if (isOf(block, kind)) found.set(keyOf(block), [...(found.get(keyOf(block)) ?? []), block]);
  }
  return found;
}

const tlsWords = new Set(['cert', 'key', 'chain-cert', 'certificate', 'cipher']);

function profileOf({ kind, name, lines }: Template): DeviceModel['profiles'][number] {
  return { name, kind: `template ${kind}`, native: lines.others(kind === 'client-ssl' ? tlsWords : new Set()) };
}

function certificates(templates: Iterable<Template>): DeviceModel['certificates'] {
  const found = new Map<string, DeviceModel['certificates'][number]>();
  for (const { kind, lines } of templates) {
    if (kind !== 'client-ssl') continue;
    for (const { name, keyFile, chainFile } of certificatesOf(lines)) {
      const native = {
        ...(keyFile === undefined ? {} : { key: keyFile }),
        ...(chainFile === undefined ? {} : { chain: chainFile }),
      };
      if (!found.has(name)) found.set(name, { name, ...(Object.keys(native).length === 0 ? {} : { native }) });
    }
  }
  return [...found.values()];
}

/** Top-level blocks of other kinds, those with nothing but comments between them as one; and members that name no port. */
function unmodelledOf(
  blocks: readonly Placed[],
  groups: ReadonlyMap<string, readonly Block[]>,
  texts: readonly { readonly path: string; readonly text: string }[],
): Unmodelled[] {
  const found: { file: string; line: number; endLine: number; why: string }[] = [];
  let before: Placed | undefined;
  for (const block of blocks) {
    const last = found.at(-1);
    if (!kinds.some((kind) => isOf(block, kind))) {
      const { file, line, endLine } = block;
      if (last !== undefined && last.endLine === before?.endLine && last.file === file) last.endLine = endLine;
      else found.push({ file, line, endLine, why: 'the model has no place for it' });
    } else if (isOf(block, kinds[1]) && groups.has(keyOf(block))) {
      for (const { words, line, endLine, ...member } of block.children) {
        if (words[0] !== 'member' || memberPlace({ words, line, endLine, ...member }) !== undefined) continue;
        found.push({ file: block.file, line, endLine, why: 'a member without a port' });
      }
    }
    before = block;
  }
  const lines = new Map(texts.map(({ path, text }) => [path, text.split('\n')]));
  return found.map((one) => ({
    file: one.file,
    line: one.line,
    endLine: one.endLine,
    text: (lines.get(one.file) ?? []).slice(one.line - 1, one.endLine).join('\n'),
    why: one.why,
  }));
}
