import type { Offered } from '../../contract/api.ts';
import type { AlgorithmSettings } from '../../contract/model.ts';

type Neutral = Pick<AlgorithmSettings, 'name' | 'per' | 'weighted'>;
const node = { per: 'node' } as const;
const member = { per: 'member' } as const;

/** `method` of `slb service-group` (ACOS CLI reference): a server's figures unless the word begins with `service-`. */
const methods: Readonly<Record<string, Neutral>> = {
  'round-robin': { name: 'round-robin', weighted: false },
  'round-robin-strict': { name: 'round-robin', weighted: false },
  'weighted-rr': { name: 'round-robin', ...node },
  'service-weighted-rr': { name: 'round-robin', ...member },
  'least-connection': { name: 'least-connections', ...node, weighted: false },
  'service-least-connection': { name: 'least-connections', ...member, weighted: false },
  'weighted-least-connection': { name: 'least-connections', ...node },
  'service-weighted-least-connection': { name: 'least-connections', ...member },
  'least-request': { name: 'least-requests', weighted: false },
  'weighted-least-request': { name: 'least-requests', ...node },
  'service-weighted-least-request': { name: 'least-requests', ...member },
  'fastest-response': { name: 'least-response-time' },
  'src-ip-only-hash': { name: 'source-ip-hash' },
  'odd-even-hash': { name: 'source-ip-hash' },
  'src-ip-hash': { name: 'source-ip-port-hash' },
  'dst-ip-only-hash': { name: 'dest-ip-hash' },
  'dst-ip-hash': { name: 'dest-ip-hash' },
  'next-hop-link': { name: 'link' },
  'link-cost-load-balance': { name: 'link' },
};

export function algorithmOf(method: string): AlgorithmSettings {
  if (method.startsWith('stateless-')) return { name: 'stateless', native: method };
  return { ...(methods[method] ?? { name: 'unknown' }), native: method };
}

/** The method that says a wish: by member where it says nothing else, by weights where they count; undefined where there is none. */
export function methodOfAlgorithm(wish: AlgorithmSettings): string | undefined {
  if (wish.native !== undefined && methods[wish.native]?.name === wish.name) return wish.native;
  const named = Object.entries(methods).filter(([, one]) => one.name === wish.name);
  const [first] = named.filter(
    ([, one]) =>
      (one.per === undefined || one.per === (wish.per ?? 'member')) &&
      (wish.weighted === undefined || (one.weighted ?? true) === wish.weighted),
  );
  return first?.[0];
}

/** Every algorithm that can be set, once each, with the first method of that name. */
export function offeredMethods(): readonly Offered[] {
  const names = [...new Set(Object.values(methods).map(({ name }) => name))];
  return names.map((name) => {
    const fitting = Object.entries(methods).filter(([, method]) => method.name === name);
    const settings = [
      ...(fitting.some(([, { per }]) => per === 'node') ? ['per'] : []),
      ...(fitting.some(([, { weighted }]) => weighted === false) && fitting.length > 1 ? ['weighted'] : []),
    ];
    return { name, native: fitting[0]?.[0] ?? '', ...(settings.length === 0 ? {} : { settings }) };
  });
}
