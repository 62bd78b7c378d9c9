import { createHash } from 'node:crypto';
import { absolutePath, folders, type Files, NoSpace } from '../files.ts';
import { unescape } from './parse.ts';
import { type Call, type Program, runShell, type Shell } from './run.ts';

/** The programs that playbooks call beside tmsh, as far as they use them. `shell` is asked for late: programs may call each other. */
export function makePrograms(files: Files, hostname: string, shell: () => Shell): Readonly<Record<string, Program>> {
  function pathOf(path: string): string {
    return absolutePath(path, shell().variables.get('PWD') ?? '/');
  }
  function isFolder(path: string): boolean {
    return folders.includes(path) || files.below(path).length > 0;
  }
  /** What the named files hold, or standard input; complains of what is missing. */
  async function textOf(call: Call, name: string, paths: readonly string[]): Promise<{ text: string; status: number }> {
    if (paths.length === 0) return { text: await call.input.all(), status: 0 };
    let [text, status] = ['', 0];
    for (const path of paths) {
      const own = path === '-' ? await call.input.all() : files.read(pathOf(path));
      if (own === undefined) {
        call.error(`${name}: ${path}: No such file or directory\n`);
        status = 1;
      } else text += own;
    }
    return { text, status };
  }
  function write(call: Call, name: string, path: string, text: string): number {
    try {
      files.write(pathOf(path), text);
      return 0;
    } catch (error) {
      if (!(error instanceof NoSpace)) throw error;
      call.error(`${name}: error writing '${path}': No space left on device\n`);
      return 1;
    }
  }
  function plain({ args }: Call): readonly string[] {
    return args.filter((one) => !/^-[a-zA-Z]/.test(one) && one !== '--');
  }
  function hash(algorithm: string, name: string): Program {
    return async (call) => {
      const paths = plain(call);
      let worst = 0;
      for (const path of paths.length === 0 ? ['-'] : paths) {
        const { text, status } = await textOf(call, name, [path]);
        if (status === 0) call.out(`${createHash(algorithm).update(text).digest('hex')}  ${path}\n`);
        worst = Math.max(worst, status);
      }
      return worst;
    };
  }

  return {
    true: () => 0,
    ':': () => 0,
    false: () => 1,
    set: () => 0,
    umask: () => 0,
    sync: () => 0,
    chmod: () => 0,
    chown: () => 0,
    sleep: () => 0,
    export: ({ args }) => {
      for (const one of args) shell().variables.set(one.split('=')[0] ?? '', one.split('=').slice(1).join('='));
      return 0;
    },
    echo: ({ args, out }) => {
      const options = args.findIndex((one) => !/^-[neE]+$/.test(one));
      const flags = args.slice(0, options < 0 ? args.length : options).join('');
      const text = args.slice(options < 0 ? args.length : options).join(' ');
      out(`${flags.includes('e') ? unescape(text) : text}${flags.includes('n') ? '' : '\n'}`);
      return 0;
    },
    printf: ({ args: [format = '', ...values], out }) => {
      const slots = /%(s|d|b|%)/g;
      const count = (format.match(/%[sdb]/g) ?? []).length;
      const rest = [...values];
      do
        out(
          unescape(format).replaceAll(slots, (_all, type: string) =>
            type === '%' ? '%' : type === 'b' ? unescape(rest.shift() ?? '') : (rest.shift() ?? ''),
          ),
        );
      while (count > 0 && rest.length > 0);
      return 0;
    },
    cat: async (call) => {
      const { text, status } = await textOf(call, 'cat', plain(call));
      call.out(text);
      return status;
    },
    tee: async (call) => {
      const text = await call.input.all();
      call.out(text);
      return plain(call).reduce((status, path) => write(call, 'tee', path, text) || status, 0);
    },
    grep: async (call) => {
      const flags = call.args.filter((one) => /^-[a-zA-Z]+$/.test(one)).join('');
      const [pattern = '', ...paths] = plain(call);
      const { text, status } = await textOf(call, 'grep', paths);
      if (status !== 0) return 2;
      const source = flags.includes('F') ? pattern.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`) : pattern;
      const expression = new RegExp(source, flags.includes('i') ? 'i' : '');
      const found = text
        .split('\n')
        .filter(
          (line, at, all) => (line !== '' || at < all.length - 1) && expression.test(line) !== flags.includes('v'),
        );
      if (!flags.includes('q'))
        call.out(flags.includes('c') ? `${found.length}\n` : found.map((line) => `${line}\n`).join(''));
      return found.length > 0 ? 0 : 1;
    },
    head: (call) => cut(call, textOf, (lines, count) => lines.slice(0, count)),
    tail: (call) => cut(call, textOf, (lines, count) => lines.slice(-count)),
    wc: async (call) => {
      const { text, status } = await textOf(call, 'wc', plain(call));
      const count = call.args.includes('-c') ? text.length : text.split('\n').length - 1;
      call.out(`${count}\n`);
      return status;
    },
    rm: (call) => {
      const isForced = call.args.some((one) => /^-\w*f/.test(one));
      let status = 0;
      for (const path of plain(call)) {
        const own = pathOf(path);
        const below = call.args.some((one) => /^-\w*r/i.test(one)) ? files.below(own) : [];
        for (const one of below) files.remove(one);
        if (files.remove(own) || below.length > 0 || isForced) continue;
        call.error(`rm: cannot remove ‘${path}’: No such file or directory\n`);
        status = 1;
      }
      return status;
    },
    mv: (call) => move(call, true),
    cp: (call) => move(call, false),
    ls: (call) => {
      let status = 0;
      for (const path of plain(call).length === 0 ? ['.'] : plain(call)) {
        const own = pathOf(path);
        if (files.read(own) !== undefined) call.out(`${path}\n`);
        else if (isFolder(own)) {
          const names = new Set(
            files.below(own).map((one) => one.slice(own === '/' ? 1 : own.length + 1).split('/')[0]),
          );
          call.out([...names].map((name) => `${name}\n`).join(''));
        } else {
          call.error(`ls: cannot access ${path}: No such file or directory\n`);
          status = 2;
        }
      }
      return status;
    },
    test: ({ args }) => (isTrue(args) ? 0 : 1),
    '[': ({ args }) => (isTrue(args.slice(0, -1)) ? 0 : 1),
    mkdir: () => 0,
    mktemp: (call) => {
      const template = plain(call)[0] ?? '/tmp/tmp.XXXXXXXXXX';
      const path = template.replace(/X+$/, (marks) =>
        createHash('sha256')
          .update(String(files.below('/').length))
          .digest('hex')
          .slice(0, marks.length),
      );
      call.out(`${path}\n`);
      return write(call, 'mktemp', path, '');
    },
    cd: ({ args: [path = '/root'], error }) => {
      const own = pathOf(path);
      if (!isFolder(own)) {
        error(`bash: cd: ${path}: No such file or directory\n`);
        return 1;
      }
      shell().variables.set('PWD', own);
      return 0;
    },
    pwd: ({ out }) => {
      out(`${shell().variables.get('PWD') ?? '/'}\n`);
      return 0;
    },
    hostname: ({ out }) => {
      out(`${hostname}\n`);
      return 0;
    },
    id: ({ out }) => {
      out('uid=0(root) gid=500(webusers) groups=500(webusers)\n');
      return 0;
    },
    whoami: ({ out }) => {
      out(`${shell().variables.get('USER') ?? 'root'}\n`);
      return 0;
    },
    uname: ({ out }) => {
      out('Linux\n');
      return 0;
    },
    bash: (call) => nested(call),
    sh: (call) => nested(call),
    command: ({ args, out }) => {
      const name = args.find((one) => !one.startsWith('-')) ?? '';
      if (!Object.hasOwn(shell().programs, name)) return 1;
      out(`/usr/bin/${name}\n`);
      return 0;
    },
    md5sum: hash('md5', 'md5sum'),
    sha1sum: hash('sha1', 'sha1sum'),
    sha256sum: hash('sha256', 'sha256sum'),
  };

  function move(call: Call, isMoved: boolean): number {
    const [from = '', to = ''] = plain(call);
    const name = isMoved ? 'mv' : 'cp';
    const text = files.read(pathOf(from));
    if (text === undefined) {
      call.error(`${name}: cannot stat ‘${from}’: No such file or directory\n`);
      return 1;
    }
    const target = isFolder(pathOf(to)) ? `${pathOf(to)}/${from.split('/').at(-1) ?? ''}` : to;
    const status = write(call, name, target, text);
    if (isMoved && status === 0) files.remove(pathOf(from));
    return status;
  }
  function isTrue(args: readonly string[]): boolean {
    const [first = '', second = '', third = ''] = args;
    if (first === '!') return !isTrue(args.slice(1));
    if (first === '-n') return second !== '';
    if (first === '-z') return second === '';
    if (first === '-d') return isFolder(pathOf(second));
    if (/^-[a-z]$/.test(first))
      return files.read(pathOf(second)) !== undefined || (first === '-e' && isFolder(pathOf(second)));
    if (second === '=' || second === '==') return first === third;
    if (second === '!=') return first !== third;
    if (second === '-eq') return Number(first) === Number(third);
    if (second === '-ne') return Number(first) !== Number(third);
    return first !== '';
  }
  async function nested(call: Call): Promise<number> {
    const at = call.args.findIndex((one) => /^-\w*c$/.test(one));
    const script = at >= 0 ? (call.args[at + 1] ?? '') : await call.input.all();
    return runShell(shell(), script, call);
  }
}

async function cut(
  call: Call,
  textOf: (call: Call, name: string, paths: readonly string[]) => Promise<{ text: string; status: number }>,
  choose: (lines: readonly string[], count: number) => readonly string[],
): Promise<number> {
  const at = call.args.indexOf('-n');
  const short = call.args.find((one) => /^-n?\d+$/.test(one));
  const count = Number(at >= 0 ? (call.args[at + 1] ?? 10) : (short?.replace(/^-n?/, '') ?? 10));
  const paths = call.args.filter((one, index) => !one.startsWith('-') && (at < 0 || index !== at + 1));
  const { text, status } = await textOf(call, 'head', paths);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  call.out(
    choose(lines, count)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return status;
}
