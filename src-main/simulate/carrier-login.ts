import type { Carrier } from './carrier.ts';
import type { ExecCall, Login, LoginShell, ShellAnswer } from './login.ts';

/** The same command line, whose answers come when what was said is in force, and show the counters of now. */
export function carriedLogin(login: Login, carrier: Carrier | undefined): Login {
  if (carrier === undefined) return login;
  return {
    ...login,
    exec: (call) => runSettled(login, call, carrier),
    shell: (terminal) => settledShell(login.shell(terminal), carrier),
  };
}

async function runSettled(login: Login, call: ExecCall, { refresh, settle }: Carrier): Promise<number> {
  let said: Promise<void> = Promise.resolve();
  function later(say: (text: string) => void): (text: string) => void {
    return (text) => {
      said = said.then(settle).then(() => {
        say(text);
      });
    };
  }
  await refresh();
  const status = await login.exec({ ...call, out: later(call.out), error: later(call.error) });
  await said.then(settle);
  return status;
}

function settledShell(shell: LoginShell, { refresh, settle }: Carrier): LoginShell {
  function settled(answer: ShellAnswer): ShellAnswer {
    const { question } = answer;
    if (question === undefined) return answer;
    return { ...answer, question: { ...question, answer: (given) => act(() => question.answer(given)) } };
  }
  async function act(work: () => ShellAnswer | Promise<ShellAnswer>): Promise<ShellAnswer> {
    await refresh();
    const answer = settled(await work());
    await settle();
    return answer;
  }
  return { ...shell, enter: (line) => act(() => shell.enter(line)) };
}
