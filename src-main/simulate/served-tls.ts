/** What a virtual server of a simulated device shows to clients by TLS, as it is configured at this moment. */
export interface ServedTls {
  /** The first one without `isForName` answers clients that name nobody, or a name that no other has. */
  readonly certificates: readonly ServedCertificate[];
  /** In rising order. */
  readonly versions: readonly TlsVersion[];
  /** By their names in OpenSSL, the preferred ones first; undefined for whatever is usual. */
  readonly ciphers: readonly string[] | undefined;
  readonly clientCertificate: 'ignored' | 'asked' | 'required';
  /** PEM of those that may have issued the clients' certificates. */
  readonly authorities: readonly string[];
}

export type TlsVersion = 'SSLv3' | 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface ServedCertificate {
  readonly name: string;
  /** PEM: its own first, then what is sent behind it. */
  readonly chain: readonly string[];
  /** PEM, without a passphrase. */
  readonly key: string;
  /** Chosen by the name that the client asks for (SNI) alone. */
  readonly isForName: boolean;
}

/** Each certificate of a PEM file, in its order; what stands between them is left out. */
export function splitPem(text: string): readonly string[] {
  return (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => `${one}\n`);
}
