/** What `stat` says of one service, group member or virtual server in a table. */
export interface StatRow {
  readonly name: string;
  readonly address: string;
  readonly port: number | undefined;
  readonly state: string;
  /** By the heading of the column. */
  readonly values: ReadonlyMap<string, string>;
}

/** An answer of `stat ... NAME`: the thing itself, what is bound to it, and counters by their words in lower case. */
export interface StatAnswer {
  readonly itself: StatRow | undefined;
  readonly bound: readonly StatRow[];
  readonly totals: ReadonlyMap<string, string>;
}

/** States as the appliance writes them (NITRO, `state` of its statistics, and `show service`); one may stand close to the type before it. */
const place =
  /^(\S.*?)\s+(\*|[\d.]+|[0-9a-f:.]*:[0-9a-f:.]*)\s+(\*|\d+)\s+([A-Z_]+?)\s*((?:GOING )?OUT OF SERVICE(?: ?\([^)]*\))?|TROFS_DOWN|TROFS|OFS|UP|DOWN|BUSY|UNKNOWN|DISABLED)(?:\s+(.*))?$/;
const heading = /^\s+(?:[A-Za-z][\w./-]*\s+)*[A-Za-z][\w./-]*\s*$/;
const counter = /^(\S.*?)\s{2,}(\S+)\s+(\d+|--)\s*$/;

/**
 * Takes an answer of `stat` apart. Its tables have a line of headings, then a line for each thing; one too wide goes on in a second of the
 * same things. Counters stand below `Rate (/s)  Total`.
 */
export function parseStat(text: string): StatAnswer {
  const rows = new Map<string, { row: Omit<StatRow, 'values'>; values: Map<string, string>; isBound: boolean }>();
  const totals = new Map<string, string>();
  let columns: readonly string[] = [];
  let isBound = false;
  for (const line of text.split('\n')) {
    const found = place.exec(line);
    if (/^\s+Rate \(\/s\)\s+Total\s*$/.test(line)) columns = [];
    else if (heading.test(line)) {
      columns = line.trim().split(/\s+/);
      if (columns.includes('IP')) isBound = true;
      if (columns.includes('vsvrIP')) isBound = false;
    } else if (found !== null && columns.length > 0) {
      const [, name = '', address = '', port = '', , state = '', rest = ''] = found;
      const after = columns.slice(columns.findIndex((column) => /^state$/i.test(column)) + 1);
      const row = { name, address, port: /^\d+$/.test(port) ? Number(port) : undefined, state };
      rows.set(name, { row, values: valuesOf(after, rest.split(/\s+/)), isBound });
    } else if (columns.length > 0 && line.trim() !== '') {
      const words = line.trim().split(/\s+/);
      const known = rows.get(words.slice(0, -columns.length).join(' '));
      for (const [key, value] of valuesOf(columns, words.slice(-columns.length))) known?.values.set(key, value);
    }
    const [, label = '', , total = ''] = (columns.length === 0 ? counter.exec(line) : null) ?? [];
    if (/^\d+$/.test(total)) totals.set(label.toLowerCase(), total);
  }
  const all = [...rows.values()].map(({ row, values, isBound: is }) => ({ row: { ...row, values }, is }));
  return { itself: all.find(({ is }) => !is)?.row, bound: all.filter(({ is }) => is).map(({ row }) => row), totals };
}

function valuesOf(columns: readonly string[], words: readonly string[]): Map<string, string> {
  return new Map(columns.flatMap((column, at) => (words[at] === undefined ? [] : [[column, words[at] ?? '']])));
}
