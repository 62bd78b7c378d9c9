import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { entryBeside } from '../../entry.ts';
import { runAsNode } from '../run-as-node.ts';
import type { AcmeAnswers, AcmeOrder, FromOrder, ToOrder } from './messages.ts';

/** Authorities that take longer than this take too long. */
const longestOrderMs = 300_000;

export interface OrderOptions {
  /** Resolves when every worker gives these answers and no others. */
  readonly answer: (answers: AcmeAnswers) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Orders a certificate in a process of its own; answers it with its chain in PEM. Throws with the authority's reason. */
export function orderCertificate(order: AcmeOrder, { answer, signal }: OrderOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(longestOrderMs);
    const child = fork(fileURLToPath(entryBeside(import.meta.url, 'order')), [], {
      execArgv: [], // not what a debugger or test runner gave this process
      // Standard output belongs to the supervisor's JSON lines.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: runAsNode(),
      signal: AbortSignal.any([signal, late]),
      killSignal: 'SIGKILL',
    });
    let result: FromOrder = { type: 'failed', reason: 'the process of the order ended early' };
    function tell(message: ToOrder): void {
      if (child.connected) child.send(message, () => undefined);
    }
    child.on('message', (message) => {
      const said = message as FromOrder; // the channel carries what order.entry.ts sends
      if (said.type !== 'answers') result = said;
      else {
        answer(said.answers).then(
          () => {
            tell({ type: 'answering' });
          },
          (error: unknown) => {
            result = { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
            child.kill('SIGKILL');
          },
        );
      }
    });
    function finish(): void {
      if (result.type === 'issued') resolve(result.chain);
      else if (late.aborted) reject(new Error(`the authority took more than ${longestOrderMs / 60_000} minutes`));
      else reject(new Error(result.type === 'failed' ? result.reason : ''));
    }
    child.on('error', () => undefined); // 'close' follows
    child.on('close', () => {
      // What an order leaves behind is no answer to anything any more; workers that end meanwhile forget anyway.
      answer({}).then(finish, finish);
    });
    tell({ type: 'order', order });
  });
}
