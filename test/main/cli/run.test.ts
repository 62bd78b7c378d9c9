import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { defaultDataDir } from '../../../src-main/cli/data-dir.ts';
import { commands } from '../../../src-main/cli/run.ts';
import { hasDisplay } from '../../../src-main/cli/serve.ts';
import { makeVisible } from '../../../src-main/cli/terminal.ts';
import type { NativeTools } from '../../../src-main/contract/console.ts';
import type { DeviceModel } from '../../../src-main/contract/model.ts';
import { runCommandLine } from '../../rigs/command-line.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'steelyard-cli-'));
});
afterAll(() => rm(directory, { recursive: true }));

const emptyModel: DeviceModel = {
  virtualServers: [],
  pools: [],
  monitors: [],
  profiles: [],
  certificates: [],
  unmodelled: [],
};

describe('usage', () => {
  test('help goes to stdout with status 0, and names every command', async () => {
    const { status, stdout, stderr } = await runCommandLine(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const { name } of commands) expect(stdout).toContain(name);
  });

  test('no command, an unknown one, or half a one is wrong usage: status 2 and nothing for a machine on stderr', async () => {
    expect((await runCommandLine([])).status).toBe(2);
    for (const words of [['sevre'], ['devices'], ['devices', 'ad'], ['engine']]) {
      const { status, stdout, stderr } = await runCommandLine(words);
      expect([status, stdout], words.join(' ')).toEqual([2, '']);
      expect(stderr).toContain(words.join(' '));
    }
  });

  test('every command helps, and refuses an option that it does not have', async () => {
    for (const { name } of commands) {
      const helped = await runCommandLine([...name.split(' '), '--help']);
      expect([helped.status, helped.stdout.startsWith(`Usage: steelyard ${name}`)], name).toEqual([0, true]);
      const refused = await runCommandLine([...name.split(' '), '--no-such-option']);
      expect([refused.status, refused.stdout], name).toEqual([2, '']);
      expect(refused.stderr).toContain('--no-such-option');
    }
  });

  test('missing and surplus arguments, and values that are none, are wrong usage and open no console', async () => {
    const openConsole = vi.fn();
    for (const words of [
      ['read'],
      ['read', ''],
      ['read', 'a', 'b'],
      ['poll', 'a', '--every', '5'],
      ['poll', 'a', '--every', '0s'],
      ['poll', 'a', '--count', '0'],
      ['poll', 'a', '--timeout'],
      ['apply', 'p', '--confirm-within', 'soon'],
      ['devices', 'add', 'a'],
      ['devices', 'add', 'a', 'b', '--environment', 'prod'],
      ['devices', 'add', 'a', 'b', '--ask-password'],
      ['serve', '--cert', 'c'],
      ['parse', 'x'],
      ['parse', '--vendor', 'haproxy'],
      ['render', 'm', '--vendor', 'haproxy'],
    ]) {
      const { status, stdout } = await runCommandLine(words, { openConsole });
      expect([status, stdout], words.join(' ')).toEqual([2, '']);
    }
    expect(openConsole).not.toHaveBeenCalled();
  });

  test('a secret cannot be given as an argument', () => {
    const options = commands.flatMap((command) => Object.entries(command.options));
    for (const [name, { value }] of options) {
      if (/pass|secret|token/.test(name)) expect([undefined, 'FILE'], name).toContain(value);
    }
  });
});

