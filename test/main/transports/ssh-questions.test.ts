import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthContext } from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { Questions } from '../../../src-main/console/questions.ts';
import type { SignInQuestion } from '../../../src-main/contract/api.ts';
import { openSsh } from '../../../src-main/transports/ssh-connect.ts';
import type { SshCredentials } from '../../../src-main/transports/ssh-options.ts';
import { type Fake, startFakeSsh } from '../../rigs/fake-ssh.ts';
import { openCalledConsole } from '../../rigs/console-calls.ts';

type KeyboardContext = Extract<AuthContext, { method: 'keyboard-interactive' }>;
const password = { prompt: '(ops@lb1) Password: ', echo: false };
const code = [
  { prompt: 'Verification code: ', echo: true },
  { prompt: 'PIN:\u0007 ', echo: false },
];

/** A server with two rounds, as a PAM stack of a password and a one-time code asks them. */
async function start(): Promise<Fake> {
  const fake = await startFakeSsh({
    onAuthentication: (context) => {
      if (context.method !== 'keyboard-interactive') {
        context.reject(['keyboard-interactive']);
        return;
      }
      askRounds(context);
    },
    onExec: (_, channel) => {
      channel.exit(0);
      channel.end();
    },
  });
  opened.push(fake);
  return fake;
}
function askRounds(context: KeyboardContext): void {
  context.prompt([password], 'Sign in', 'with your token', (first) => {
    if (first[0] !== 'right') {
      context.reject(['keyboard-interactive']);
      return;
    }
    context.prompt(code, 'Second step', '', (second) => {
      if (second.join(' ') === '123456 42') context.accept();
      else context.reject(['keyboard-interactive']);
    });
  });
}
const opened: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

describe('a server that asks questions', () => {
  function credentialsOf(answers: readonly string[], asked: unknown[], more: SshCredentials = {}): SshCredentials {
    return {
      ...more,
      ask: (round) => {
        asked.push(round);
        return Promise.resolve(answers);
      },
    };
  }

  test('gets the known password, and a person the rest in its own words, without control characters', async () => {
    const fake = await start();
    const asked: unknown[] = [];
    const session = await openSsh(
      fake.options({ credentials: credentialsOf(['123456', '42'], asked, { password: 'right' }) }),
    );
    session.close();
    expect(asked).toEqual([
      {
        title: 'Second step',
        instructions: '',
        prompts: [
          { text: 'Verification code:', isHidden: false },
          { text: 'PIN:', isHidden: true },
        ],
      },
    ]);
  });

  test('and is answered wrongly refuses', async () => {
    const fake = await start();
    const wrong = openSsh(fake.options({ credentials: credentialsOf(['000000', '42'], [], { password: 'right' }) }));
    await expect(wrong).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      detail: expect.stringContaining('the answers to its questions was refused') as string,
    });
  });

  test('with nobody there to answer is told with its question', async () => {
    const fake = await start();
    await expect(openSsh(fake.options({ credentials: { password: 'right' } }))).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      detail: expect.stringContaining('the server asks "Verification code:", "PIN:", and nobody is there') as string,
    });
  });

  test('waits for a person longer than for a server', async () => {
    const fake = await start();
    const credentials: SshCredentials = {
      password: 'right',
      ask: () => new Promise((resolve) => setTimeout(resolve, 3500, ['123456', '42'])),
    };
    const session = await openSsh(fake.options({ credentials, timeouts: { authenticationMs: 3000 } }));
    session.close();
  });

  test('is answered through the contract, by whoever is first', async () => {
    const fake = await start();
    const dataDir = mkdtempSync(join(tmpdir(), 'steelyard-questions-'));
    const { knownHosts } = fake.options();
    const called = await openCalledConsole(dataDir);
    opened.push({
      close: async () => {
        await called.console.close();
        rmSync(dataDir, { recursive: true, force: true });
      },
    });
    writeFileSync(join(dataDir, 'known_hosts'), readFileSync(knownHosts.own));
    const seen: SignInQuestion[] = [];
    called.console.onEvent('window', (name, data) => {
      if (name !== 'questions') return;
      const [question] = data as readonly SignInQuestion[]; // the name says so
      if (question === undefined) return;
      seen.push(question);
      void called.call('questions.answer', { id: question.id, answers: ['123456', '42'] });
    });
    const report = await called.call('devices.test', {
      testId: 't',
      address: `haproxy+ssh://ops@127.0.0.1:${fake.port}?agent=0`,
      credentials: { password: 'right' },
    });
    expect(report.steps.find(({ id }) => id === 'authentication')).toMatchObject({ state: 'done' });
    expect(seen.map(({ where, title }) => [where, title])).toEqual([['ops@127.0.0.1', 'Second step']]);
    expect(await called.call('questions.list', {})).toEqual([]);
    expect(() => called.call('questions.answer', { id: seen[0]?.id ?? '', answers: [] })).toThrow(/answered already/);
  });
});

describe('questions to a person', () => {
  const round = { title: '', instructions: '', prompts: [{ text: 'Code:', isHidden: true }] };

  test('are not asked where nobody listens', async () => {
    const questions = new Questions(
      () => false,
      () => undefined,
    );
    await expect(questions.ask('ops@lb1', round, new AbortController().signal)).rejects.toMatchObject({
      code: 'AUTH_FAILED',
    });
  });

  test('go away with the connection that asked, and take as many answers as there are prompts', async () => {
    const told: number[] = [];
    const questions = new Questions(
      () => true,
      (open) => told.push(open.length),
    );
    const over = new AbortController();
    const asked = questions.ask('ops@lb1', round, over.signal);
    const [first] = questions.list();
    expect(() => {
      questions.answer(first?.id ?? '', ['a', 'b']);
    }).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
    over.abort();
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(told).toEqual([1, 0]);
  });
});
