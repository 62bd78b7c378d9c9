import type { DeviceAddress } from '../../contract/address.ts';
import type { Change, Command, Edit, Step } from '../../contract/plan.ts';
import { unifiedHunks } from '../hunks.ts';
import type { PlanDraft } from '../vendor.ts';
import { httpCommand, poolPath } from './command.ts';
import { fingerprintText, isPatchKey, memberValue } from './compare.ts';
import { applyChange, type Config, fieldsList, objectName } from './config.ts';

export const configPath = '/v1/config';

/** The configuration as people read and compare it, and as history keeps it. */
export function configText(config: Config): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

const passing =
  'The running engine changes, its file does not: a reload or restart of the engine goes back to what the file says.';

/** What the engine's plan is made of, whatever led to it. */
export interface Rewrite {
  readonly before: Config;
  readonly after: Config;
  readonly send: Command;
  readonly revert: Command;
  readonly title: string;
}

/**
 * One call brings an edit about, so that the engine is wholly old or wholly new at every instant: PATCH where one member gets another
 * weight, state or limit, POST where one member comes, else PUT of the whole configuration. A member goes by PUT as well: DELETE is
 * refused while the member has connections (409) or cuts them (`?force`), PUT lets them finish. The way back from POST is PUT for the same reason.
 */
export function planEdit(address: DeviceAddress, before: Config, edit: Edit): Rewrite {
  const changes = edit.changes.filter((change) => change.action !== 'no-op');
  const after = changes.reduce(applyChange, before);
  return (
    patchMember(address, before, after, changes) ??
    addMember(address, before, after, changes) ??
    replaceConfig(address, before, after, changes)
  );
}

/** The whole configuration, for what no smaller call can do. */
export function replaceConfig(
  address: DeviceAddress,
  before: Config,
  after: Config,
  changes: readonly Change[],
): Rewrite {
  const what = changes.length === 1 ? describe(changes[0]) : changes.length === 0 ? '' : `${changes.length} changes`;
  return {
    before,
    after,
    send: putConfig(address, after),
    revert: putConfig(address, before),
    title: `Replace the configuration${what === '' ? '' : ` (${what})`}`,
  };
}

function patchMember(
  address: DeviceAddress,
  before: Config,
  after: Config,
  changes: readonly Change[],
): Rewrite | undefined {
  const [pool, member, ...deeper] = changes[0]?.subject.path ?? [];
  if (pool === undefined || member === undefined || deeper.length > 0) return undefined;
  const keys = changes.map((change) => change.key).filter(isPatchKey);
  const isOne = changes.every(
    ({ action, subject }) =>
      action === 'update' && subject.kind === 'member' && subject.path[0] === pool && subject.path[1] === member,
  );
  if (!isOne || keys.length !== changes.length) return undefined;
  const path = poolPath(pool, 'members', member);
  const [old, now] = [findMember(before, pool, member), findMember(after, pool, member)];
  return {
    before,
    after,
    send: httpCommand(address, 'PATCH', path, JSON.stringify(valuesOf(now, keys))),
    revert: httpCommand(address, 'PATCH', path, JSON.stringify(valuesOf(old, keys))),
    title: `Set ${Object.entries(valuesOf(now, keys))
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(', ')} on ${pool}/${member}`,
  };
}

function addMember(
  address: DeviceAddress,
  before: Config,
  after: Config,
  changes: readonly Change[],
): Rewrite | undefined {
  const [change, ...others] = changes;
  if (change?.action !== 'create' || change.subject.kind !== 'member' || others.length > 0) return undefined;
  const [pool = '', member = ''] = change.subject.path;
  const body = JSON.stringify(findMember(after, pool, member));
  return {
    before,
    after,
    send: httpCommand(address, 'POST', poolPath(pool, 'members'), body),
    revert: putConfig(address, before),
    title: `Add ${member} to ${pool}`,
  };
}

function putConfig(address: DeviceAddress, config: Config): Command {
  return httpCommand(address, 'PUT', configPath, configText(config).trimEnd());
}

function findMember(config: Config, poolName: string, memberName: string): Config {
  const pool = fieldsList(config['pools']).find((one) => objectName(one) === poolName);
  return fieldsList(pool?.['members']).find((one) => objectName(one) === memberName) ?? {};
}

function valuesOf(member: Config, keys: readonly Parameters<typeof memberValue>[1][]): Config {
  return Object.fromEntries(keys.map((key) => [key, memberValue(member, key)]));
}

function describe(change: Change | undefined): string {
  if (!change) return '';
  const { kind, path } = change.subject;
  return `${change.action} ${kind} ${path.join('/')}${change.key === undefined ? '' : `, ${change.key}`}`;
}

/** The draft of a plan: nothing but calls to the admin interface, nothing lost, the engine goes on serving all the while. */
export function draftPlan(address: DeviceAddress, rewrite: Rewrite, sha256: (bytes: Uint8Array) => string): PlanDraft {
  const read = httpCommand(address, 'GET', configPath);
  const basedOn = sha256(Buffer.from(fingerprintText(rewrite.before)));
  const resultsIn = sha256(Buffer.from(fingerprintText(rewrite.after)));
  const isNothing = basedOn === resultsIn;
  const send: Step = {
    id: 'send',
    stage: 'send',
    title: rewrite.title,
    commands: [rewrite.send],
    isHarmless: false,
  };
  const steps: Step[] = [
    {
      id: 'fingerprint',
      stage: 'fingerprint',
      title: 'Read the configuration again',
      commands: [read],
      isHarmless: true,
    },
    send,
    { id: 'verify', stage: 'verify', title: 'Read back and compare', commands: [read], isHarmless: true },
  ];
  return {
    basedOn,
    resultsIn,
    cost: isNothing ? 'none' : 'runtime',
    losses: [],
    affects: [],
    hunks: unifiedHunks(configPath, configText(rewrite.before), configText(rewrite.after)),
    steps: isNothing ? [] : steps,
    revert: isNothing
      ? []
      : [{ ...send, id: 'revert-send', title: 'Bring the old settings back', commands: [rewrite.revert] }],
    keep: [],
    verifies: [read],
    warnings: isNothing ? [] : [passing],
    driver: { before: rewrite.before, after: rewrite.after },
  };
}
