/** A request as routes look at it. */
export interface RouteRequest {
  readonly method: () => string;
  /** Without port, lower case. */
  readonly hostName: () => string;
  /** Without query. */
  readonly path: () => string;
  readonly find: (name: string) => string | undefined;
}
