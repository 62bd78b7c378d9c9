/**
 * Cases from RFC 9111 (and RFC 9110 for conditions and ranges), in our own words: what a member answers to each request of a client, and what
 * the client may then see. Age stands in for waiting: nothing sleeps.
 */
export interface CacheStep {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the member answers should it be asked; `{turn}` in the body is how often it was. */
  readonly answer: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly expect: {
    /** Whose body it is: the member's answer to this very request, or an earlier one. */
    readonly from?: 'member' | 'cache';
    readonly status?: number;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, RegExp>>;
    readonly noHeader?: string;
    /** What the member must have been sent with this request. */
    readonly memberSees?: Readonly<Record<string, RegExp>>;
  };
}

export interface CacheCase {
  readonly group: string;
  readonly name: string;
  readonly steps: readonly CacheStep[];
}

/** Where the standards say what a group is about. */
const sources: Readonly<Record<string, string>> = {
  storing: '9111 3',
  freshness: '9111 4.2',
  requests: '9111 5.2.1',
  validation: '9111 4.3',
  conditions: '9110 13',
  vary: '9111 4.1',
  invalidation: '9111 4.4',
  stale: '9111 4.2.4',
  ranges: '9110 14',
  directives: '9111 5.2',
  dates: '9110 5.6.7',
  age: '9111 5.1',
  statuses: '9110 15.1',
  targeted: '9213 2',
};

export function sourceOf({ group }: CacheCase): string {
  return sources[group] ?? '';
}

const fresh = { 'cache-control': 'max-age=3600' };
const stale = { 'cache-control': 'max-age=60', age: '3600' };
const past = 'Thu, 01 Jan 2015 00:00:00 GMT';
const future = 'Fri, 01 Jan 2100 00:00:00 GMT';

/** Asked twice: is the second answer the first one's copy? */
function twice(
  group: string,
  name: string,
  headers: Readonly<Record<string, string>>,
  from: 'member' | 'cache',
  more: {
    readonly request?: Readonly<Record<string, string>>;
    readonly second?: Readonly<Record<string, string>>;
    readonly status?: number;
  } = {},
): CacheCase {
  const answer = { headers, ...(more.status === undefined ? {} : { status: more.status }) };
  return {
    group,
    name,
    steps: [
      { ...(more.request === undefined ? {} : { headers: more.request }), answer, expect: { from: 'member' } },
      { headers: { ...more.request, ...more.second }, answer, expect: { from } },
    ],
  };
}

