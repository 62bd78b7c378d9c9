/** A request as routes look at it. */
export interface RouteRequest {
  readonly method: () => string;
  /** Without port, lower case. */
  readonly hostName: () => string;
  /** Without query. */
  readonly path: () => string;
  /** Of the ClientHello of its connection, lower case; empty without TLS. */
  readonly sni: () => string;
  readonly find: (name: string) => string | undefined;
}
