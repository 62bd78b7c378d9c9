import type { DeviceModel, Member, Monitor } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import type { RunningServer } from './runtime.ts';
import type { AcceptedState } from './standing.ts';

/** A line for HAProxy's socket that moves a check or an agent, and the one that moves it back. */
export interface MovedCheck {
  readonly line: string;
  readonly backLine: string;
  readonly becomes: AcceptedState;
  readonly was: AcceptedState;
}

/** True for a change of where a check or an agent goes, or of what an agent is sent: a running process can be told of no other. */
export function isOfRunningCheck({ action, subject, key }: Change): boolean {
  if (subject.kind !== 'monitor' || action !== 'update') return false;
  return key === 'port' || key === 'address' || (key === 'send' && /\/agent(-\d+)?$/.test(subject.path[0] ?? ''));
}

/** What an address or a word to send may be made of on the socket, whose own escapes are another version's matter. */
const plainWord = /^[A-Za-z0-9_.:-]+$/;
const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;

/**
 * The lines that move the check and the agent of one server to where `target` has them (management.txt 9.3, "set server ...
 * check-port, check-addr, agent-port, agent-addr, agent-send"; tried with 2.6), or the sentence on why only a reload can. What the file
 * did not say before goes back to the server's own address and port.
 */
export function moveChecks(
  base: DeviceModel,
  target: DeviceModel,
  pool: string,
  member: Member,
  now: RunningServer,
): readonly MovedCheck[] | { readonly why: string } {
  const who = `${pool}/${member.name}`;
  const sent: MovedCheck[] = [];
  for (const kind of ['check', 'agent'] as const) {
    const [was, then] = [base, target].map((model) => monitorOf(model, pool, member.name, kind));
    if (was === undefined || then === undefined) continue;
    if (was.port === then.port && was.address === then.address && was.send === then.send) continue;
    const known = kind === 'check' ? now.check : now.agent;
    if (known === undefined) return { why: `This version of HAProxy does not tell where ${who} is checked.` };
    const own = { port: kind === 'check' ? member.port : undefined, address: member.address };
    const port = moved(who, kind, 'port', was.port, then.port, known.port === 0 ? own.port : known.port);
    const place = moved(
      who,
      kind,
      'addr',
      was.address,
      then.address,
      known.address === '-' ? own.address : known.address,
    );
    const words = kind === 'agent' ? moved(who, kind, 'send', was.send, then.send, was.send) : [];
    for (const each of [port, place, words]) {
      if ('why' in each) return each;
      sent.push(...each);
    }
  }
  return sent;
}

function monitorOf(model: DeviceModel, pool: string, member: string, kind: 'check' | 'agent'): Monitor | undefined {
  const found = model.pools.find(({ name }) => name === pool);
  const names = [...(found?.monitors ?? []), ...(found?.members.find(({ name }) => name === member)?.monitors ?? [])];
  return model.monitors.find(({ name, type }) => names.includes(name) && (type === 'agent') === (kind === 'agent'));
}

function moved(
  who: string,
  kind: 'check' | 'agent',
  what: 'port' | 'addr' | 'send',
  was: string | number | undefined,
  then: string | number | undefined,
  back: string | number | undefined,
): readonly MovedCheck[] | { readonly why: string } {
  if (was === then) return [];
  const [value, old] = [String(then ?? ''), String(back ?? '')];
  const isSayable = [value, old].every((text) => (what === 'addr' ? address.test(text) : plainWord.test(text)));
  if (!isSayable)
    return { why: `The ${what} of ${who}'s ${kind} cannot be changed and changed back on HAProxy's socket.` };
  return [
    {
      line: `set server ${who} ${kind}-${what} ${value}`,
      backLine: `set server ${who} ${kind}-${what} ${old}`,
      becomes: stateOf(kind, what, value),
      was: stateOf(kind, what, old),
    },
  ];
}

/** HAProxy does not tell what an agent is sent. */
function stateOf(kind: 'check' | 'agent', what: 'port' | 'addr' | 'send', value: string): AcceptedState {
  if (what === 'port') return kind === 'check' ? { checkPort: Number(value) } : { agentPort: Number(value) };
  if (what === 'send') return {};
  return kind === 'check' ? { checkAddress: value } : { agentAddress: value };
}
