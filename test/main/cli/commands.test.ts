import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CliTools } from '../../../src-main/cli/command.ts';
import type { DeviceState, Handlers, TestReport } from '../../../src-main/contract/api.ts';
import { AppError } from '../../../src-main/contract/errors.ts';
import type { Sample } from '../../../src-main/contract/metrics.ts';
import type { Plan, PushPhase, PushState } from '../../../src-main/contract/plan.ts';
import { offerLocal } from '../../../src-main/local/offer.ts';
import { type CommandResult, openSecrets, runCommandLine } from '../../rigs/command-line.ts';
import { openSmallConsole, type SmallConsole } from '../../rigs/small-console.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steelyard-cli-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

/** Runs a command whose console, where it opens one, has these handlers. */
function run(
  words: readonly string[],
  handlers: Partial<Handlers>,
  tools: Partial<CliTools> = {},
): Promise<CommandResult> {
  function openConsole(): Promise<SmallConsole> {
    return Promise.resolve(
      openSmallConsole({ ...openSecrets, 'devices.list': () => Promise.resolve([]), ...handlers }),
    );
  }
  return runCommandLine([...words, '--data', dataDir], { openConsole, ...tools });
}

function sample(at: string): Sample {
  return { at, device: { vendor: 'haproxy' }, virtualServers: [], pools: [], errors: [] };
}

function device(name: string, isLocked = true): DeviceState {
  return {
    spec: { name, address: 'haproxy+ssh://a@192.0.2.1', environment: 'production' },
    freshness: 'waiting',
    lock: { isLocked },
  };
}

describe('poll', () => {
  test('writes one sample a line, rates from the second on, and nothing else to stdout', async () => {
    const times = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.000Z'];
    const taken = times.map(sample);
    const { status, stdout, stderr } = await run(['poll', 'a', '--count', '3', '--every', '1ms', '--timeout', '2s'], {
      'devices.poll': ({ device: name, timeoutMs }) => {
        expect([name, timeoutMs]).toEqual(['a', 2000]);
        const next = taken.shift();
        return next === undefined ? Promise.reject(new Error('one too many')) : Promise.resolve(next);
      },
    });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Sample & { rates?: unknown });
    expect([status, stderr]).toEqual([0, '']);
    expect(lines.map(({ at, rates }) => [at, rates !== undefined])).toEqual([
      [times[0], false],
      [times[1], true],
      [times[2], true],
    ]);
  });

  test('goes on over an answer that failed and may be tried again, and says so at the end', async () => {
    let count = 0;
    const { status, stdout, stderr } = await run(['poll', 'a', '--count', '3', '--every', '1ms'], {
      'devices.poll': () => {
        count += 1;
        if (count === 2) return Promise.reject(new AppError('TIMED_OUT', 'It was slow.'));
        return Promise.resolve(sample('2026-01-01T00:00:00.000Z'));
      },
    });
    expect([status, stdout.trimEnd().split('\n').length]).toEqual([1, 2]);
    expect(stderr).toContain('TIMED_OUT');
  });

  test('ends with the first answer that a further try cannot mend', async () => {
    const poll = vi.fn(() => Promise.reject(new AppError('AUTH_FAILED', 'No.', { raw: 'denied \u001b[31m' })));
    const { status, stdout, stderr } = await run(['poll', 'a', '--every', '1ms'], { 'devices.poll': poll });
    expect([status, stdout, poll.mock.calls.length]).toEqual([1, '', 1]);
    expect(stderr).toContain('AUTH_FAILED');
  });

  test('without a count it goes on until interrupted, which is no failure', async () => {
    const interrupt = new AbortController();
    let count = 0;
    const { status } = await run(
      ['poll', 'a', '--every', '1ms'],
      {
        'devices.poll': () => {
          count += 1;
          if (count === 5) interrupt.abort();
          return Promise.resolve(sample('2026-01-01T00:00:00.000Z'));
        },
      },
      { interrupted: interrupt.signal },
    );
    expect([status, count >= 5]).toEqual([0, true]);
  });
});

