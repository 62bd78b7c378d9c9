import { crc32 } from 'node:zlib';
import type { FetchOwner, RunningFetch } from './fetch-owner.ts';
import { PeerFetch } from './peer-fetch.ts';
import { PeerLinks } from './peer-link.ts';
import { servePeers } from './peer-server.ts';
import { peerPath, writeQuestion, type PeerQuestion } from './peer-wire.ts';
import type { ServerCache } from './server-cache.ts';

/** This worker among all, and where their caches listen. */
export interface PeerShare {
  readonly index: number;
  readonly count: number;
  readonly peerDirectory: string;
}

/** The other workers' caches: one worker fetches a key for all. */
export class Peers {
  readonly #share: PeerShare;
  readonly #links: readonly PeerLinks[];
  #isServing = false;

  constructor(share: PeerShare) {
    this.#share = share;
    this.#links = Array.from(
      { length: share.count },
      (_, index) => new PeerLinks(peerPath(share.peerDirectory, index)),
    );
  }

  /** From now on others may ask this worker. */
  serve(cacheOf: (server: string) => ServerCache | undefined): void {
    if (this.#isServing) return;
    this.#isServing = true;
    void servePeers(peerPath(this.#share.peerDirectory, this.#share.index), cacheOf).catch(() => undefined); // others ask members themselves
  }

  /** Has the worker that the key belongs to make the request; undefined = it is this one, or that one hangs. */
  fetch(
    key: string,
    question: PeerQuestion,
    request: Buffer,
    owner: FetchOwner,
    fetchHere: (owner: FetchOwner) => RunningFetch,
  ): RunningFetch | undefined {
    const index = crc32(key) % this.#share.count;
    const links = index === this.#share.index ? undefined : this.#links[index];
    if (links === undefined || links.isSilent) return undefined;
    return new PeerFetch(owner, (self) => links.ask(writeQuestion(question, request), self), fetchHere);
  }
}