const steppedCases: readonly CacheCase[] = [
  twice('storing', 'keeps what has a lifetime', fresh, 'cache'),
  twice('storing', 'keeps no no-store', { 'cache-control': 'no-store, max-age=3600' }, 'member'),
  twice('storing', 'keeps no private', { 'cache-control': 'private, max-age=3600' }, 'member'),
  twice('storing', 'reads directives whatever their case', { 'cache-control': 'No-Store, Max-Age=3600' }, 'member'),
  twice(
    'storing',
    'reads directives from several places of a list',
    { 'cache-control': 'max-age=3600, foo="a, no-store, b"' },
    'cache',
  ),
  twice('storing', 'keeps no answer to a request with Authorization', fresh, 'member', {
    request: { authorization: 'Basic eDp5' },
  }),
  twice(
    'storing',
    'keeps one with Authorization that says public',
    { 'cache-control': 'public, max-age=3600' },
    'cache',
    { request: { authorization: 'Basic eDp5' } },
  ),
  twice('storing', 'keeps one with Authorization that says s-maxage', { 'cache-control': 's-maxage=3600' }, 'cache', {
    request: { authorization: 'Basic eDp5' },
  }),
  twice('storing', 'keeps a 404 with a lifetime', fresh, 'cache', { status: 404 }),
  twice('storing', 'keeps a 302 with a lifetime', { ...fresh, location: '/elsewhere' }, 'cache', { status: 302 }),
  twice('storing', 'keeps a 301 with a lifetime', { ...fresh, location: '/elsewhere' }, 'cache', { status: 301 }),
  twice(
    'freshness',
    'prefers s-maxage to max-age (longer)',
    { 'cache-control': 'max-age=1, s-maxage=3600', age: '60' },
    'cache',
  ),
  twice(
    'freshness',
    'prefers s-maxage to max-age (shorter)',
    { 'cache-control': 's-maxage=1, max-age=3600', age: '60' },
    'member',
  ),
  twice('freshness', 'prefers max-age to Expires', { 'cache-control': 'max-age=3600', expires: past }, 'cache'),
  twice('freshness', 'takes Expires that is to come', { expires: future }, 'cache'),
  twice('freshness', 'takes Expires that is past as stale', { expires: past }, 'member'),
  twice('freshness', 'takes an Expires that is no date as stale', { expires: '0' }, 'member'),
  twice('freshness', 'takes the Age that the member tells', stale, 'member'),
  twice('freshness', 'takes max-age=0 as stale', { 'cache-control': 'max-age=0' }, 'member'),
  twice('freshness', 'asks about no-cache each time', { 'cache-control': 'no-cache, max-age=3600' }, 'member'),
  twice('freshness', 'guesses from Last-Modified', { 'last-modified': past }, 'cache'),
  {
    group: 'freshness',
    name: "tells the age, the member's included",
    steps: [
      { answer: { headers: { 'cache-control': 'max-age=7200', age: '100' } }, expect: { from: 'member' } },
      { answer: {}, expect: { from: 'cache', headers: { age: /^1[0-3]\d$/ } } },
    ],
  },
  twice('requests', 'asks for who says no-cache', fresh, 'member', { second: { 'cache-control': 'no-cache' } }),
  twice('requests', 'asks for who wants it younger', { ...fresh, age: '100' }, 'member', {
    second: { 'cache-control': 'max-age=50' },
  }),
  twice('requests', 'asks for who wants it fresh for longer', { ...fresh, age: '3000' }, 'member', {
    second: { 'cache-control': 'min-fresh=1000' },
  }),
  twice('requests', 'asks for who says Pragma: no-cache alone', fresh, 'member', { second: { pragma: 'no-cache' } }),
  {
    group: 'requests',
    name: 'gives 504 to who wants only what is cached',
    steps: [{ headers: { 'cache-control': 'only-if-cached' }, answer: {}, expect: { status: 504 } }],
  },
  {
    group: 'requests',
    name: 'answers HEAD from a GET',
    steps: [
      { answer: { headers: { ...fresh, etag: '"h"' }, body: 'twelve bytes' }, expect: { from: 'member' } },
      {
        method: 'HEAD',
        answer: { headers: { etag: '"other"' } },
        expect: { status: 200, headers: { etag: /^"h"$/, 'content-length': /^12$/ } },
      },
    ],
  },
  {
    group: 'validation',
    name: 'asks with If-None-Match and serves the stored one after 304',
    steps: [
      { answer: { headers: { ...stale, etag: '"1"' } }, expect: { from: 'member' } },
      {
        answer: { status: 304, headers: { ...fresh, etag: '"1"' } },
        expect: { from: 'cache', status: 200, memberSees: { 'if-none-match': /^"1"$/ } },
      },
      { answer: {}, expect: { from: 'cache' } },
    ],
  },
  {
    group: 'validation',
    name: 'asks with If-Modified-Since where there is no ETag',
    steps: [
      { answer: { headers: { ...stale, 'last-modified': past } }, expect: { from: 'member' } },
      {
        answer: { status: 304, headers: fresh },
        expect: { from: 'cache', status: 200, memberSees: { 'if-modified-since': /2015/ } },
      },
    ],
  },
  {
    group: 'validation',
    name: 'takes new fields from the 304',
    steps: [
      { answer: { headers: { ...stale, etag: '"1"', 'x-mark': 'old' } }, expect: { from: 'member' } },
      { answer: { status: 304, headers: { ...fresh, etag: '"1"', 'x-mark': 'new' } }, expect: { from: 'cache' } },
      { answer: {}, expect: { from: 'cache', headers: { 'x-mark': /^new$/ } } },
    ],
  },
  {
    group: 'validation',
    name: 'replaces the stored one where the member has another',
    steps: [
      { answer: { headers: { ...stale, etag: '"1"' } }, expect: { from: 'member' } },
      { answer: { headers: { ...fresh, etag: '"2"' } }, expect: { from: 'member' } },
      { answer: {}, expect: { from: 'cache', headers: { etag: /^"2"$/ } } },
    ],
  },
  {
    group: 'conditions',
    name: 'gives 304 for a matching If-None-Match',
    steps: [
      { answer: { headers: { ...fresh, etag: '"c"' } }, expect: { from: 'member' } },
      {
        headers: { 'if-none-match': '"a", "c"' },
        answer: { headers: { etag: '"x"' } },
        expect: { status: 304, headers: { etag: /^"c"$/ } },
      },
    ],
  },
  {
    group: 'conditions',
    name: 'compares If-None-Match weakly',
    steps: [
      { answer: { headers: { ...fresh, etag: '"c"' } }, expect: { from: 'member' } },
      { headers: { 'if-none-match': 'W/"c"' }, answer: { headers: { etag: '"x"' } }, expect: { status: 304 } },
    ],
  },
  {
    group: 'conditions',
    name: 'gives the whole where nothing matches',
    steps: [
      { answer: { headers: { ...fresh, etag: '"c"' } }, expect: { from: 'member' } },
      {
        headers: { 'if-none-match': '"d"' },
        answer: { headers: { etag: '"x"' } },
        expect: { from: 'cache', status: 200 },
      },
    ],
  },
  {
    group: 'conditions',
    name: 'gives 304 for If-Modified-Since of the same time, not where If-None-Match says otherwise',
    steps: [
      { answer: { headers: { ...fresh, etag: '"c"', 'last-modified': past } }, expect: { from: 'member' } },
      { headers: { 'if-modified-since': past }, answer: {}, expect: { status: 304 } },
      {
        headers: { 'if-modified-since': past, 'if-none-match': '"d"' },
        answer: {},
        expect: { status: 200, from: 'cache' },
      },
    ],
  },
  {
    group: 'vary',
    name: 'keeps one for each value',
    steps: [
      { headers: { 'x-kind': 'a' }, answer: { headers: { ...fresh, vary: 'X-Kind' } }, expect: { from: 'member' } },
      { headers: { 'x-kind': 'b' }, answer: { headers: { ...fresh, vary: 'X-Kind' } }, expect: { from: 'member' } },
      { headers: { 'x-kind': 'a' }, answer: {}, expect: { from: 'cache', body: 'answer 1' } },
      { headers: { 'x-kind': 'b' }, answer: {}, expect: { from: 'cache', body: 'answer 2' } },
    ],
  },
  {
    group: 'vary',
    name: 'tells an absent field from a present one',
    steps: [
      { answer: { headers: { ...fresh, vary: 'X-Kind' } }, expect: { from: 'member' } },
      { headers: { 'x-kind': 'b' }, answer: { headers: fresh }, expect: { from: 'member' } },
    ],
  },
  twice('vary', 'never reuses what varies on everything', { ...fresh, vary: '*' }, 'member'),
  {
    group: 'vary',
    name: 'takes languages in another case for the same',
    steps: [
      {
        headers: { 'accept-language': 'en, de' },
        answer: { headers: { ...fresh, vary: 'Accept-Language' } },
        expect: { from: 'member' },
      },
      { headers: { 'accept-language': 'EN,de' }, answer: { headers: fresh }, expect: { from: 'cache' } },
    ],
  },
  {
    group: 'vary',
    name: 'takes several names',
    steps: [
      {
        headers: { 'x-a': '1', 'x-b': '1' },
        answer: { headers: { ...fresh, vary: 'X-A, X-B' } },
        expect: { from: 'member' },
      },
      {
        headers: { 'x-a': '1', 'x-b': '2' },
        answer: { headers: { ...fresh, vary: 'X-A, X-B' } },
        expect: { from: 'member' },
      },
      { headers: { 'x-a': '1', 'x-b': '1' }, answer: {}, expect: { from: 'cache', body: 'answer 1' } },
    ],
  },
  ...['POST', 'PUT', 'DELETE'].map((method): CacheCase => ({
    group: 'invalidation',
    name: `forgets after ${method}`,
    steps: [
      { answer: { headers: fresh }, expect: { from: 'member' } },
      { method, answer: { headers: fresh }, expect: { status: 200 } },
      { answer: { headers: fresh }, expect: { from: 'member' } },
    ],
  })),
  {
    group: 'invalidation',
    name: 'forgets nothing after a POST that failed',
    steps: [
      { answer: { headers: fresh }, expect: { from: 'member' } },
      { method: 'POST', answer: { status: 500 }, expect: { status: 500 } },
      { answer: { headers: fresh }, expect: { from: 'cache' } },
    ],
  },
  {
    group: 'stale',
    name: 'serves stale after an error where stale-if-error allows',
    steps: [
      {
        answer: { headers: { 'cache-control': 'max-age=60, stale-if-error=100000', age: '600', etag: '"s"' } },
        expect: { from: 'member' },
      },
      { answer: { status: 503 }, expect: { from: 'cache', status: 200 } },
    ],
  },
  {
    group: 'stale',
    name: 'serves stale after an error also what has no validator',
    steps: [
      {
        answer: { headers: { 'cache-control': 'max-age=60, stale-if-error=100000', age: '600' } },
        expect: { from: 'member' },
      },
      { answer: { status: 502 }, expect: { from: 'cache', status: 200 } },
    ],
  },
  {
    group: 'stale',
    name: 'gives the error to who asked past the cache',
    steps: [
      { answer: { headers: { 'cache-control': 'max-age=3600, stale-if-error=3600' } }, expect: { from: 'member' } },
      { headers: { 'cache-control': 'no-cache' }, answer: { status: 503 }, expect: { status: 503 } },
    ],
  },
  {
    group: 'stale',
    name: 'does not serve stale after an error where must-revalidate forbids',
    steps: [
      {
        answer: { headers: { 'cache-control': 'max-age=60, must-revalidate', age: '600', etag: '"s"' } },
        expect: { from: 'member' },
      },
      { answer: { status: 503 }, expect: { status: 503 } },
    ],
  },
  {
    group: 'stale',
    name: 'serves stale while it revalidates',
    steps: [
      {
        answer: { headers: { 'cache-control': 'max-age=60, stale-while-revalidate=100000', age: '600', etag: '"s"' } },
        expect: { from: 'member' },
      },
      { answer: { headers: fresh }, expect: { from: 'cache', body: 'answer 1' } },
    ],
  },
  {
    group: 'ranges',
    name: 'serves a part of the stored whole',
    steps: [
      { answer: { headers: fresh, body: '0123456789' }, expect: {} },
      {
        headers: { range: 'bytes=2-4' },
        answer: { status: 500 },
        expect: { status: 206, body: '234', headers: { 'content-range': /^bytes 2-4\/10$/ } },
      },
    ],
  },
  {
    group: 'ranges',
    name: 'serves the end of the stored whole',
    steps: [
      { answer: { headers: fresh, body: '0123456789' }, expect: {} },
      { headers: { range: 'bytes=-3' }, answer: { status: 500 }, expect: { status: 206, body: '789' } },
    ],
  },
  {
    group: 'ranges',
    name: 'gives 416 for what lies beyond',
    steps: [
      { answer: { headers: fresh, body: '0123456789' }, expect: {} },
      {
        headers: { range: 'bytes=20-' },
        answer: { status: 500 },
        expect: { status: 416, headers: { 'content-range': /^bytes \*\/10$/ } },
      },
    ],
  },
  {
    group: 'ranges',
    name: 'gives the whole where If-Range names another',
    steps: [
      { answer: { headers: { ...fresh, etag: '"r"' }, body: '0123456789' }, expect: {} },
      {
        headers: { range: 'bytes=2-4', 'if-range': '"q"' },
        answer: { status: 500 },
        expect: { status: 200, body: '0123456789' },
      },
      {
        headers: { range: 'bytes=2-4', 'if-range': '"r"' },
        answer: { status: 500 },
        expect: { status: 206, body: '234' },
      },
    ],
  },
  {
    group: 'ranges',
    name: 'does not take a part for the whole',
    steps: [
      {
        headers: { range: 'bytes=0-1' },
        answer: { headers: { ...fresh, etag: '"p"' }, body: '0123456789' },
        expect: {},
      },
      {
        answer: { headers: { ...fresh, etag: '"p"' }, body: '0123456789' },
        expect: { status: 200, body: '0123456789' },
      },
    ],
  },
];