describe('the console of a data directory', () => {
  test('is used where one runs: no second one is opened, and its events and answers are its own', async () => {
    const owner = openSmallConsole({ ...openSecrets, 'devices.list': () => Promise.resolve([device('owned')]) });
    const offer = await offerLocal(owner, dataDir, () => undefined);
    const openConsole = vi.fn();
    const { status, stdout } = await run(['devices', 'list'], {}, { openConsole });
    expect([status, JSON.parse(stdout)]).toMatchObject([0, [{ spec: { name: 'owned' } }]]);
    expect(openConsole).not.toHaveBeenCalled();
    await offer.close();
  });

  test('that another command is about to give free is waited for', async () => {
    let tries = 0;
    function openConsole(): Promise<SmallConsole> {
      tries += 1;
      if (tries < 3) return Promise.reject(new AppError('STORE_BUSY', 'Process 1 has it.'));
      return Promise.resolve(openSmallConsole({ ...openSecrets, 'devices.list': () => Promise.resolve([]) }));
    }
    expect((await run(['devices', 'list'], {}, { openConsole })).status).toBe(0);
    expect(tries).toBe(3);
  });

  test('is closed when the command ends, also by a failure', async () => {
    const console = openSmallConsole(openSecrets);
    const close = vi.spyOn(console, 'close');
    expect((await run(['devices', 'list'], {}, { openConsole: () => Promise.resolve(console) })).status).toBe(1);
    expect(close).toHaveBeenCalledOnce();
  });

  test('has its secrets opened by the passphrase of a file or the environment', async () => {
    const locked: Partial<Handlers> = {
      'app.info': async () => ({
        ...(await openSecrets['app.info']()),
        secrets: { protection: 'passphrase', isLocked: true },
      }),
      'devices.list': () => Promise.resolve([]),
    };
    const unlock = vi.fn<Handlers['secrets.unlock']>(() => Promise.resolve(null));
    await writeFile(join(dataDir, 'pass'), 'open sesame\n');
    const env = { STEELYARD_PASSPHRASE_FILE: join(dataDir, 'pass') };
    await run(['devices', 'list'], { ...locked, 'secrets.unlock': unlock }, { env });
    expect(unlock.mock.calls[0]?.[0]).toEqual({ passphrase: 'open sesame' });
    const { status, stderr } = await run(['devices', 'list'], locked);
    expect([status, stderr]).toEqual([0, expect.stringContaining('locked')]);
  });
});

