import type { MonitorSettings } from '../config/settings.ts';
import { converse } from './dialogue.ts';
import { bytesOf, excerpt } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * HAProxy's agent-check (its configuration manual, 5.2): the agent at `port` is sent `send`, if any, and answers one line of words:
 * `up` `ready` `drain` `maint` `down` `failed` `stopped` `NN%`, what follows `#` is for people. What a line does not say stands as it
 * was. The percentage is that of the configured weight (`dynamic-ratio` goes by it; 0 % drains); an agent that does not answer says
 * nothing about its member: other monitors tell whether that lives.
 */
export const agentMonitor: MonitorKind = { type: 'agent', settings: ['send'], probe };

const maxLineBytes = 1024;

async function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const opening = bytesOf(settings.send);
  const verdict = await converse(
    {
      awaited: 'line of the agent',
      ...(opening === undefined || opening.length === 0 ? {} : { opening }),
      hear: (received) => {
        const end = received.indexOf('\n');
        if (end >= 0) return readAnswer(received.subarray(0, end));
        return received.length > maxLineBytes ? nothing(`too long a line: ${excerpt(received)}`) : undefined;
      },
      atEnd: (received) => (received.length === 0 ? undefined : readAnswer(received)),
    },
    target,
    settings.timeoutMs,
    signal,
  );
  return verdict.isPartial === true ? verdict : nothing(verdict.result);
}

/** What the words of a line ask for. The last of a kind counts; a line with a word that is none says nothing. */
export function readAnswer(bytes: Buffer): Verdict {
  const [words = ''] = bytes.toString('latin1').split('#', 1);
  let isPassing: boolean | undefined;
  const asked: { isDraining?: boolean; isStopping?: boolean; weightPercent?: number } = {};
  for (const word of words.toLowerCase().split(/[\s,]+/)) {
    if (word === '' || /^maxconn:\d+$/.test(word)) continue;
    const percent = /^(\d{1,5})%$/.exec(word)?.[1];
    if (percent !== undefined) {
      asked.weightPercent = Number(percent);
    } else if (word === 'up') isPassing = true;
    else if (word === 'down' || word === 'failed' || word === 'fail' || word === 'stopped') isPassing = false;
    else if (word === 'ready') Object.assign(asked, { isDraining: false, isStopping: false });
    else if (word === 'drain') Object.assign(asked, { isDraining: true, isStopping: false });
    else if (word === 'maint') Object.assign(asked, { isDraining: false, isStopping: true });
    else return nothing(`not the words of an agent: ${excerpt(bytes)}`);
  }
  if (isPassing === undefined && Object.keys(asked).length === 0) return nothing('an empty answer');
  const result = bytes
    .subarray(0, 200)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, ' ')
    .trim();
  return { isPassing: isPassing ?? true, saysNoHealth: isPassing === undefined, isPartial: true, result, ...asked };
}

function nothing(result: string): Verdict {
  return { isPassing: false, saysNoHealth: true, isPartial: true, result };
}