describe('parse and render', () => {
  test('files and directories reach the driver as bytes, in the order of their names', async () => {
    await writeFile(join(directory, '20.cfg'), Buffer.from([0xff, 0x0a]));
    await writeFile(join(directory, '10.cfg'), 'a');
    await writeFile(join(directory, '.hidden'), 'b');
    const parseNative = vi.fn<NativeTools['parseNative']>(() => emptyModel);
    const { status, stdout } = await runCommandLine(['parse', '--vendor', 'haproxy', directory], { parseNative });
    expect([status, JSON.parse(stdout)]).toEqual([0, emptyModel]);
    expect(parseNative).toHaveBeenCalledWith('haproxy', [
      { path: join(directory, '10.cfg'), bytes: Buffer.from('a') },
      { path: join(directory, '20.cfg'), bytes: Buffer.from([0xff, 0x0a]) },
    ]);
  });

  test('a file that is not there is a note; without any it is a failure', async () => {
    function parseNative(): DeviceModel {
      return emptyModel;
    }
    const there = join(directory, '10.cfg');
    const gone = join(directory, 'gone.cfg');
    const some = await runCommandLine(['parse', '--vendor', 'haproxy', there, gone], { parseNative });
    expect([some.status, some.stderr.includes(gone)]).toEqual([0, true]);
    const none = await runCommandLine(['parse', '--vendor', 'haproxy', gone], { parseNative });
    expect([none.status, none.stdout]).toEqual([1, '']);
  });

  test('what is rendered goes out as the bytes it is', async () => {
    const bytes = Buffer.from([0x66, 0xff, 0x00, 0x0a]);
    const base = join(directory, '10.cfg');
    const model = join(directory, 'model.json');
    await writeFile(model, JSON.stringify(emptyModel));
    const written: Uint8Array[] = [];
    const { status } = await runCommandLine(['render', '--vendor', 'haproxy', '--base', base, model], {
      renderNative: () => [{ path: base, bytes }],
      terminal: {
        write: (output) => {
          written.push(Buffer.from(output));
          return Promise.resolve();
        },
        say: () => undefined,
        isInteractive: false,
        ask: () => Promise.resolve(''),
        askSecret: () => Promise.resolve(''),
      },
    });
    expect([status, Buffer.concat(written)]).toEqual([0, bytes]);
  });

  test('a model that breaks the contract is refused with file, line and column', async () => {
    const model = join(directory, 'bad.yaml');
    await writeFile(model, 'virtualServers: []\npools:\n  - name: a\n    membres: []\n');
    const base = join(directory, '10.cfg');
    const { status, stdout, stderr } = await runCommandLine(['render', '--vendor', 'engine', '--base', base, model]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/bad\.yaml:3:5: pools\.0: .*membres/);
  });
});

describe('engine', () => {
  test('check prints each problem and fails; without one it is silent', async () => {
    const bad = await runCommandLine(['engine', 'check', 'f'], {
      checkEngine: () => Promise.resolve(['f:1:1: x, y, z']),
    });
    expect(bad).toMatchObject({ status: 1, stdout: 'f:1:1: x, y, z\n' });
    expect(await runCommandLine(['engine', 'check', 'f'])).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('run hands over file and workers and ends with its status', async () => {
    const runEngine = vi.fn(() => Promise.resolve(3));
    expect((await runCommandLine(['engine', 'run', 'f.yaml', '--workers', '2'], { runEngine })).status).toBe(3);
    expect(runEngine).toHaveBeenCalledWith('f.yaml', { workers: 2 });
  });
});

test("a device's escape sequences do not reach the terminal", () => {
  expect(makeVisible('a\u001b[2Jb\u009b1m\r\n\tc')).toBe('a\\u001b[2Jb\\u009b1m\\u000d\n\tc');
});

test('the data directory is where each system keeps such things', () => {
  expect(defaultDataDir('linux', {}, '/home/a')).toBe('/home/a/.config/steelyard');
  expect(defaultDataDir('linux', { XDG_CONFIG_HOME: '/x' }, '/home/a')).toBe('/x/steelyard');
  expect(defaultDataDir('linux', { XDG_CONFIG_HOME: 'relative' }, '/home/a')).toBe('/home/a/.config/steelyard');
  expect(defaultDataDir('darwin', {}, '/Users/a')).toBe('/Users/a/Library/Application Support/Steelyard');
});

test('a browser is opened only before a screen, and never in a test run', () => {
  expect(hasDisplay({}, 'linux')).toBe(false);
  expect(hasDisplay({ DISPLAY: ':0' }, 'linux')).toBe(true);
  expect(hasDisplay({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBe(true);
  expect(hasDisplay({ DISPLAY: ':0', CI: 'true' }, 'linux')).toBe(false);
  expect(hasDisplay({ CI: '1' }, 'darwin')).toBe(false);
});