describe('devices', () => {
  test('add takes the password from a file, sealed by a passphrase, and shows neither', async () => {
    await writeFile(join(dataDir, 'password'), 'hunter2\nsecond line\n');
    const add = vi.fn<Handlers['devices.add']>(() => Promise.resolve(device('a')));
    const protect = vi.fn<Handlers['secrets.protect']>(() => Promise.resolve(null));
    const { status, stdout, stderr } = await run(
      [
        'devices',
        'add',
        'a',
        'haproxy+ssh://a@192.0.2.1',
        '--tag',
        'x',
        '--tag',
        'y',
        '--every',
        '5s',
        '--password-file',
        join(dataDir, 'password'),
      ],
      { 'devices.add': add, 'secrets.protect': protect },
      { env: { STEELYARD_PASSPHRASE: 'open sesame' } },
    );
    expect(status).toBe(0);
    expect(add.mock.calls[0]?.[0]).toEqual({
      spec: {
        name: 'a',
        address: 'haproxy+ssh://a@192.0.2.1',
        environment: 'other',
        tags: ['x', 'y'],
        pollIntervalMs: 5000,
      },
      credentials: { password: 'hunter2' },
    });
    expect(protect.mock.calls[0]?.[0]).toEqual({ passphrase: 'open sesame' });
    expect(stdout + stderr).not.toMatch(/hunter2|sesame/);
  });

  test('add refuses a secret that nothing would keep', async () => {
    const add = vi.fn();
    const { status, stderr } = await run(
      ['devices', 'add', 'a', 'haproxy+ssh://a@192.0.2.1'],
      { 'devices.add': add },
      { env: { STEELYARD_PASSWORD: 'hunter2' } },
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining('SECRETS_LOCKED')]);
    expect(add).not.toHaveBeenCalled();
  });

  test('test takes the address of the inventory, shows the step that failed with its raw answer, and fails', async () => {
    const answer: TestReport = {
      testId: 't',
      steps: [
        { id: 'tcp', title: 'TCP', state: 'done' },
        {
          id: 'authentication',
          title: 'Authentication',
          state: 'failed',
          problem: { code: 'AUTH_FAILED', title: '', detail: 'Refused.', raw: 'Permission denied (publickey).' },
        },
        { id: 'version', title: 'Version', state: 'pending' },
      ],
    };
    const walk = vi.fn<Handlers['devices.test']>(() => Promise.resolve(answer));
    const { status, stdout, stderr } = await run(['devices', 'test', 'a'], {
      'devices.list': () => Promise.resolve([device('a')]),
      'devices.test': walk,
    });
    expect([status, JSON.parse(stdout)]).toEqual([1, answer]);
    expect(walk.mock.calls[0]?.[0].address).toBe('haproxy+ssh://a@192.0.2.1');
    expect(stderr).toContain('FAILED      Authentication: AUTH_FAILED: Refused.\n    Permission denied (publickey).');
    expect(stderr).toContain('not reached Version');
  });

  test('test hands on the host key that a person accepts, and asks for it where it is new', async () => {
    const key = { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:abc' };
    const walk = vi.fn((input: { acceptHostKey?: string | undefined }) => {
      const isAccepted = input.acceptHostKey === key.fingerprint;
      const step = { id: 'host-key', title: 'Host key', state: isAccepted ? 'done' : 'question' } as const;
      return Promise.resolve({ testId: 't', steps: [step], ...(isAccepted ? {} : { newHostKey: key }) });
    });
    const handlers = { 'devices.list': () => Promise.resolve([]), 'devices.test': walk };
    const asked = await run(['devices', 'test', 'haproxy+ssh://a@h'], handlers);
    expect([asked.status, asked.stderr]).toEqual([1, expect.stringContaining('--accept-host-key SHA256:abc')]);
    const accepted = await run(['devices', 'test', 'haproxy+ssh://a@h', '--accept-host-key', 'SHA256:abc'], handlers);
    expect(accepted.status).toBe(0);
  });
});

const fingerprint = '0'.repeat(64);
const plan: Plan = {
  version: 1,
  id: 'abcdef',
  device: 'a',
  vendor: 'haproxy',
  createdAt: '2026-01-01T00:00:00.000Z',
  basedOn: fingerprint,
  resultsIn: fingerprint,
  desired: {},
  changes: [
    { action: 'update', subject: { kind: 'member', path: ['app', 'm1'] }, key: 'weight', prior: 1, desired: 3 },
  ],
  cost: 'runtime',
  losses: [],
  affects: [],
  hunks: [],
  steps: [
    {
      id: 's1',
      stage: 'send',
      title: 'Set the weight',
      commands: [
        { kind: 'socket', socket: '/s', text: 'set weight app/m1 3', shown: 'echo set weight app/m1 3 | socat - /s' },
      ],
      isHarmless: false,
    },
  ],
  revert: [],
  keep: [],
  verifies: [],
  warnings: [],
  driver: {},
};

