import { AddressMap, type Digest } from './address-map.ts';

export interface ScrubberOptions {
  readonly digest: Digest;
  /** Secrets that are known: passwords and communities of the device. */
  readonly secrets: readonly string[];
  /** A text without the secrets that the vendor's driver knows the look of. */
  readonly mask: (text: string) => string;
}

/** Words that name nothing and nobody: many are keywords, so that they must stay. */
const plainWords = new Set(
  (
    'web www http https tcp udp ssl tls app api default main static admin stats monitor backend frontend server servers pool pools node ' +
    'nodes local global public private test dev prod proxy cache mail smtp dns ftp ldap sql mysql redis all any none up down in out on ' +
    'off check agent-check httpchk tcp-check backup weight verify required inter rise fall observe track disabled enabled option balance mode ' +
    'timeout bind add set show version config state status name type group user http1 http2 h2 log lo eth0 eth1 common host localhost haproxy nginx root nobody icmp gateway_icmp source_addr cookie'
  ).split(' '),
);
const topDomains =
  'com|net|org|edu|gov|mil|int|info|biz|io|dev|app|cloud|local|localdomain|internal|intranet|lan|corp|home|test|example|invalid|' +
  'de|fr|uk|us|ca|ch|at|nl|be|it|es|pt|se|no|dk|fi|pl|cz|ru|cn|jp|kr|in|au|nz|br|mx|za|eu|ie|hu|ro|gr|tr|il|sg|hk|tw';

/**
 * Takes out of a text what says whose it is: secrets, keys and certificates, comments and descriptions, mail addresses, host names,
 * addresses (subnets kept), and the names of objects. The same always becomes the same, so that what was one object still is.
 */
export class Scrubber {
  readonly addresses: AddressMap;
  readonly #options: ScrubberOptions;
  readonly #kindOf = new Map<string, string>();
  #names: ReadonlyMap<string, string> | undefined;
  readonly #kinds = new Map<string, number>();
  #pattern: RegExp | undefined;

  constructor(options: ScrubberOptions) {
    this.#options = options;
    this.addresses = new AddressMap(options.digest);
  }

