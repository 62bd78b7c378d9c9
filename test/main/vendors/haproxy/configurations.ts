import fc from 'fast-check';

/** Blanks between words, as people and editors leave them. */
const gap = fc.constantFrom(' ', ' ', ' ', '  ', '\t', ' \t ');
const indent = fc.constantFrom('    ', '    ', '  ', '\t', '');
const ending = fc.constantFrom('', '', '', '', ' ', '\t', ' # note', '# glued', '  # caf\u00e9 \u00ff "', ' #');
const name = fc.constantFrom('a', 'b1', 'web-1', 'x.y', 'srv:2');

/** A word in one of the spellings that mean the same. */
function spelled(value: string): fc.Arbitrary<string> {
  const half = Math.ceil(value.length / 2);
  return fc.constantFrom(
    value,
    value,
    value,
    `"${value}"`,
    `'${value}'`,
    `"${value.slice(0, half)}"'${value.slice(half)}'`,
  );
}

function line(...words: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .tuple(indent, ending, fc.array(gap, { minLength: words.length, maxLength: words.length }), fc.tuple(...words))
    .map(([before, after, gaps, parts]) => {
      const joined = parts.map((part, index) => (index === 0 ? part : `${gaps[index] ?? ' '}${part}`)).join('');
      return `${before}${joined}${after}`;
    });
}

const serverWord = fc.oneof(
  fc
    .nat({ max: 256 })
    .chain((weight) => fc.constantFrom(`${weight}`, `${weight}`, `"${weight}"`, `'${weight}'`))
    .map((weight) => `weight ${weight}`),
  fc.nat({ max: 999 }).map((count) => `maxconn ${count}`),
  fc.constantFrom(
    'check',
    'disabled',
    'enabled',
    'backup',
    'ssl verify none',
    'inter 2s fall 3',
    'send-proxy',
    'slowstart 5s',
  ),
  fc.constantFrom(
    'cookie c1',
    'cookie "a b"',
    String.raw`cookie a\ b`,
    'weight "${W-3}"',
    'on-marked-down shutdown-sessions',
    'track b/a',
  ),
);
const serverWords = fc.array(serverWord, { maxLength: 4 });

const address = fc.constantFrom(
  '192.0.2.1:80',
  '[2001:db8::1]:8080',
  'host.example',
  'h:',
  '"${HOST}:80"',
  '/run/x.sock',
);

const server = fc
  .tuple(name.chain(spelled), address, serverWords)
  .chain(([id, at, words]) =>
    line(fc.constant('server'), fc.constant(id), fc.constant(at), ...words.map((word) => fc.constant(word))),
  );
const defaultServer = serverWords.chain((words) =>
  line(fc.constant('default-server'), ...words.map((word) => fc.constant(word))),
);

const balanceWords = fc.constantFrom(
  'roundrobin',
  'leastconn',
  'source',
  'uri depth 3',
  'uri  len 4   whole',
  'url_param "id" check_post 64',
  'hdr(X-User)',
  'hdr(host) use_domain_only',
  'random(3)',
  'random',
  'hash req.cook(id)',
  "hash 'var(txn.a),lower'",
  'rdp-cookie',
  '',
);
const balance = line(fc.constant('balance'), balanceWords);
const hashType = line(
  fc.constant('hash-type'),
  fc.constantFrom('consistent', 'map-based', 'consistent sdbm avalanche', 'consistent  wt6', '"consistent" djb2'),
);
const factor = line(fc.constant('hash-balance-factor'), fc.constantFrom('150', '"125"', '0'));

const other = fc.oneof(
  line(fc.constant('mode'), fc.constantFrom('http', 'tcp')),
  line(fc.constant('timeout'), fc.constantFrom('server 30s', 'connect 5000', 'queue 1m')),
  line(fc.constant('option'), fc.constantFrom('httpchk GET /x', 'redispatch', 'tcp-check', 'forwardfor')),
  line(
    fc.constantFrom(
      'cookie SRV insert indirect',
      'stick on src',
      'http-request deny if { path /x }',
      'unheard-of word',
    ),
  ),
  fc.constantFrom('', '   ', '# a comment', '   # steelyard: what is this', '\t#\u00e9\u00ff'),
);

/** Some statements inside a conditional block. */
function conditional(inner: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  const body = fc.array(inner, { maxLength: 2 });
  return fc
    .tuple(fc.constantFrom('1', '0', 'version_atleast(2.4)', 'defined(X)', ''), body, fc.option(body))
    .map(([condition, then, otherwise]) => [
      `.if ${condition}`,
      ...then,
      ...(otherwise === null ? [] : ['  .else', ...otherwise]),
      '.endif',
    ]);
}

/** The statements of a backend. Each of the three that say the algorithm stands there once at most, as HAProxy wants it. */
const poolBody = fc
  .tuple(
    fc.option(balance, { freq: 1 }),
    fc.option(hashType, { freq: 1 }),
    fc.option(factor, { freq: 1 }),
    fc.array(fc.oneof(server, server, defaultServer, other), { maxLength: 7 }),
    fc.option(conditional(server)),
  )
  .chain(([first, second, third, rest, block]) =>
    fc
      .shuffledSubarray([...[first, second, third].filter((each) => each !== null), ...rest], {
        minLength: rest.length,
      })
      .map((lines) => [...lines, ...(block ?? [])]),
  );

const defaultsBody = fc.array(fc.oneof(balance, hashType, defaultServer, other), { maxLength: 4 });

const section = fc.oneof(
  fc
    .tuple(fc.constantFrom('defaults', 'defaults base', 'defaults other from base'), defaultsBody)
    .map(([head, body]) => [head, ...body]),
  fc
    .tuple(
      fc.constantFrom('backend', 'listen'),
      name.chain(spelled),
      fc.constantFrom('', '', ' from base'),
      ending,
      poolBody,
    )
    .map(([keyword, id, from, after, body]) => [`${keyword} ${id}${from}${after}`, ...body]),
  fc.constant(['frontend web', '    bind :80', '    use_backend a if { path_beg /x }', '    default_backend a']),
  fc.constant(['userlist u', '    user x password y']),
);

/** The text of a haproxy.cfg, one character per byte: with either kind of line break, and with or without one at its end. */
export const configuration: fc.Arbitrary<string> = fc
  .tuple(fc.array(section, { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', '\n', '\r\n'), fc.boolean())
  .map(([sections, lineBreak, isClosed]) => `${sections.flat().join(lineBreak)}${isClosed ? lineBreak : ''}`);