describe('plan', () => {
  test('reads the wish, shows every command on stderr and gives the plan to stdout or a file', async () => {
    const wish = join(dataDir, 'wish.yaml');
    await writeFile(wish, 'pools:\n  - name: app\n    members: [{ name: m1, weight: 3 }]\n');
    const make = vi.fn<Handlers['plan.make']>(() => Promise.resolve(plan));
    const printed = await run(['plan', 'a', wish, '--exact'], { 'plan.make': make });
    expect([printed.status, JSON.parse(printed.stdout)]).toEqual([0, plan]);
    expect(printed.stderr).toContain('echo set weight app/m1 3 | socat - /s');
    expect(printed.stderr).toContain('update member app/m1 weight: 1 -> 3');
    expect(make.mock.calls[0]?.[0]).toEqual({
      device: 'a',
      desired: { pools: [{ name: 'app', members: [{ name: 'm1', weight: 3 }] }] },
      exact: true,
    });
    const written = await run(['plan', 'a', wish, '--out', join(dataDir, 'plan.json')], { 'plan.make': make });
    expect([written.status, written.stdout]).toEqual([0, '']);
  });

  test('a wish with a wrong key or broken YAML is refused where it stands', async () => {
    const wish = join(dataDir, 'wish.yaml');
    await writeFile(wish, 'pools:\n  - name: app\n    members:\n      - { name: m1, weigth: 3 }\n');
    expect((await run(['plan', 'a', wish], {})).stderr).toMatch(/wish\.yaml:4:9: pools\.0\.members\.0: .*weigth/);
    await writeFile(wish, 'pools: [\n');
    expect((await run(['plan', 'a', wish], {})).stderr).toMatch(/wish\.yaml:2:1: /);
    await writeFile(wish, 'pools: []\npools: []\n');
    expect((await run(['plan', 'a', wish], {})).stderr).toMatch(/wish\.yaml:2:1: .*unique/);
  });
});

