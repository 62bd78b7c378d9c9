import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, CallInput, CallName, CallOutput } from '../contract/api.ts';
import type { Console, EventListener } from '../contract/console.ts';
import { AppError, type Outcome } from '../contract/errors.ts';
import { dispatch, type Report } from '../dispatch.ts';
import { connectConsole } from '../local/connect.ts';
import { offerLocal } from '../local/offer.ts';
import type { Arguments } from './arguments.ts';
import type { CliTools } from './command.ts';
import { finishLeft } from './left.ts';
import { answerQuestions } from './questions.ts';
import { readSecret } from './secrets.ts';

/** The console as a command uses it: calls that throw `AppError`, and events. */
export interface Session {
  readonly call: <K extends CallName>(name: K, input: CallInput<K>) => Promise<CallOutput<K>>;
  readonly onEvent: (listener: EventListener) => () => void;
}
interface OpenSession extends Session {
  /** False where another process owns the data directory. */
  readonly isOwn: boolean;
  readonly close: () => Promise<void>;
}

const untriedWords =
  'this kind of device was never tried as a real one, it is written from manuals. Look twice at what a plan shows.';

/** How long a command waits for another short one that owns the data directory and has no socket open (yet, or any more). */
const patienceMs = 10_000;

/**
 * Runs `work` with the console of the data directory: its owner's where there is one, else one of this process, which other commands
 * can then use as well (`confirm` beside `apply`).
 */
export async function withConsole<T>(
  given: Arguments,
  tools: CliTools,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withPatientConsole(given, tools, (session) => Promise.race([work(session), untilInterrupted(tools)]));
}

/** The same for work that looks at `tools.interrupted` itself and ends in its own way. */
export async function withPatientConsole<T>(
  given: Arguments,
  tools: CliTools,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(given.text('data') ?? tools.defaultDataDir, tools);
  try {
    await unlockSecrets(session, tools);
    const said = sayingUntried(session, tools);
    const stopAnswering = session.isOwn ? answerIn(session, tools) : () => undefined;
    if (session.isOwn) await finishLeft(() => session.call('push.list', {}), tools);
    return await work(said).finally(stopAnswering);
  } finally {
    await session.close();
  }
}

/** The session that says once of each device that a command is about whether its kind was never tried on a real one. */
function sayingUntried(session: Session, { terminal }: Pick<CliTools, 'terminal'>): Session {
  const told = new Set<string>();
  async function tell(device: string): Promise<void> {
    if (told.has(device)) return;
    told.add(device);
    const state = (await session.call('devices.list', {})).find(({ spec }) => spec.name === device);
    if (state?.isUntried === true) terminal.say(`"${device}": ${untriedWords}`);
  }
  return {
    ...session,
    call: async (name, input) => {
      const device = deviceOf(input);
      if (device !== undefined) await tell(device);
      return session.call(name, input);
    },
  };
}

/** The device that a call is about, by itself or in a plan. */
function deviceOf(input: object): string | undefined {
  if ('plan' in input && typeof input.plan === 'object' && input.plan !== null) return deviceOf(input.plan);
  return 'device' in input && typeof input.device === 'string' ? input.device : undefined;
}

/** A problem that crossed a process boundary as the error it was. */
export function unwrap(outcome: Outcome<unknown>): unknown {
  if (outcome.ok) return outcome.value;
  const { code, detail, raw } = outcome.problem;
  throw new AppError(code, detail, raw === undefined ? {} : { raw });
}

/** Says on the terminal what no one foresaw, with its stack. */
export function reportTo(tools: Pick<CliTools, 'terminal'>): Report {
  return (error, call) => {
    tools.terminal.say(`${call}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
}

async function openSession(dataDir: string, tools: CliTools): Promise<OpenSession> {
  const deadline = AbortSignal.any([AbortSignal.timeout(patienceMs), tools.interrupted]);
  for (;;) {
    const remote = await connectConsole(dataDir);
    if (remote !== undefined) {
      return {
        isOwn: false,
        call: typed(remote.call),
        onEvent: remote.onEvent,
        close: () => {
          remote.close();
          return Promise.resolve();
        },
      };
    }
    try {
      const own = await tools.openConsole({ dataDir, shell: 'cli' });
      return await joinOwn(own, dataDir, tools);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'STORE_BUSY' || deadline.aborted) throw error;
      await sleep(100);
    }
  }
}

async function joinOwn(own: Console, dataDir: string, tools: CliTools): Promise<OpenSession> {
  const context = { client: 'command', shell: 'cli' } as const;
  const report = reportTo(tools);
  try {
    const offer = await offerLocal(own, dataDir, report);
    return {
      isOwn: true,
      call: callsOf(own, context, report),
      onEvent: (listener) => own.onEvent(context.client, listener),
      close: async () => {
        await offer.close();
        own.dropClient(context.client);
        await own.close();
      },
    };
  } catch (error) {
    await own.close();
    throw error;
  }
}

type RawCall = (name: CallName, input: unknown) => Promise<Outcome<unknown>>;

/** The calls of a console of this process, checked like those from outside. */
export function callsOf(console: Console, context: CallContext, report: Report): Session['call'] {
  return typed((name, input) => dispatch(console.handlers, name, input, context, report));
}

function typed(call: RawCall): Session['call'] {
  return async <K extends CallName>(name: K, input: CallInput<K>) => {
    return unwrap(await call(name, input)) as CallOutput<K>; // the console answers each call with the contract's own type
  };
}

/** Ends a command's waiting; what was asked for goes on, or is taken back by the console's own rules. */
function untilInterrupted({ interrupted }: CliTools): Promise<never> {
  return new Promise((_, reject) => {
    function end(): void {
      reject(new AppError('CANCELLED', 'The command was interrupted.'));
    }
    if (interrupted.aborted) end();
    else interrupted.addEventListener('abort', end);
  });
}

function answerIn({ call, onEvent }: Session, tools: CliTools): () => void {
  return answerQuestions({ onEvent, answer: (id, answers) => call('questions.answer', { id, answers }) }, tools);
}

/** Opens the sealed secrets where the passphrase was given; a person is asked, a script without one goes on with what needs none. */
async function unlockSecrets({ call }: Session, tools: CliTools): Promise<void> {
  if (await unlockFromEnvironment(call, tools.env)) return;
  if (tools.terminal.isInteractive) {
    await call('secrets.unlock', {
      passphrase: await tools.terminal.askSecret('Passphrase of the stored secrets: '),
    });
  } else tools.terminal.say('The stored secrets are locked: give STEELYARD_PASSPHRASE_FILE to use them.');
}

/** Whether the stored secrets are open, after a try with the environment's passphrase. */
export async function unlockFromEnvironment(call: Session['call'], env: CliTools['env']): Promise<boolean> {
  const { secrets } = await call('app.info', {});
  if (!secrets.isLocked) return true;
  const passphrase = await readSecret('STEELYARD_PASSPHRASE', env);
  if (passphrase === undefined) return false;
  await call('secrets.unlock', { passphrase });
  return true;
}
