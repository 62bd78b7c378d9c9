import { hash } from 'node:crypto';
import { compileExpression } from '../algorithms/expression.ts';
import { parameterOf } from '../algorithms/request-parts.ts';
import { clientNetwork } from './client-network.ts';
import type { HeldRequest, PersistenceSettings, TableMethod } from './method.ts';

const kept = ['timeoutMs', 'maxEntries', 'fallback'] as const;
/** A longer key is kept as its digest: a client must not fill memory with a few requests. */
const longestKey = 128;

/** Clients of one network stay on one member until nothing has come from it for `timeoutMs`. */
export const sourceIp: TableMethod = network('source-ip', (request) => request.sourceAddress());

/** By the address that the client came to: one virtual server may listen on many. */
export const destinationIp: TableMethod = network('dest-ip', (request) => request.destinationAddress());

/**
 * By the session id of a TLS ClientHello, as a member's ServerHello gave it: TLS 1.2 and older. With TLS 1.3 the client
 * makes up a new one each time: none of these is kept.
 */
export const tlsSessionId: TableMethod = {
  ...text('tls-session-id', [], () => (request) => request.tlsSessionId()),
  isLearned: true,
  isOfConnection: () => true,
};

export const headerValue: TableMethod = text('header', ['key'], ({ key }) => {
  const name = key.toLowerCase();
  return (request) => request.header(name);
});

export const queryParameter: TableMethod = text(
  'query-param',
  ['key'],
  ({ key }) =>
    (request) =>
      parameterOf(request.target(), key),
);

export const expressionValue: TableMethod = {
  ...text('expression', ['expression'], (settings) => {
    const expression = compileExpression(settings.expression);
    return (request) => expression?.key(request) ?? '';
  }),
  isOfConnection: ({ expression }) => compileExpression(expression)?.isOfConnection === true,
};

/** A cookie of the members' own (JSESSIONID ...): whoever set a value gets the client that comes with it. */
export const cookieLearn: TableMethod = {
  ...text('cookie-learn', ['cookieName'], ({ cookieName }) => {
    const name = Buffer.from(cookieName, 'latin1');
    return (request) => request.cookie(name);
  }),
  isLearned: true,
};

function network(id: string, addressOf: (request: HeldRequest) => string): TableMethod {
  return {
    id,
    kind: 'table',
    settings: ['ipv4Prefix', 'ipv6Prefix', ...kept],
    spaceOf: ({ ipv4Prefix, ipv6Prefix }) => `${id} ${ipv4Prefix} ${ipv6Prefix}`,
    keyOf: ({ ipv4Prefix, ipv6Prefix }) => {
      // Requests of one connection come one after another: most ask for the address that was asked for last.
      let address = '';
      let key = '';
      return (request) => {
        const given = addressOf(request);
        if (given !== address) {
          address = given;
          key = clientNetwork(given, ipv4Prefix, ipv6Prefix);
        }
        return key;
      };
    },
    keyOfText: ({ ipv4Prefix, ipv6Prefix }, given) => clientNetwork(given, ipv4Prefix, ipv6Prefix),
    isLearned: false,
    isOfConnection: () => true,
  };
}

function text(
  id: string,
  required: readonly ('key' | 'expression' | 'cookieName')[],
  keyOf: (settings: PersistenceSettings) => (request: HeldRequest) => string,
): TableMethod {
  return {
    id,
    kind: 'table',
    settings: [...required, ...kept],
    required: required.filter((key) => key !== 'cookieName'), // which has a default
    spaceOf: (settings) => [id, ...required.map((key) => settings[key])].join(' '),
    keyOf: (settings) => {
      const whole = keyOf(settings);
      return (request) => bounded(whole(request));
    },
    keyOfText: (_settings, given) => bounded(given),
    isLearned: false,
    isOfConnection: () => false,
  };
}

function bounded(key: string): string {
  return key.length <= longestKey ? key : `sha256 ${hash('sha256', key, 'base64url')}`;
}
