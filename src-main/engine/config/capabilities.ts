import type { EngineConfig } from '../../contract/engine-config.ts';
import { algorithmSettings } from '../../contract/model.ts';
import { algorithms } from '../algorithms/registry.ts';
import { monitors } from '../monitors/registry.ts';
import { findMissingPersistence } from './persistence.ts';
import type { ConfigProblem } from './problem.ts';

interface MissingCapability {
  /** `*` stands for any index. */
  readonly path: readonly string[];
  /** The value that means "off" and so needs no capability. */
  readonly isOff?: (value: unknown) => boolean;
  readonly feature: string;
}

/** Keys of the model whose feature this engine does not have: refused, never silently ignored. */
const missing: readonly MissingCapability[] = [
  {
    path: ['virtualServers', '*', 'protocol'],
    isOff: isOneOf('http', 'tcp', 'tls-passthrough', 'udp'),
    feature: 'this protocol',
  },
  { path: ['virtualServers', '*', 'tls', 'profiles'], feature: 'profile objects of a device' },
  { path: ['pools', '*', 'protocol'], isOff: isOneOf('http', 'tcp', 'udp'), feature: 'this protocol' },
  { path: ['global'], feature: 'the DNS server' },
];

/** Every key of a valid configuration that asks for something this engine cannot do. */
export function findMissingCapabilities(config: EngineConfig): ConfigProblem[] {
  return [
    ...missing.flatMap((capability) => findAt(config, capability, [])),
    ...unknownAlgorithms(config),
    ...unknownMonitors(config),
    ...findMissingPersistence(config),
  ];
}

function findAt(value: unknown, capability: MissingCapability, path: readonly (string | number)[]): ConfigProblem[] {
  const key = capability.path[path.length];
  if (key === undefined) {
    if (value === undefined || capability.isOff?.(value) === true) return [];
    return [refusal(path, capability.feature)];
  }
  if (typeof value !== 'object' || value === null) return [];
  if (key !== '*') return findAt((value as Record<string, unknown>)[key], capability, [...path, key]); // any key may be asked of an object
  return Array.isArray(value) ? value.flatMap((item, index) => findAt(item, capability, [...path, index])) : [];
}

/** Worded as a missing capability: the key is right, this engine lacks the feature. */
function refusal(path: readonly (string | number)[], feature: string): ConfigProblem {
  return {
    path,
    isKey: true,
    what: `CAPABILITY_MISSING: ${feature} (${String(path.at(-1))})`,
    why: 'this version of the engine cannot do it and nothing is silently ignored',
    remedy: 'remove the key',
  };
}

function unknownAlgorithms(config: EngineConfig): ConfigProblem[] {
  return (config.pools ?? []).flatMap((pool, index) => {
    const settings = algorithmSettings(pool.algorithm ?? 'round-robin');
    const path = ['pools', index, 'algorithm'];
    const algorithm = algorithms.get(settings.name);
    if (algorithm === undefined) return [choice(path, `the algorithm "${settings.name}"`, [...algorithms.keys()])];
    const known = new Set<string>(['name', 'native', ...algorithm.settings]);
    return Object.keys(settings)
      .filter((key) => !known.has(key))
      .map((key) => refusal([...path, key], `the setting of "${settings.name}"`));
  });
}

function unknownMonitors(config: EngineConfig): ConfigProblem[] {
  return (config.monitors ?? []).flatMap((monitor, index) => {
    const path = ['monitors', index, 'type'];
    const kind = monitors.get(monitor.type);
    if (kind === undefined) return [choice(path, `the monitor type "${monitor.type}"`, [...monitors.keys()])];
    const known = new Set<string>([
      'name',
      'type',
      'intervalMs',
      'timeoutMs',
      'rise',
      'fall',
      'port',
      'address',
      ...kind.settings,
    ]);
    return Object.keys(monitor)
      .filter((key) => !known.has(key))
      .map((key) => refusal(['monitors', index, key], `a setting that monitors of type ${monitor.type} do not have`));
  });
}

function choice(path: readonly (string | number)[], feature: string, known: readonly string[]): ConfigProblem {
  return { ...refusal(path, feature), remedy: `use one of ${known.join(', ')}` };
}

function isOneOf(...values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value);
}
