import type { SignInQuestion } from '../contract/api.ts';
import type { EventListener } from '../contract/console.ts';
import type { CliTools } from './command.ts';

interface Asking {
  readonly onEvent: (listener: EventListener) => () => void;
  readonly answer: (id: string, answers: string[]) => Promise<unknown>;
}

/**
 * Puts what servers ask while signing in to the person at the terminal, one question after another; without one nobody is there to answer,
 * which the console then says. The answer stops it.
 */
export function answerQuestions({ onEvent, answer }: Asking, { terminal }: Pick<CliTools, 'terminal'>): () => void {
  if (!terminal.isInteractive) return () => undefined;
  const asked = new Set<string>();
  let last = Promise.resolve();
  return onEvent((name, data) => {
    if (name !== 'questions') return;
    // The name says so.
    for (const question of data as readonly SignInQuestion[]) {
      if (asked.has(question.id)) continue;
      asked.add(question.id);
      last = last.then(() => put(question));
    }
  });

  async function put({ id, where, title, instructions, prompts }: SignInQuestion): Promise<void> {
    terminal.say([where, title, instructions].filter((part) => part !== '').join(': '));
    const answers: string[] = [];
    for (const { text, isHidden } of prompts) {
      answers.push(await (isHidden ? terminal.askSecret(`${text} `) : terminal.ask(`${text} `)));
    }
    // It may be over by now: what waited for it says so.
    await answer(id, answers).catch(() => undefined);
  }
}
