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
