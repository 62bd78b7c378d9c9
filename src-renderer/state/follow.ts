/** Names what an effect or a derived value follows without using its value: reading the arguments is what counts. */
export function follow(...values: readonly unknown[]): number {
  return values.length;
}
