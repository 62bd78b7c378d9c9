/** Field lines of a well-formed head, in order, with a look-up by lower-case name. */
export class Fields {
  readonly lines: readonly (readonly [string, string])[];
  readonly #byName = new Map<string, string>();

  constructor(lines: readonly (readonly [string, string])[]) {
    this.lines = lines;
    for (const [name, value] of lines) {
      const key = name.toLowerCase();
      const earlier = this.#byName.get(key);
      this.#byName.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
    }
  }

  /** The value; several lines are one list (RFC 9110 5.3). */
  get(name: string): string | undefined {
    return this.#byName.get(name);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  without(names: ReadonlySet<string>): Fields {
    return new Fields(this.lines.filter(([name]) => !names.has(name.toLowerCase())));
  }

  render(): string {
    return this.lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }
}

/** A head that the scanner has accepted: its first line without CR LF, and its fields. */
export function readHead(text: string): { readonly startLine: string; readonly fields: Fields } {
  const lines: (readonly [string, string])[] = [];
  const first = text.indexOf('\r\n');
  for (let at = first + 2; ;) {
    const end = text.indexOf('\r\n', at);
    if (end <= at) break;
    const colon = text.indexOf(':', at);
    lines.push([text.slice(at, colon), text.slice(colon + 1, end).trim()]);
    at = end + 2;
  }
  return { startLine: text.slice(0, first), fields: new Fields(lines) };
}

/**
 * An HTTP date (RFC 9110 5.6.7: IMF-fixdate and the two obsolete forms) in ms; undefined where it is none. Names are taken in any
 * case: members write them so.
 */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isDate =
    /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [a-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/i.test(text) ||
    /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [a-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/i.test(text);
  const ms = isDate ? Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`) : rfc850Date(text);
  return ms === undefined || Number.isNaN(ms) ? undefined : ms;
}

/** Its year has two digits: one that seems more than 50 years ahead is of the century before. */
function rfc850Date(text: string): number | undefined {
  const match = /^[a-z]+day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/i.exec(text);
  if (match === null) return undefined;
  const [, day = '', month = '', twoDigits = '', time = ''] = match;
  const thisYear = new Date().getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(twoDigits);
  return Date.parse(`${day} ${month} ${year > thisYear + 50 ? year - 100 : year} ${time} GMT`);
}

/** Members of a comma-separated list, quoted commas kept. */
export function parseList(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g)]
    .map((match) => match[0].trim())
    .filter((item) => item !== '');
}