  /** Of a name as `/Common/web_shop` the last part is the name; address, port and what is no word of its own stay. */
  addName(kind: string, name: string): void {
    const last = name
      .slice(name.lastIndexOf('/') + 1)
      .replace(/:\d+$/, '')
      .replace(/%\d+$/, '');
    if (last.length < 3 || plainWords.has(last.toLowerCase()) || /^[\d.:]+$/.test(last) || last.startsWith('***'))
      return;
    if (this.#kindOf.has(last) || isAddress(last)) return;
    this.#kindOf.set(last, kind);
    this.#names = undefined;
  }

  /**
   * The names with their substitutes. These are of one length and numbered in the order in which an agent tells rows that are named by
   * their index (length first): the rows of a recording keep their order.
   */
  get names(): ReadonlyMap<string, string> {
    if (this.#names !== undefined) return this.#names;
    const sorted = [...this.#kindOf].toSorted(([one], [other]) => one.length - other.length || (one < other ? -1 : 1));
    const counts = new Map<string, number>();
    this.#names = new Map(
      sorted.map(([name, kind]) => {
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        return [name, `${kind}-${String(count).padStart(4, '0')}`];
      }),
    );
    this.#pattern = undefined;
    return this.#names;
  }

  text(text: string): string {
    return this.#plain(text.replace(hexTokens, (token) => this.#hexToken(token)));
  }

  #plain(text: string): string {
    return this.#withoutNames(this.#withoutPlaces(this.#withoutSecrets(text)));
  }

  /** Text in hexadecimal is scrubbed as text; other bytes become others, the same always the same. */
  #hexToken(token: string): string {
    const bytes = token.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [];
    if (!bytes.every((byte) => byte === 0 || (byte >= 9 && byte <= 13) || (byte >= 0x20 && byte < 0x7f))) {
      return token.length < 32 ? token : this.#digits(token);
    }
    const clear = this.#plain(String.fromCharCode(...bytes));
    return Array.from(clear, (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  }

  #digits(token: string): string {
    let digits = '';
    while (digits.length < token.length) digits += this.#options.digest(token + String(digits.length));
    return digits.slice(0, token.length);
  }

  /** A path of a file or of a command: names and addresses go, its shape stays. */
  command(text: string): string {
    return this.#withoutNames(this.#withoutPlaces(this.#withoutKnown(text)));
  }

  #next(kind: string): string {
    const count = (this.#kinds.get(kind) ?? 0) + 1;
    this.#kinds.set(kind, count);
    return `${kind}-${count}`;
  }

  #withoutKnown(text: string): string {
    return this.#options.secrets.reduce(
      (left, secret) => (secret.length < 3 ? left : left.replaceAll(secret, 'scrubbed')),
      text,
    );
  }

  #withoutSecrets(text: string): string {
    return this.#withoutKnown(this.#options.mask(text))
      .replace(
        /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?(-----END \1-----|$)/g,
        '-----BEGIN $1-----\nc2NydWJiZWQ=\n-----END $1-----',
      )
      .replace(secretWords, (whole, word: string, between: string, value: string) =>
        value.startsWith('-') || value === '{' ? whole : `${word}${between}${quoted(value, 'scrubbed')}`,
      )
      .replace(userWords, (_whole, word: string, value: string) => `${word}${quoted(value, 'scrubbed')}`)
      .replace(/\b(Bearer|Basic|Digest)\s+[\w+/=.~-]{6,}/g, '$1 scrubbed')
      .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@"']+@/gi, '$1scrubbed@')
      .replace(/\$\d[a-z]?\$[./\w$-]{8,}/g, '$5$$scrubbed')
      .replace(descriptions, (_whole, word: string, value: string) => `${word}${quoted(value, 'scrubbed')}`)
      .replace(/^([ \t]*)#(?!NS\d|TMSH-VERSION|.*,svname,|\s*pxname,|[ \t]*$).*$/gm, '$1# comment')
      .replace(/^(#[ \t]*(?:NS\d[^\n]{0,40}|TMSH-VERSION[^\n]{0,20})).*$/gm, '$1')
      .replace(/([^\s#\\].*?[ \t])#[ \t].*$/gm, (whole, before: string) =>
        before.split('"').length % 2 === 1 ? `${before}# comment` : whole,
      )
      .replace(
        /(?<![\w/+.-])(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/+-])/g,
        (token) => (this.names.has(token) || /^[0-9a-f]+$|^[\w/-]+\/[\w/-]+$/.test(token) ? token : 'scrubbed'),
      );
  }

  #withoutPlaces(text: string): string {
    return text
      .replace(/\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b/g, (mail) => this.#substitute('user', mail, '@mail.example'))
      .replace(/(?<![\w:.])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])/gi, '02:00:00:00:00:00')
      .replace(
        /(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.]*\d)(?:\/(\d{1,2})(?!\d))?/g,
        (_whole, address: string, prefix?: string) => {
          const substitute = this.addresses.ipv4(address, prefix === undefined ? undefined : Number(prefix));
          return prefix === undefined ? substitute : `${substitute}/${prefix}`;
        },
      )
      .replace(
        /(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w:])(?:\/(\d{1,3}))?/gi,
        (_whole, address: string, prefix?: string) => {
          const substitute = this.addresses.ipv6(address, prefix === undefined ? undefined : Number(prefix));
          return prefix === undefined ? substitute : `${substitute}/${prefix}`;
        },
      )
      .replace(hostNames, (host) => this.#substitute('host', host.toLowerCase(), '.example'));
  }

  /** A host or a mail address: once substituted it is a name like any other, without its ending. */
  #substitute(kind: string, word: string, ending: string): string {
    if (word.endsWith(ending) && new RegExp(`^${kind}-\\d+`).test(word)) return word;
    const known = this.#hosts.get(word) ?? `${this.#next(kind)}${ending}`;
    this.#hosts.set(word, known);
    return known;
  }
  readonly #hosts = new Map<string, string>();

  #withoutNames(text: string): string {
    const { names } = this;
    if (names.size === 0) return text;
    this.#pattern ??= patternOf([...names.keys()]);
    return text.replace(this.#pattern, (name) => names.get(name) ?? name);
  }
}

/** Whole words, the longest first: `shop` is no part of `shop-2`. */
function patternOf(names: readonly string[]): RegExp {
  const words = names
    .toSorted((one, other) => other.length - one.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'));
  return new RegExp(`(?<![\\w.-])(?:${words.join('|')})(?![\\w-]|\\.\\w)`, 'g');
}

const hexTokens = /(?<![\w])(?:[0-9a-f]{2}){6,}(?!\w)/g;
const secretWords =
  /\b((?:[\w-]*[-_])?(?:pass(?:word|wd|phrase)?|secret|token|community|api[-_]?key|auth[-_]?key|priv(?:acy)?[-_]?key|credentials?|pre-?shared-?key|psk|userpass|cookie-?key|dynamic-cookie-key))(["']?\s*[=:]\s*|\s+)("[^"\n]*"|'[^'\n]*'|[^\s"',;]+)/gi;
/** Names of people's accounts; `stats auth user:password` of HAProxy too. */
const userWords = /\b((?:user(?:name)?|login|uid|stats\s+auth)\s+)("[^"\n]*"|'[^'\n]*'|(?!-)[^\s"'{,;]+)/gi;
const descriptions =
  /\b((?:description|desc|contact|location|syslocation|syscontact|comment|-comment|banner|motd)[ \t:=]+)("[^"\n]*"|'[^'\n]*'|[^\n{]+)/gi;
const hostNames = new RegExp(
  `(?<![\\w.@/-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\\.)+(?:${topDomains})(?![\\w.(-]*[\\w(])`,
  'gi',
);

function quoted(value: string, substitute: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? '';
  return `${quote}${substitute}${quote}`;
}

function isAddress(word: string): boolean {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(word) || (/^[0-9a-f:]+$/i.test(word) && word.includes('::'));
}
