import { AppError } from '../contract/errors.ts';
import { sudoAsking, sudoPrompt } from '../contract/sudo.ts';
import type { ExecResult, HostSession } from './transport.ts';

/**
 * A session that answers sudo where a command asks it to ask (`sudoAsking`): the password goes over the command's standard input and stands
 * in no argument, log or answer. Throws AUTH_FAILED where there is none, and where sudo does not take it.
 */
export function answeringSudo(session: HostSession, password: () => Promise<string | undefined>): HostSession {
  return {
    readFile: (path, options) => session.readFile(path, options),
    request: (path, text, options) => session.request(path, text, options),
    isOpen: () => session.isOpen(),
    close: () => {
      session.close();
    },
    exec: async (command, options) => {
      if (!command.startsWith(`${sudoAsking} `)) return session.exec(command, options);
      const known = await password();
      if (known === undefined) {
        const remedy = 'store it with the device (the field of the wizard, or --ask-sudo-password)';
        throw new AppError('AUTH_FAILED', `sudo on the host asks for a password, and none is stored: ${remedy}.`);
      }
      const stdin = Buffer.concat([Buffer.from(`${known}\n`), options?.stdin ?? Buffer.alloc(0)]);
      const result = await session.exec(command, { ...options, stdin });
      refuse(result);
      return { ...result, stderr: withoutPrompt(result.stderr) };
    },
  };
}

/** sudo says no before anything runs: 'Sorry, try again.', 'sudo: 1 incorrect password attempt' (1.9). */
function refuse({ code, stderr }: ExecResult): void {
  const words = stderr.toString();
  if (code === 1 && words.includes('not in the sudoers file')) {
    const detail = 'The account may not use sudo on the host. Nothing was run.';
    throw new AppError('PERMISSION_DENIED', detail, { raw: words.replaceAll(sudoPrompt, '').trim() });
  }
  if (code !== 1 || !words.startsWith(sudoPrompt) || !/^sudo: \d+ incorrect password attempt/m.test(words)) return;
  const raw = words.replaceAll(sudoPrompt, '').trim();
  throw new AppError('AUTH_FAILED', 'sudo on the host did not take the password. Nothing was run.', { raw });
}

function withoutPrompt(stderr: Buffer): Buffer {
  const prompt = Buffer.from(sudoPrompt);
  return stderr.subarray(0, prompt.length).equals(prompt) ? stderr.subarray(prompt.length) : stderr;
}
