import { absolutePath, type Files, isFolder, NoSpace } from './files.ts';
import { type ExecCall, FaultRefused, type Login } from './login.ts';

export interface ScpOptions {
  readonly files: Files;
  /** Where paths begin that are not whole. */
  readonly home: string;
  /** Hears each command that is scp's; answers the device's words where it is refused. */
  readonly refuses: (command: string) => string | undefined;
  /** Does what puts a file in its place, under the faults of the device. */
  readonly watch: <T>(command: string, act: () => T) => T;
}

/**
 * The same login, which passes `scp -t PATH` on to the system: the receiving side of the old protocol, as scp of OpenSSH before 9.0 and
 * `scp -O` after it speak it (OpenSSH, scp.c, sink). Of one file to a call; no folders, and times are taken and forgotten.
 */
export function withScp(login: Login, options: ScpOptions): Login {
  return {
    ...login,
    exec: (call) => (/^scp(?: |$)/.test(call.command) ? receive(call, options) : login.exec(call)),
  };
}

/** What the far end is told; the words follow `scp: `. */
class ScpFailed extends Error {}

/** After which nothing more can be understood. */
class ScpLost extends ScpFailed {}

const ready = '\0';

/** Status 1 where anything failed, as scp ends. */
async function receive(call: ExecCall, options: ScpOptions): Promise<number> {
  const refused = options.refuses(call.command);
  if (refused !== undefined) {
    call.out(refused);
    return 1;
  }
  const [, ...words] = call.command.split(' ').filter((word) => word !== '');
  const target = words.find((word) => !word.startsWith('-'));
  if (!words.includes('-t') || target === undefined) {
    call.error('usage: scp [-46BCpqrv] [-t target]\n');
    return 1;
  }
  const path = absolutePath(target, options.home);
  const input = readParts(call.bytes());
  let failures = 0;
  function fail(error: unknown): void {
    if (!(error instanceof ScpFailed)) throw error;
    failures += 1;
    call.out(`\u0001scp: ${error.message}\n`);
  }
  if (words.includes('-d') && !isFolder(options.files, path)) {
    fail(new ScpFailed(`${target}: ${options.files.read(path) === undefined ? noSuch : 'Not a directory'}`));
    return 1;
  }
  call.out(ready);
  for (let line = await input.line(); line !== undefined; line = await input.line()) {
    try {
      await takeOne(line, { call, input, path, target, options });
    } catch (error) {
      fail(error);
      if (error instanceof ScpLost) break;
    }
  }
  return failures === 0 ? 0 : 1;
}

const noSuch = 'No such file or directory';

interface Sink {
  readonly call: ExecCall;
  readonly input: Parts;
  readonly path: string;
  readonly target: string;
  readonly options: ScpOptions;
}

/** One line of the far end, and what follows it: `C0600 BYTES NAME`, `T...` of times, or what it has to complain of (1, 2). */
async function takeOne(line: string, { call, input, path, target, options }: Sink): Promise<void> {
  if (line.startsWith('\u0001') || line.startsWith('\u0002')) {
    call.error(`${line.slice(1)}\n`);
    return;
  }
  if (line.startsWith('T')) {
    call.out(ready);
    return;
  }
  if (line.startsWith('D')) throw new ScpFailed('received directory without -r');
  const [, size, name = ''] = /^C[0-7]{4} (\d+) (.+)$/.exec(line) ?? [];
  if (size === undefined) throw new ScpLost('protocol error: expected control record');
  if (name.includes('/') || name === '.' || name === '..') throw new ScpLost(`error: unexpected filename: ${name}`);
  const isInto = isFolder(options.files, path);
  const own = isInto ? absolutePath(name, path) : path;
  if (!isFolder(options.files, own.replace(/\/[^/]*$/, '') || '/')) throw new ScpFailed(`${target}: ${noSuch}`);
  call.out(ready);
  const bytes = await input.take(Number(size));
  // A zero says that the far end could read all of it; without one it was cut short and what there is stays away.
  if ((await input.take(1))?.[0] !== 0 || bytes === undefined) throw new ScpLost('dropped connection');
  write(own, bytes.toString('utf8'), call.command, options);
  call.out(ready);
}

function write(path: string, text: string, command: string, { files, watch }: ScpOptions): void {
  try {
    watch(command, () => {
      files.write(path, text);
    });
  } catch (error) {
    if (error instanceof NoSpace || error instanceof FaultRefused) throw new ScpFailed(error.message);
    throw error;
  }
}

interface Parts {
  /** Up to the next line feed; undefined at the end of input. */
  readonly line: () => Promise<string | undefined>;
  /** Exactly so many bytes; undefined where the input ends before. */
  readonly take: (count: number) => Promise<Buffer | undefined>;
}

function readParts(source: AsyncIterable<Buffer>): Parts {
  const parts = source[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  async function more(): Promise<boolean> {
    const next = await parts.next();
    if (next.done === true) return false;
    held = Buffer.concat([held, next.value]);
    return true;
  }
  function cut(count: number): Buffer {
    const head = held.subarray(0, count);
    held = held.subarray(count);
    return head;
  }
  return {
    line: async () => {
      while (!held.includes(10)) if (!(await more())) return undefined;
      return cut(held.indexOf(10) + 1)
        .toString('utf8')
        .slice(0, -1);
    },
    take: async (count) => {
      while (held.length < count) if (!(await more())) return undefined;
      return cut(count);
    },
  };
}
