/** The parts of a request that keys are made of, read only when asked for. Absent values are empty. */
export interface RequestParts {
  readonly sourceAddress: () => string;
  /** Path and query as the client wrote them. */
  readonly target: () => string;
  /** By the field's name in lower case. */
  readonly header: (name: string) => string;
  /** The name that a TLS client asked for. */
  readonly sni: () => string;
}

/** The value of a cookie in a Cookie field; empty where it is absent. */
export function cookieOf(field: string, name: string): string {
  for (const pair of field.split(';')) {
    const cut = pair.indexOf('=');
    if (cut > 0 && pair.slice(0, cut).trim() === name) return pair.slice(cut + 1).trim();
  }
  return '';
}

/** The first value of a query parameter as it is written; empty where it is absent. */
export function parameterOf(target: string, name: string): string {
  const query = target.slice(target.indexOf('?') + 1);
  if (query === target) return '';
  const found = query.split('&').find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? '';
}
