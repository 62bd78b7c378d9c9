import type { KeyboardInteractiveAuthMethod } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import type { SshCredentials } from './ssh-options.ts';

/** What a prompt looks like that wants the account's own password: PAM's "Password: ", sshd's "(user@host) Password: ". */
const asksForPassword = /\b(password|passwort|kennwort|mot de passe|contraseña)\b[^:]*:\s*$/i;

export interface QuestionsTools {
  readonly user: string;
  readonly credentials: Pick<SshCredentials, 'password' | 'ask'>;
  /** Ends with what aborts it: the connection is gone or given up. */
  readonly signal: AbortSignal;
  /** True while a person is asked. */
  readonly onAsking: (isAsking: boolean) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Keyboard-interactive (RFC 4256): rounds of questions. A round that wants the account's password alone gets the known one, once; all else
 * is for a person, with the server's own words.
 */
export function questionsMethod({
  user,
  credentials,
  signal,
  onAsking,
  onFailure,
}: QuestionsTools): KeyboardInteractiveAuthMethod {
  let isPasswordGiven = false;
  return {
    type: 'keyboard-interactive',
    username: user,
    prompt: (name, instructions, _language, prompts, finish) => {
      if (prompts.length === 0) {
        finish([]);
        return;
      }
      const [first] = prompts;
      const isPassword = prompts.length === 1 && first?.echo !== true && asksForPassword.test(first?.prompt ?? '');
      if (isPassword && !isPasswordGiven && credentials.password !== undefined) {
        isPasswordGiven = true;
        finish([credentials.password]);
        return;
      }
      const shown = prompts.map(({ prompt, echo }) => ({ text: clean(prompt), isHidden: echo !== true }));
      const { ask } = credentials;
      if (ask === undefined) {
        const words = shown.map(({ text }) => `"${text}"`).join(', ');
        onFailure(new AppError('AUTH_FAILED', `the server asks ${words}, and nobody is there to answer`));
        return;
      }
      onAsking(true);
      ask({ title: clean(name), instructions: clean(instructions), prompts: shown }, signal).then(
        (answers) => {
          onAsking(false);
          finish([...answers]);
        },
        (error: unknown) => {
          onAsking(false);
          onFailure(error);
        },
      );
    },
  };
}

/** RFC 4256, 3.2: control characters are not for the screen. */
function clean(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 1000);
}
