import { Agent } from 'node:https';
import acme from 'acme-client';
import axios, { AxiosError, type AxiosAdapter } from 'axios';
import type { AcmeOrder, FromOrder, ToOrder } from './messages.ts';

/**
 * The process of one order: talks to the authority, ends when it has a certificate or a reason why not. It is a process so
 * that what it trusts, waits for and holds in memory ends with it, and nothing of it reaches the supervisor.
 */

const answers = new Map<string, string>();
const waiting: (() => void)[] = [];

process.on('disconnect', () => {
  process.exit(0);
});
// The channel carries what order.ts sends.
process.on('message', (message: ToOrder) => {
  if (message.type === 'answering') waiting.shift()?.();
  else void run(message.order);
});

async function run(order: AcmeOrder): Promise<void> {
  try {
    end({ type: 'issued', chain: await issue(order) });
  } catch (error) {
    end({ type: 'failed', reason: reasonOf(error) });
  }
}

async function issue({ directory, email, names, authorities, accountKey, key }: AcmeOrder): Promise<string> {
  const { defaults } = acme.axios;
  defaults.timeout = 30_000;
  if (authorities !== '') defaults.httpsAgent = new Agent({ ca: authorities });
  defaults.adapter = toAuthority;
  // The keeper waits longer and longer between orders: a request is not repeated besides. The types lack the member.
  (defaults as { acmeSettings?: { retryMaxAttempts: number } }).acmeSettings = { retryMaxAttempts: 0 };
  const client = new acme.Client({
    directoryUrl: directory,
    accountKey,
    backoffAttempts: 30,
    backoffMin: 250,
    backoffMax: 5000,
  });
  const [, csr] = await acme.crypto.createCsr({ commonName: names[0] ?? '', altNames: [...names] }, key);
  return client.auto({
    csr,
    email,
    termsOfServiceAgreed: true,
    challengePriority: ['http-01'],
    // It would ask for the name from here, where it may lead elsewhere: the authority's own look is what counts.
    skipChallengeVerification: true,
    challengeCreateFn: (_authorization, challenge, keyAuthorization) => {
      // Its type has tokens for the kinds that have one: http-01 does.
      if (challenge.type !== 'http-01') throw new Error(`the authority offers no http-01 challenge`);
      answers.set(challenge.token, keyAuthorization);
      return tellAnswers();
    },
    challengeRemoveFn: (_authorization, challenge) => {
      answers.delete(challenge.token);
      return tellAnswers();
    },
  });
}

const overHttp = axios.getAdapter('http');

/**
 * What has no response is thrown as a plain error: acme-client 5.4 takes an axios error for one that has (its interceptor of
 * responses), and would only say that it read a property of undefined.
 */
async function toAuthority(config: Parameters<AxiosAdapter>[0]): ReturnType<AxiosAdapter> {
  try {
    return await overHttp(config);
  } catch (error) {
    if (error instanceof AxiosError && error.response === undefined) throw new Error(reasonOf(error), { cause: error });
    throw error;
  }
}

/** Resolves when every worker knows. */
function tellAnswers(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    tell({ type: 'answers', answers: Object.fromEntries(answers) });
  });
}

/** The authority's own words, or the system's. Several addresses that were tried come as one error without any. */
function reasonOf(error: unknown): string {
  const causes = error instanceof AggregateError ? error.errors : [error];
  const words = causes.map((cause) =>
    cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : String(cause),
  );
  return words.join('; ').slice(0, 1000);
}

function end(message: FromOrder): void {
  process.send?.(message, undefined, undefined, () => {
    process.exit(0);
  });
}

function tell(message: FromOrder): void {
  process.send?.(message);
}
