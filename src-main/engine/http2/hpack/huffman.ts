/** Bits of each byte's code, then of EOS (RFC 7541 appendix B). The code is canonical: lengths are all there is to know. */
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
] as const;
const endOfString = 256;

/** Four bits take one state to the next: next state, then the byte that they complete (if any), by state * 16 + bits. */
const isByte = 1 << 8;
const isBroken = 1 << 9;
const steps = new Uint32Array(256 * 16);
/** 1 = a string may end here: what is left are at most seven bits, all ones (RFC 7541 5.2). */
const mayEnd = new Uint8Array(256);

interface Node {
  /** Undefined in a leaf. */
  readonly children: [Node | undefined, Node | undefined];
  symbol: number;
  state: number;
}

build();

function build(): void {
  const root = newNode();
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    for (let symbol = 0; symbol <= endOfString; symbol++) {
      if (codeLengths[symbol] === length) plant(root, code++, length, symbol);
    }
    code *= 2;
  }
  const states: Node[] = [];
  number(root, states);
  for (const node of states) for (let bits = 0; bits < 16; bits++) steps[node.state * 16 + bits] = step(node, bits);
  let node: Node | undefined = root;
  for (let depth = 0; depth < 8 && node !== undefined; depth++, node = node.children[1]) mayEnd[node.state] = 1;

  function step(from: Node, bits: number): number {
    let at = from;
    let emitted = 0;
    for (let bit = 3; bit >= 0; bit--) {
      const next = at.children[(bits >> bit) & 1 ? 1 : 0];
      if (next === undefined || next.symbol === endOfString) return isBroken;
      at = next;
      if (next.symbol < 0) continue;
      emitted = isByte | (next.symbol << 16);
      at = root;
    }
    return at.state | emitted;
  }
}

function newNode(): Node {
  return { children: [undefined, undefined], symbol: -1, state: 0 };
}

function plant(root: Node, code: number, length: number, symbol: number): void {
  let at = root;
  for (let bit = length - 1; bit >= 0; bit--) at = at.children[(code >> bit) & 1 ? 1 : 0] ??= newNode();
  at.symbol = symbol;
}

function number(node: Node, states: Node[]): void {
  if (node.symbol >= 0) return;
  node.state = states.push(node) - 1;
  for (const child of node.children) if (child !== undefined) number(child, states);
}

/**
 * Decodes `bytes[start, end)` to `out` from `place` on, which has room for 8/5 of their number. Answers the place behind
 * what was written; -1 = not what an encoder writes (RFC 7541 5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Uint8Array, place: number): number {
  let to = place;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    let next = steps[state * 16 + (byte >> 4)] ?? isBroken;
    if ((next & isByte) !== 0) out[to++] = next >> 16;
    if ((next & isBroken) !== 0) return -1;
    next = steps[(next & 255) * 16 + (byte & 15)] ?? isBroken;
    if ((next & isByte) !== 0) out[to++] = next >> 16;
    if ((next & isBroken) !== 0) return -1;
    state = next & 255;
  }
  return mayEnd[state] === 1 ? to : -1;
}