const asctime = 'Fri Jan  1 00:00:00 2100';
const twoDigits = `Thursday, 18-Aug-${String((new Date().getUTCFullYear() + 20) % 100).padStart(2, '0')} 02:01:18 GMT`;

/** One field of a response, and whether the second request is answered from the copy. */
type FieldCase = readonly [
  group: string,
  name: string,
  headers: Readonly<Record<string, string>>,
  from: 'member' | 'cache',
  status?: number,
];

const fieldCases: readonly FieldCase[] = [
  ['directives', 'a quoted time', { 'cache-control': 'max-age="3600"' }, 'cache'],
  ['directives', 'a time in single quotes', { 'cache-control': "max-age='3600'" }, 'member'],
  ['directives', 'a time with leading zeros', { 'cache-control': 'max-age=003600' }, 'cache'],
  ['directives', 'a time beyond 2^31', { 'cache-control': 'max-age=99999999999' }, 'cache'],
  ['directives', 'a time that is a word', { 'cache-control': 'max-age=often' }, 'member'],
  ['directives', 'a time below zero', { 'cache-control': 'max-age=-3600' }, 'member'],
  ['directives', 'a time that stands in another quoted value', { 'cache-control': 'x="max-age=3600, y"' }, 'member'],
  ['directives', 'no-store in another quoted value', { 'cache-control': 'max-age=3600, x="no-store"' }, 'cache'],
  ['directives', 'one nobody knows', { 'cache-control': 'max-age=3600, surprise=1' }, 'cache'],
  ['directives', 'empty members of the list', { 'cache-control': ', max-age=3600,, ' }, 'cache'],
  ['directives', 'no-cache in another case', { 'cache-control': 'No-CaChE, max-age=3600' }, 'member'],
  ['directives', 'private with names', { 'cache-control': 'private="x-mark", max-age=3600' }, 'member'],
  ['directives', 'immutable that is stale', { 'cache-control': 'max-age=1, immutable', age: '60' }, 'member'],
  ['directives', 'must-revalidate while it is fresh', { 'cache-control': 'max-age=3600, must-revalidate' }, 'cache'],
  ['directives', 'max-age=0 with Expires to come', { 'cache-control': 'max-age=0', expires: future }, 'member'],
  ['directives', 's-maxage=0 with max-age', { 'cache-control': 's-maxage=0, max-age=3600' }, 'member'],
  ['directives', 'Pragma of a response says nothing', { ...fresh, pragma: 'no-cache' }, 'cache'],
  ['dates', 'the form of asctime', { expires: asctime }, 'cache'],
  ['dates', 'the form of RFC 850, this century', { expires: twoDigits }, 'cache'],
  ['dates', 'the form of RFC 850, last century', { expires: 'Sunday, 06-Nov-94 08:49:37 GMT' }, 'member'],
  ['dates', 'a weekday in another case', { expires: 'fri, 01 Jan 2100 00:00:00 GMT' }, 'cache'],
  ['dates', 'a month in another case', { expires: 'Fri, 01 JAN 2100 00:00:00 GMT' }, 'cache'],
  ['dates', 'UTC for GMT', { expires: 'Fri, 01 Jan 2100 00:00:00 UTC' }, 'member'],
  ['dates', 'another zone', { expires: 'Fri, 01 Jan 2100 00:00:00 PST' }, 'member'],
  ['dates', 'two digits of the year', { expires: 'Fri, 01 Jan 99 00:00:00 GMT' }, 'member'],
  ['dates', 'no comma', { expires: 'Fri 01 Jan 2100 00:00:00 GMT' }, 'member'],
  ['dates', 'two spaces', { expires: 'Fri, 01  Jan 2100 00:00:00 GMT' }, 'member'],
  ['dates', 'dashes', { expires: 'Fri, 01-Jan-2100 00:00:00 GMT' }, 'member'],
  ['dates', 'periods in the time', { expires: 'Fri, 01 Jan 2100 00.00.00 GMT' }, 'member'],
  ['dates', 'an hour of one digit', { expires: 'Fri, 01 Jan 2100 0:00:00 GMT' }, 'member'],
  ['age', 'a word', { ...fresh, age: 'old' }, 'cache'],
  ['age', 'below zero', { ...fresh, age: '-7200' }, 'cache'],
  ['age', 'a fraction', { ...fresh, age: '7200.0' }, 'cache'],
  ['age', '2^31 - 1', { ...fresh, age: '2147483647' }, 'member'],
  ['age', 'beyond 2^31', { ...fresh, age: '2147483649' }, 'member'],
  ['age', 'a list: the first counts (old)', { ...fresh, age: '7200, 0' }, 'member'],
  ['age', 'a list: the first counts (young)', { ...fresh, age: '0, 7200' }, 'cache'],
  ['age', 'longer than Expires', { expires: future, age: '0' }, 'cache'],
  ...[200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 405, 410, 414, 499, 500, 501, 503, 599].map(
    (status): FieldCase => ['statuses', `${status} with a lifetime`, { ...fresh, location: '/x' }, 'cache', status],
  ),
  ...[200, 203, 301, 308, 404, 405, 410, 414, 501].map((status): FieldCase => [
    'statuses',
    `${status} by its last change`,
    { 'last-modified': past, location: '/x' },
    'cache',
    status,
  ]),
  ...[201, 302, 303, 307, 400, 403, 500, 502, 503, 504].map((status): FieldCase => [
    'statuses',
    `not ${status} by its last change`,
    { 'last-modified': past, location: '/x' },
    'member',
    status,
  ]),
  [
    'statuses',
    'not one nobody knows with must-understand',
    { 'cache-control': 'max-age=3600, must-understand, no-store' },
    'member',
    299,
  ],
  [
    'statuses',
    'one that is known with must-understand',
    { 'cache-control': 'max-age=3600, must-understand, no-store' },
    'cache',
    200,
  ],
  ['targeted', 'a lifetime alone', { 'cdn-cache-control': 'max-age=3600' }, 'cache'],
  ['targeted', 'before Cache-Control', { 'cdn-cache-control': 'max-age=3600', 'cache-control': 'no-store' }, 'cache'],
  ['targeted', 'no-store before a lifetime', { 'cdn-cache-control': 'no-store', ...fresh }, 'member'],
  ['targeted', 'no-cache before a lifetime', { 'cdn-cache-control': 'no-cache', ...fresh }, 'member'],
  ['targeted', 'private before a lifetime', { 'cdn-cache-control': 'private', ...fresh }, 'member'],
  ['targeted', 'before Expires', { 'cdn-cache-control': 'max-age=0', expires: future }, 'member'],
  ['targeted', 'Age counts', { 'cdn-cache-control': 'max-age=60', age: '3600' }, 'member'],
  ['targeted', 'an empty one is none', { 'cdn-cache-control': '', ...fresh }, 'cache'],
  [
    'targeted',
    'a malformed one is none',
    { 'cdn-cache-control': 'max-age=3600,', 'cache-control': 'no-store' },
    'member',
  ],
  [
    'targeted',
    'a text for a time is none',
    { 'cdn-cache-control': 'max-age="3600"', 'cache-control': 'no-store' },
    'member',
  ],
  [
    'targeted',
    'one nobody knows beside it',
    { 'cdn-cache-control': 'max-age=3600, surprise=(1 2)', 'cache-control': 'no-store' },
    'member',
  ],
];

/** All that are compared with Varnish and NGINX. */
export const cacheCases: readonly CacheCase[] = [
  ...steppedCases,
  ...fieldCases.map(([group, name, headers, from, status]) =>
    twice(group, name, headers, from, status === undefined ? {} : { status }),
  ),
];
