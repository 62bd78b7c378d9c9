/** One statement of a configuration and what stands indented below it. */
export interface Statement {
  readonly text: string;
  readonly children: readonly Statement[];
}

/** Reads what `show running-config` prints, or a file of it: comments, `end` and empty lines are no statements. */
export function parseStatements(text: string): readonly Statement[] {
  const root: MutableStatement = { text: '', children: [] };
  const open: { depth: number; statement: MutableStatement }[] = [{ depth: -1, statement: root }];
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim();
    if (words === '' || words.startsWith('!') || (words === 'end' && line === 'end')) continue;
    const depth = line.length - line.trimStart().length;
    while ((open.at(-1)?.depth ?? -1) >= depth) open.pop();
    const statement: MutableStatement = { text: words, children: [] };
    open.at(-1)?.statement.children.push(statement);
    open.push({ depth, statement });
  }
  return root.children;
}

interface MutableStatement {
  text: string;
  children: MutableStatement[];
}

/** As the device prints them: two blanks deeper per level, `!` behind each of the first. */
export function renderStatements(statements: readonly Statement[]): string {
  return statements.map((one) => `${renderOne(one, '')}!\n`).join('');
}

function renderOne({ text, children }: Statement, indent: string): string {
  return `${indent}${text}\n${children.map((one) => renderOne(one, `${indent}  `)).join('')}`;
}

/** The statement whose first words are these. */
export function findStatement(statements: readonly Statement[], words: string): Statement | undefined {
  return statements.find(({ text }) => text === words || text.startsWith(`${words} `));
}

/** Those whose first words are these. */
export function statementsOf(statements: readonly Statement[], words: string): readonly Statement[] {
  return statements.filter(({ text }) => text === words || text.startsWith(`${words} `));
}

export function wordsOf(text: string): readonly string[] {
  return text.match(/"[^"]*"|\S+/g) ?? [];
}

/** The tree with what `change` makes of the children at a path of first words. */
export function withChildren(
  statements: readonly Statement[],
  path: readonly string[],
  change: (children: readonly Statement[]) => readonly Statement[],
): readonly Statement[] {
  const [first, ...rest] = path;
  if (first === undefined) return change(statements);
  return statements.map((one) =>
    one.text === first || one.text.startsWith(`${first} `)
      ? { ...one, children: withChildren(one.children, rest, change) }
      : one,
  );
}
