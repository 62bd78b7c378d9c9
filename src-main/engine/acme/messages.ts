/** What the supervisor and the process of one order say to each other. */

/** By the token of a challenge, what is to be answered for it (RFC 8555 8.1: the key authorization). */
export type AcmeAnswers = Readonly<Record<string, string>>;

export interface AcmeOrder {
  /** URL of the authority's directory (RFC 8555 7.1.1). */
  readonly directory: string;
  /** Empty = the authority is told none. */
  readonly email: string;
  /** The first is the subject. */
  readonly names: readonly string[];
  /** PEM of the authorities that its HTTPS is trusted by; empty = the system's. */
  readonly authorities: string;
  /** PEM. */
  readonly accountKey: string;
  /** PEM, of the certificate to be. */
  readonly key: string;
}

export type ToOrder =
  | { readonly type: 'order'; readonly order: AcmeOrder }
  /** Every worker gives the answers that were told last. */
  | { readonly type: 'answering' };

export type FromOrder =
  | { readonly type: 'answers'; readonly answers: AcmeAnswers }
  | { readonly type: 'issued'; readonly chain: string }
  | { readonly type: 'failed'; readonly reason: string };
