import { randomUUID } from 'node:crypto';
import type { SignInQuestion } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import type { SignInRound } from '../transports/ssh-options.ts';

interface Open {
  readonly question: SignInQuestion;
  readonly answer: (answers: readonly string[]) => void;
}

/** What servers ask of a person while a session signs in; every client sees all of it, and the first answer counts. */
export class Questions {
  readonly #open = new Map<string, Open>();
  readonly #isAnybodyThere: () => boolean;
  readonly #onChange: (questions: readonly SignInQuestion[]) => void;

  constructor(isAnybodyThere: () => boolean, onChange: (questions: readonly SignInQuestion[]) => void) {
    this.#isAnybodyThere = isAnybodyThere;
    this.#onChange = onChange;
  }

  list(): readonly SignInQuestion[] {
    return [...this.#open.values()].map(({ question }) => question);
  }

  /** Fulfilled with one answer for each prompt; rejected as the signal aborts, and at once where no client is there to be asked. */
  ask(where: string, round: SignInRound, signal: AbortSignal): Promise<readonly string[]> {
    if (!this.#isAnybodyThere()) {
      return Promise.reject(new AppError('AUTH_FAILED', `${where} asks a question, and nobody is there to answer it.`));
    }
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const close = () => {
        this.#open.delete(id);
        signal.removeEventListener('abort', onAbort);
        this.#onChange(this.list());
      };
      function onAbort(): void {
        close();
        reject(new AppError('CANCELLED', `${where} no longer waits for an answer.`));
      }
      signal.addEventListener('abort', onAbort, { once: true });
      this.#open.set(id, {
        question: { id, where, ...round },
        answer: (answers) => {
          close();
          resolve(answers);
        },
      });
      this.#onChange(this.list());
    });
  }

  /** Throws NOT_FOUND where it is answered or over, INPUT_INVALID where the answers do not fit the prompts. */
  answer(id: string, answers: readonly string[]): void {
    const open = this.#open.get(id);
    if (open === undefined) throw new AppError('NOT_FOUND', 'That question is answered already, or over.');
    const wanted = open.question.prompts.length;
    if (answers.length !== wanted) {
      throw new AppError('INPUT_INVALID', `${wanted} answers are asked for, ${answers.length} were given.`);
    }
    open.answer(answers);
  }
}
