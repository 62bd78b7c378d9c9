/** Something that can be evicted. */
export interface SieveNode {
  wasVisited: boolean;
  newer: this | undefined;
  older: this | undefined;
}

/**
 * The eviction order SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): a hit sets one bit, eviction walks a hand
 * from the oldest to the newest, clears bits and takes the first without. New things that are not asked for again leave
 * soon, and a scan through many files does not push the hot ones out.
 */
export class Sieve<Node extends SieveNode & { newer: Node | undefined; older: Node | undefined }> {
  #newest: Node | undefined;
  #oldest: Node | undefined;
  #hand: Node | undefined;

  add(node: Node): void {
    node.wasVisited = false;
    node.older = this.#newest;
    node.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = node;
    this.#newest = node;
    this.#oldest ??= node;
  }

  remove(node: Node): void {
    if (this.#hand === node) this.#hand = node.newer;
    if (node.newer === undefined) {
      if (this.#newest === node) this.#newest = node.older;
    } else node.newer.older = node.older;
    if (node.older === undefined) {
      if (this.#oldest === node) this.#oldest = node.newer;
    } else node.older.newer = node.newer;
    node.newer = node.older = undefined;
  }

  /** What should go next; it still has to be removed. */
  victim(): Node | undefined {
    let node = this.#hand ?? this.#oldest;
    // Two rounds: the first clears every bit at the latest.
    while (node?.wasVisited === true) {
      node.wasVisited = false;
      node = node.newer ?? this.#oldest;
    }
    this.#hand = node;
    return node;
  }
}
