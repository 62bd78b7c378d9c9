import { z } from 'zod';
import {
  type AnswerMessage,
  type CallContext,
  callMessageSchema,
  type CallName,
  calls,
  type Handlers,
} from './contract/api.ts';
import { AppError, type Outcome, toProblem } from './contract/errors.ts';

/** Told of what no one foresaw, with its stack, which never leaves the process. */
export type Report = (error: unknown, call: CallName) => void;

/** Answers one message of a window, browser or command; never throws. What has no readable `id` is answered under -1. */
export async function answerMessage(
  handlers: Handlers,
  message: unknown,
  context: CallContext,
  report: Report,
): Promise<AnswerMessage> {
  const parsed = callMessageSchema.safeParse(message);
  if (!parsed.success) return { id: idOf(message), outcome: refused('The message', parsed.error) };
  const { id, call, input } = parsed.data;
  return { id, outcome: await dispatch(handlers, call, input, context, report) };
}

/** The one place where a call from outside is checked against the contract and reaches its handler; never throws. */
export async function dispatch(
  handlers: Handlers,
  call: CallName,
  input: unknown,
  context: CallContext,
  report: Report,
): Promise<Outcome<unknown>> {
  const parsed = calls[call].input.safeParse(input);
  if (!parsed.success) return refused(`The input of ${call}`, parsed.error);
  // The schema of the same name has just made it what this handler takes; TypeScript cannot tie the two names together.
  const handler = handlers[call] as (input: unknown, context: CallContext) => Promise<unknown>;
  try {
    return { ok: true, value: await handler(parsed.data, context) };
  } catch (error) {
    if (!(error instanceof AppError)) report(error, call);
    return { ok: false, problem: toProblem(error) };
  }
}

/** Names places and rules, never the values: one of them may be a secret. */
function refused(subject: string, error: z.ZodError): Outcome<never> {
  const issues = error.issues.slice(0, 5).map(({ path, message }) => {
    return path.length === 0 ? message : `${path.join('.')}: ${message}`;
  });
  const more = error.issues.length > 5 ? `; and ${error.issues.length - 5} more` : '';
  const detail = `${subject} does not fit the contract: ${issues.join('; ')}${more}. Nothing was done.`;
  return { ok: false, problem: new AppError('INPUT_INVALID', detail).toProblem() };
}

function idOf(message: unknown): number {
  const id = z.looseObject({ id: z.number().int() }).safeParse(message);
  return id.success ? id.data.id : -1;
}
