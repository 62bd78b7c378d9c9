import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One case as the table shows it. */
export interface Listed {
  readonly group: string;
  readonly name: string;
  readonly source: string;
}

/** What came of a case: right or not, and in words what was seen. */
export interface Result {
  readonly isRight: boolean;
  readonly seen: string;
}

/** How the document names those that are compared, and with their release (Debian 12's); the engine stands last. */
export interface Compared {
  readonly name: string;
  readonly shown: string;
  readonly release: string;
}

const engine: Compared = { name: 'engine', shown: 'engine', release: 'engine' };
const balancers: readonly Compared[] = [
  { name: 'haproxy', shown: 'HAProxy', release: 'HAProxy 2.6' },
  { name: 'nginx', shown: 'NGINX', release: 'NGINX 1.22' },
];

/** Results of the engine and of others, in the cases' order, as a document and as a judgement. */
export class ConformanceReport {
  readonly groups: readonly string[];
  readonly #cases: readonly Listed[];
  readonly #others: readonly Compared[];
  readonly #results = new Map<string, readonly Result[]>();

  constructor(cases: readonly Listed[], others: readonly Compared[] = balancers) {
    this.#cases = cases;
    this.#others = others;
    this.groups = [...new Set(cases.map((one) => one.group))];
  }

  add(proxy: string, results: readonly Result[]): void {
    this.#results.set(proxy, results);
  }

  /** Cases of a group that went wrong, in words. */
  failures(proxy: string, group: string): string[] {
    const list = this.#results.get(proxy) ?? [];
    return this.#cases.flatMap((one, index) => {
      const result = list[index];
      if (one.group !== group || result?.isRight === true) return [];
      return [`${one.name} (${one.source}): ${result?.seen ?? 'not run'}`];
    });
  }

  /** What went wrong with the engine where the better of the others does better; else nothing. */
  worseThanOthers(group: string): string[] {
    const wrong = this.failures('engine', group);
    const allowed = Math.min(...this.#others.map(({ name }) => this.failures(name, group).length));
    return wrong.length <= allowed ? [] : wrong;
  }

  render(title: string, name: string): string {
    const all = [...this.#others, engine];
    const sums = this.groups.map((group) => {
      const total = this.#cases.filter((one) => one.group === group).length;
      const cells = all.map((proxy) => String(total - this.failures(proxy.name, group).length));
      return [group, String(total), ...cells];
    });
    const lines = this.#cases.map((one, index) => {
      const cells = all.map((proxy) => (this.#results.get(proxy.name)?.[index]?.isRight === true ? 'yes' : 'no'));
      return [one.group, one.name.replaceAll('|', '\\|'), one.source, ...cells];
    });
    return `# ${title} conformance

Written by \`STEELYARD_UPDATE=1 npm run live -- test/live/engine/conformance-${name}.test.ts\`, which runs every case against ${this.#others.map(({ shown }) => shown).join(',\n')} (Debian 12's) and the engine: cases of our own from the standards, as they bind an intermediary. The cases stand in
\`test/rigs/conformance/\`.

${table(['group', 'cases', ...all.map((proxy) => proxy.release)], sums)}

${table(['group', 'case', 'source', ...all.map((proxy) => proxy.shown)], lines)}
`;
  }
}

/** As prettier writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) => Math.max(3, name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  function line(cells: readonly string[]): string {
    return `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  }
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** The written document beside the one that was just made; STEELYARD_UPDATE=1 writes it first. */
export function compareWithDocument(
  name: string,
  made: string,
): { readonly ours: string[]; readonly written: string[] } {
  const path = join(import.meta.dirname, `../../../docs/conformance-${name}.md`);
  if (process.env['STEELYARD_UPDATE'] === '1') writeFileSync(path, made);
  return { ours: oursOf(made), written: oursOf(existsSync(path) ? readFileSync(path, 'utf8') : '') };
}

/** Names and the last column of every line: other releases of the others may do better or worse, ours must agree. */
function oursOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| -'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => `${cells[1] ?? ''} ${cells[2] ?? ''}: ${cells.at(-2) ?? ''}`);
}
