import type { Given } from './match.ts';
import { incomplete, missing, Refused } from './refusal.ts';
import { findStatement, type Statement, statementsOf, withChildren, wordsOf } from './tree.ts';

type Statements = readonly Statement[];

/** The configuration after one statement below a path of statements, or after `no` of it. Throws `Refused`. */
export function change(config: Statements, path: readonly string[], given: Given, isNo: boolean): Statements {
  const brothers = childrenAt(config, path);
  const known = findStatement(brothers, given.key);
  if (isNo) {
    if (known === undefined) throw missing(given.key);
    return withoutUses(
      withChildren(config, path, (children) => children.filter((one) => one !== known)),
      given,
    );
  }
  if (known === undefined) checkWhole(given);
  checkReferences(config, given);
  const next = withChildren(config, path, (children) => withStatement(children, given, known));
  return given.form.enters === 'member' && known === undefined ? withServerPort(next, path, given) : next;
}

function childrenAt(config: Statements, path: readonly string[]): Statements {
  let children = config;
  for (const words of path) children = findStatement(children, words)?.children ?? [];
  return children;
}

/** A new server needs its address, a new group its protocol. */
function checkWhole({ form, words }: Given): void {
  const needs = ['server', 'group', 'virtual'].includes(form.enters ?? '');
  if (needs && words.length < 4) throw incomplete();
}

/** Of two statements that exclude each other the later one stays; what is on by itself is not written. */
const opposites: Readonly<Record<string, readonly string[]>> = {
  enable: ['disable', 'disable-with-health-check'],
  disable: ['disable-with-health-check', 'enable'],
  'disable-with-health-check': ['disable'],
  'health-check': ['health-check-disable'],
  'health-check-disable': ['health-check'],
};

function withStatement(children: Statements, given: Given, known: Statement | undefined): Statements {
  const gone = (opposites[given.key] ?? []).flatMap((words) => findStatement(children, words) ?? []);
  const rest = children.filter((one) => !gone.includes(one));
  if ((given.key === 'enable' && given.form.mode !== 'vrrp-common') || isNormal(given))
    return rest.filter((one) => one !== known);
  if (known !== undefined) {
    const isReentered = given.form.enters !== undefined;
    if (
      isReentered &&
      given.words.length > given.form.key &&
      given.text !== known.text &&
      given.form.enters === 'group'
    ) {
      throw new Refused('This field cannot be modified at runtime');
    }
    const text = isReentered && given.words.length <= given.form.key ? known.text : given.text;
    return rest.map((one) => (one === known ? { ...one, text } : one));
  }
  const added = { text: given.text, children: [] };
  if (given.form.enters === undefined) {
    // Settings stand before what has settings of its own.
    const at = rest.findIndex(({ text }) => /^(port|member) /.test(text) && given.form.mode !== 'config');
    return rest.toSpliced(at < 0 ? rest.length : at, 0, added);
  }
  const kind = given.words.slice(0, 2).join(' ');
  const last = rest.findLastIndex(({ text }) =>
    text.startsWith(given.form.mode === 'config' ? `${kind} ` : `${given.words[0] ?? ''} `),
  );
  return rest.toSpliced(last < 0 ? rest.length : last + 1, 0, added);
}

/** What is so anyway is not written (seen of round robin and of weight 1 in public configurations). */
function isNormal({ text }: Given): boolean {
  return text === 'method round-robin' || text === 'weight 1' || text === 'priority 1';
}

/** What is named must be there; `default` templates always are. */
function checkReferences(config: Statements, { form, words }: Given): void {
  const [first = '', second = '', third = ''] = words;
  const last = words.at(-1) ?? '';
  function need(statement: string): void {
    if (findStatement(config, statement) === undefined) throw missing(statement);
  }
  if (first === 'member' && form.mode === 'group') need(`slb server ${second}`);
  if (first === 'service-group' && form.mode === 'vport') need(`slb service-group ${second}`);
  if (first === 'health-check' && form.mode !== 'config') need(`health monitor ${second}`);
  if (first !== 'template' || last === 'default' || form.mode === 'member') return;
  need(second === 'persist' ? `slb template persist ${third} ${last}` : `slb template ${second} ${last}`);
}

/** A member brings its port to the server. */
function withServerPort(
  config: Statements,
  path: readonly string[],
  { words: [, server = '', port = ''] }: Given,
): Statements {
  const group = findStatement(config, path[0] ?? '');
  const protocol = wordsOf(group?.text ?? '')[3] ?? 'tcp';
  return withChildren(config, [`slb server ${server}`], (children) =>
    findStatement(children, `port ${port} ${protocol}`) === undefined
      ? [...children, { text: `port ${port} ${protocol}`, children: [] }]
      : children,
  );
}

/** What named a thing that is gone is gone with it. */
function withoutUses(config: Statements, { form, words }: Given): Statements {
  const [, , name = ''] = words;
  if (form.enters === 'server') {
    return config.map((one) =>
      isA(one, 'slb service-group')
        ? { ...one, children: one.children.filter((child) => !isA(child, `member ${name}`)) }
        : one,
    );
  }
  if (form.enters !== 'group') return config;
  return config.map((one) => {
    if (!isA(one, 'slb virtual-server')) return one;
    const ports = statementsOf(one.children, 'port');
    const children = one.children.map((child) =>
      ports.includes(child)
        ? { ...child, children: child.children.filter(({ text }) => text !== `service-group ${name}`) }
        : child,
    );
    return { ...one, children };
  });
}

function isA({ text }: Statement, words: string): boolean {
  return text.startsWith(`${words} `);
}