describe('apply', () => {
  let file: string;
  let console: SmallConsole;
  let state: PushState;
  let decided: string[];
  let isStarted: boolean;
  const typed: (string | undefined)[] = [];

  function move(phase: PushPhase): PushState {
    state = { ...state, phase };
    console.tell('push', state);
    return state;
  }

  beforeEach(async () => {
    file = join(dataDir, 'plan.json');
    await writeFile(file, JSON.stringify(plan));
    typed.length = 0;
    decided = [];
    isStarted = false;
    state = { id: 'p1', device: 'a', plan, phase: 'running', steps: [], revertSteps: [], startedAt: plan.createdAt };
    console = openSmallConsole({
      ...openSecrets,
      'devices.list': () => Promise.resolve([device('a')]),
      'push.start': (input) => {
        typed.push(input.typed);
        isStarted = true;
        setTimeout(move, 5, 'waiting');
        return Promise.resolve(state);
      },
      'push.list': () => Promise.resolve(isStarted ? [state] : []),
      'push.keep': () => {
        decided.push('keep');
        return Promise.resolve(move('kept'));
      },
      'push.revert': () => {
        decided.push('revert');
        setTimeout(move, 5, 'reverted');
        return Promise.resolve(move('reverting'));
      },
    });
  });

  function applyPlan(words: readonly string[] = ['--yes'], tools: Partial<CliTools> = {}): Promise<CommandResult> {
    return runCommandLine(['apply', file, ...words, '--data', dataDir], { openConsole: give, ...tools });
  }
  function give(): Promise<SmallConsole> {
    return Promise.resolve(console);
  }

  test('waits for "confirm", which another process gives to this one over the local socket', async () => {
    const applied = applyPlan();
    await vi.waitFor(() => {
      expect(state.phase).toBe('waiting');
    });
    const openConsole = vi.fn();
    const confirmed = await runCommandLine(['confirm', 'a', '--data', dataDir], { openConsole });
    expect([confirmed.status, JSON.parse(confirmed.stdout)]).toMatchObject([0, { phase: 'kept', plan: 'abcdef' }]);
    expect(openConsole).not.toHaveBeenCalled();
    const { status, stdout, stderr } = await applied;
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { phase: 'kept' }]);
    expect(stderr.indexOf('socat - /s')).toBeLessThan(stderr.indexOf('Sent and verified'));
  });

  test('that nobody keeps is a failure', async () => {
    const applied = applyPlan();
    await vi.waitFor(() => {
      expect(state.phase).toBe('waiting');
    });
    move('reverted');
    expect((await applied).status).toBe(1);
  });

  test('interrupted while it waits takes the change back before it ends', async () => {
    const interrupt = new AbortController();
    const applied = applyPlan(['--yes'], { interrupted: interrupt.signal });
    await vi.waitFor(() => {
      expect(state.phase).toBe('waiting');
    });
    interrupt.abort();
    expect((await applied).status).toBe(1);
    expect([decided, state.phase]).toEqual([['revert'], 'reverted']);
  });

  test('on a locked device without --yes is refused where nobody can be asked, and nothing is sent', async () => {
    const { status, stderr } = await applyPlan([]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('LOCKED')]);
    expect(typed).toEqual([]);
  });

  test('asks a person to type the name, and hands on what was typed', async () => {
    const applied = applyPlan([], {
      terminal: {
        isInteractive: true,
        ask: () => Promise.resolve('a'),
        askSecret: () => Promise.resolve(''),
        say: () => undefined,
        write: () => Promise.resolve(),
      },
    });
    await vi.waitFor(() => {
      expect(state.phase).toBe('waiting');
    });
    move('kept');
    expect([(await applied).status, typed]).toEqual([0, ['a']]);
  });

  test('refuses a file that is no plan', async () => {
    await writeFile(file, JSON.stringify({ ...plan, basedOn: 'x' }));
    const { status, stderr } = await applyPlan();
    expect([status, stderr]).toEqual([1, expect.stringMatching(/plan\.json:1:\d+: basedOn/)]);
  });

  test('a command lets a change that a killed Steelyard left go back first, and says so', async () => {
    state = { ...state, phase: 'reverting' };
    isStarted = true;
    setTimeout(move, 20, 'reverted');
    const { status, stderr } = await runCommandLine(['devices', 'list', '--data', dataDir], { openConsole: give });
    expect([status, state.phase]).toEqual([0, 'reverted']);
    expect(stderr).toBe(
      'A change of "a" was left half way by a Steelyard that ended. That is put right first.\n"a" is as it was before that change.',
    );
  });

  test('rollback takes back the change that waits', async () => {
    state = { ...state, phase: 'waiting' };
    isStarted = true;
    const { status } = await runCommandLine(['rollback', 'a', '--data', dataDir], { openConsole: give });
    expect([status, decided]).toEqual([0, ['revert']]);
  });
});

describe('history', () => {
  test('lists versions, shows the files of one, and brings one back as a plan', async () => {
    const version = { id: 3, at: plan.createdAt, fingerprint, why: 'read', who: 'poll', isCurrent: true };
    const handlers: Partial<Handlers> = {
      'history.list': () => Promise.resolve([version]),
      'history.show': ({ version: id }) => Promise.resolve([{ path: 'haproxy.cfg', text: `version ${id}` }]),
      'history.diff': ({ version: id, against }) =>
        Promise.resolve({
          version: { ...version, id },
          changes: [`${id} against ${against ?? 'the one before'}`],
          files: [],
        }),
      'history.plan': ({ version: id }) => Promise.resolve({ ...plan, why: `back to ${id ?? '?'}` }),
      'push.list': () => Promise.resolve([]),
    };
    expect(JSON.parse((await run(['history', 'a'], handlers)).stdout)).toEqual([version]);
    expect((await run(['history', 'a', '3'], handlers)).stdout).toContain('version 3');
    expect((await run(['history', 'a', '--diff'], handlers)).stdout).toContain('3 against the one before');
    expect((await run(['history', 'a', '2', '--against', '1'], handlers)).stdout).toContain('2 against 1');
    const out = join(dataDir, 'back', 'plan.json');
    await mkdir(join(dataDir, 'back'));
    expect((await run(['rollback', 'a', '3', '--out', out], handlers)).status).toBe(0);
  });
});
