import type { AlgorithmName } from '../../contract/model.ts';

/** First words of `balance` (configuration.txt 4.2), as the `algo` column of `show stat` gives them without their arguments. */
const keywords: Readonly<Record<string, AlgorithmName>> = {
  roundrobin: 'round-robin',
  'static-rr': 'static-round-robin',
  leastconn: 'least-connections',
  first: 'first-available',
  source: 'source-ip-hash',
  uri: 'uri-hash',
  url_param: 'query-param-hash',
  hdr: 'header-hash',
  hash: 'expression-hash',
  random: 'random-two-choices',
  'rdp-cookie': 'rdp-cookie-hash',
};

export function algorithmOfKeyword(keyword: string): AlgorithmName {
  return keywords[keyword] ?? 'unknown';
}
