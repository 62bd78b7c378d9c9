/**
 * Where two values are not the same but for their texts: the first path at which they differ, or undefined. A text may stand for another
 * as long as it is always the same one; numbers, flags, lengths and keys must be equal.
 */
export function firstDifference(one: unknown, other: unknown): string | undefined {
  const renamed = new Map<string, string>();
  function compare(left: unknown, right: unknown, path: string): string | undefined {
    if (typeof left === 'string' && typeof right === 'string') {
      const known = renamed.get(left);
      renamed.set(left, known ?? right);
      return known === undefined || known === right ? undefined : `${path}: "${left}" is "${known}" and "${right}"`;
    }
    if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
      return left === right ? undefined : `${path}: ${String(left)} and ${String(right)}`;
    }
    const [keys, others] = [Object.keys(left), Object.keys(right)];
    if (keys.join() !== others.join()) return `${path}: keys ${keys.join()} and ${others.join()}`;
    for (const key of keys) {
      // Both are objects with these keys.
      const found = compare(
        (left as Record<string, unknown>)[key],
        (right as Record<string, unknown>)[key],
        `${path}.${key}`,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return compare(one, other, '');
}
