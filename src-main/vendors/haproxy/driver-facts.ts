import type { Capability, DeviceFacts } from '../../contract/api.ts';
import type { DeviceModel } from '../../contract/model.ts';
import {
  haproxyAlgorithms,
  haproxyHashes,
  haproxyHashFunctions,
  settingsOfAlgorithm,
  writeBalance,
} from './cfg/algorithm.ts';
import { offeredChecks } from './cfg/check-offers.ts';
import { isOlder } from './cfg/check-words.ts';
import { bandwidthVersion, noLimitOfTcp, writableBandwidthKeys } from './cfg/edit-bandwidth.ts';
import { writableTlsKeys } from './cfg/edit-tls.ts';
import { writableMethods } from './cfg/edit-persistence.ts';
import type { Reload } from './discover-reload.ts';

/** What was found out about the device and the account's rights on it. */
export interface Rights {
  readonly host: string;
  readonly version: string | undefined;
  /** Path of the socket that answers, and the level that it grants; or why there is none. */
  readonly socket: { readonly path: string; readonly level: string } | { readonly why: string };
  readonly reload: Reload;
  /** Why the file cannot be written or checked; undefined where it can. */
  readonly writeProblem: string | undefined;
  readonly checkProblem: string | undefined;
}

/** Keys that an algorithm cannot do without. */
const keyed = new Set(['header-hash', 'query-param-hash', 'cookie-hash', 'expression-hash']);

export function factsOf(rights: Rights): DeviceFacts {
  const { version } = rights;
  return {
    vendor: 'haproxy',
    label: 'HAProxy',
    product: 'HAProxy',
    ...(version === undefined ? {} : { version }),
    host: rights.host,
    capabilities: capabilitiesOf(rights),
    weightRange: { lowest: 0, highest: 256 },
    persistence: writableMethods,
    writes: [
      'virtualServer.listen',
      ...writableTlsKeys.map((key) => `virtualServer.tls.${key}` as const),
      ...(noBandwidth(version) === undefined ? writableBandwidthPaths : []),
      'pool.tls',
      'pool.queue.timeoutMs',
      'member.maxConnections',
      'member.maxQueue',
    ],
    monitors: { offered: offeredChecks(version), names: { check: '{pool}/check', agent: '{pool}/agent' } },
    algorithms: haproxyAlgorithms.map((name) => {
      const native = writeBalance({ name, ...(keyed.has(name) ? { key: 'KEY' } : {}) }) ?? [];
      const settings = settingsOfAlgorithm(name);
      return {
        name,
        native: native.join(' '),
        ...(keyed.has(name) ? { needs: ['key'] } : {}),
        ...(settings.length === 0 ? {} : { settings }),
        ...(settings.includes('hash') ? { choices: { hash: haproxyHashes, hashFunction: haproxyHashFunctions } } : {}),
      };
    }),
  };
}

function capabilitiesOf({ version, socket, reload, writeProblem, checkProblem }: Rights): readonly Capability[] {
  const level = 'level' in socket ? socket.level : undefined;
  const noAnswer = 'why' in socket ? socket.why : undefined;
  const noAdmin =
    level === undefined || level === 'admin'
      ? noAnswer
      : `the socket grants level ${level}: write "level admin" at its stats socket line to change members without a reload`;
  return [
    capability('poll', noAnswer),
    capability('write', writeProblem),
    capability('check', checkProblem),
    capability('run-time', noAdmin),
    capability('certificates', level === 'user' ? noCertificates : noAnswer),
    capability('reload', reload.way === 'none' ? reload.why : undefined),
    capability('log', undefined),
    capability('bandwidth', noBandwidth(version)),
    // A plan names the pools that need a reload for it; this is what holds for the device.
    capability('weight-of-static-algorithm-at-run-time', staticWeights),
  ];
}

const writableBandwidthPaths = writableBandwidthKeys.map((key) => `virtualServer.bandwidth.${key}` as const);

/** Those of the device with what single objects of it do not take. */
export function factsOfModel(facts: DeviceFacts, { virtualServers }: DeviceModel): DeviceFacts {
  const paths = writableBandwidthPaths.filter((path) => facts.writes?.includes(path) === true);
  const unwritable = virtualServers
    .filter(({ protocol, bandwidth }) => protocol !== 'http' && bandwidth === undefined)
    .flatMap(({ name }) => paths.map((path) => ({ path, virtualServer: name, why: noLimitOfTcp })));
  return unwritable.length === 0 ? facts : { ...facts, unwritable };
}

/** Filters of `filter bwlim-in` and `bwlim-out` (manual 9.7, since 2.7). */
function noBandwidth(version: string | undefined): string | undefined {
  if (isOlder(version, bandwidthVersion))
    return `HAProxy ${version ?? ''} has no bandwidth filters: 2.7 and later have`;
  return undefined;
}

const noCertificates =
  'the socket grants level user, which may not see certificates: write "level operator" (to renew them without a reload "level admin") at its stats socket line';

const staticWeights =
  'under static-rr, first and hashes with map-based hash-type a running process takes weights 0 and 100 % alone: other weights need a reload';

function capability(id: string, why: string | undefined): Capability {
  return why === undefined ? { id, isPresent: true } : { id, isPresent: false, why };
}
