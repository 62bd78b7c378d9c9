import { expect, test } from 'vitest';
import { answerQuestions } from '../../../src-main/cli/questions.ts';
import type { EventListener } from '../../../src-main/contract/console.ts';

const question = {
  id: 'q1',
  where: 'ops@lb1',
  title: 'Second step',
  instructions: '',
  prompts: [
    { text: 'Code:', isHidden: false },
    { text: 'PIN:', isHidden: true },
  ],
};

function open(isInteractive: boolean) {
  const said: string[] = [];
  const answered: unknown[] = [];
  const done = Promise.withResolvers<undefined>();
  let tell: EventListener | undefined;
  const stop = answerQuestions(
    {
      onEvent: (listener) => {
        tell = listener;
        return () => (tell = undefined);
      },
      answer: (id, answers) => {
        answered.push([id, answers]);
        done.resolve(undefined);
        return Promise.resolve();
      },
    },
    {
      terminal: {
        isInteractive,
        write: () => Promise.resolve(),
        say: (message) => said.push(message),
        ask: (text) => Promise.resolve(`seen ${text}`),
        askSecret: (text) => Promise.resolve(`hidden ${text}`),
      },
    },
  );
  return { said, answered, done: done.promise, stop, tell: (...event: Parameters<EventListener>) => tell?.(...event) };
}

test('what a server asks is put to the person at the terminal once, hidden answers without echo', async () => {
  const { said, answered, done, tell } = open(true);
  tell('questions', [question]);
  tell('questions', [question]);
  await done;
  expect(said).toEqual(['ops@lb1: Second step']);
  expect(answered).toEqual([['q1', ['seen Code: ', 'hidden PIN: ']]]);
});

test('without a terminal nobody listens, so that the console can say so', () => {
  const { tell, said } = open(false);
  expect(tell('questions', [question])).toBeUndefined();
  expect(said).toEqual([]);
});
