import { X509Certificate } from 'node:crypto';
import type { EngineSettings } from '../config/settings.ts';
import type { TlsMaterial } from '../config/tls.ts';
import type { OcspAnswers } from '../messages.ts';
import type { Certificate } from '../tls/certificate.ts';
import { askOcsp, ocspResponderOf, type OcspAnswer } from '../tls/ocsp.ts';

const answerTimeoutMs = 10_000;
const retryMs = 60_000;
const longestWaitMs = 12 * 3_600_000;

interface Watched {
  readonly certificate: Certificate;
  timer: NodeJS.Timeout | undefined;
  answer: OcspAnswer | undefined;
}

/**
 * Keeps an OCSP answer for every certificate of a virtual server with `ocspStapling`: asks its responder when it comes and
 * again when half of an answer's time is over. A handshake never waits for it: without an answer nothing is stapled.
 */
export class OcspStapler {
  readonly #watched = new Map<string, Watched>();
  readonly #onAnswers: (answers: OcspAnswers) => void;
  readonly #onFailed: (certificate: string, reason: string) => void;

  constructor(onAnswers: (answers: OcspAnswers) => void, onFailed: (certificate: string, reason: string) => void) {
    this.#onAnswers = onAnswers;
    this.#onFailed = onFailed;
  }

  /** Certificates that stay keep their answers. */
  configure(settings: EngineSettings, tls: TlsMaterial): void {
    const wanted = new Map(
      settings.virtualServers
        .filter((server) => server.tls?.ocspStapling === true)
        .flatMap(({ name }) => tls.servers[name]?.certificates ?? [])
        .map((certificate) => [certificate.fingerprint, certificate] as const),
    );
    for (const [fingerprint, { timer }] of this.#watched) {
      if (wanted.has(fingerprint)) continue;
      clearTimeout(timer);
      this.#watched.delete(fingerprint);
    }
    for (const [fingerprint, certificate] of wanted) {
      if (this.#watched.has(fingerprint)) continue;
      const watched: Watched = { certificate, timer: undefined, answer: undefined };
      this.#watched.set(fingerprint, watched);
      void this.#refresh(watched);
    }
  }

  /** Those that clients take now, by the certificate's fingerprint. */
  answers(): OcspAnswers {
    return Object.fromEntries(
      [...this.#watched].flatMap(([fingerprint, { answer }]) =>
        answer === undefined ? [] : [[fingerprint, answer.bytes] as const],
      ),
    );
  }

  close(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
  }

  async #refresh(watched: Watched): Promise<void> {
    const { certificate } = watched;
    let waitMs = retryMs;
    try {
      const answer = await ask(certificate);
      const leftMs = answer.nextUpdateMs === 0 ? longestWaitMs : answer.nextUpdateMs - Date.now();
      if (leftMs <= 0) throw new Error('the responder gave an answer that is over');
      watched.answer = answer;
      waitMs = Math.min(Math.max(leftMs / 2, retryMs), longestWaitMs);
    } catch (error) {
      const { answer } = watched;
      if (answer !== undefined && answer.nextUpdateMs !== 0 && answer.nextUpdateMs < Date.now())
        watched.answer = undefined;
      this.#onFailed(certificate.name, error instanceof Error ? error.message : String(error));
    }
    if (this.#watched.get(certificate.fingerprint) !== watched) return; // taken away meanwhile
    this.#onAnswers(this.answers());
    watched.timer = setTimeout(() => void this.#refresh(watched), waitMs);
    watched.timer.unref();
  }
}

async function ask(certificate: Certificate): Promise<OcspAnswer> {
  const leaf = new X509Certificate(certificate.chain); // the first of the chain
  const responder = ocspResponderOf(leaf);
  if (responder === undefined) throw new Error('it names no OCSP responder over http');
  if (certificate.issuer === '') throw new Error("its issuer's certificate is not in its files (chainFile)");
  return askOcsp(responder, leaf, new X509Certificate(certificate.issuer), answerTimeoutMs);
}
