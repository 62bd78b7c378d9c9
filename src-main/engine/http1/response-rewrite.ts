import { noCookie } from '../persistence/holding.ts';
import type { ResponseRewrite } from './rewrite.ts';

export const empty = Buffer.alloc(0);

/** A response head that only loses what is of one hop. */
export const bareRewrite: ResponseRewrite = {
  connection: 'silent',
  dropsTransferEncoding: true,
  dropsContentLength: true,
  dateLine: empty,
  cookie: noCookie,
  cookieValue: empty,
  cookieLine: empty,
  hstsLine: empty,
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

// One object per kind, filled in before each use: a response head allocates nothing.
const silent: Mutable<ResponseRewrite> = { ...bareRewrite };
const close: Mutable<ResponseRewrite> = { ...bareRewrite, connection: 'close' };
const keepAlive: Mutable<ResponseRewrite> = { ...bareRewrite, connection: 'keep-alive' };

/** The rewrite that tells the client whether its connection goes on. Whoever takes it fills in the rest, each time. */
export function rewriteFor(isHttp10: boolean, keepsAlive: boolean): Mutable<ResponseRewrite> {
  if (!keepsAlive) return close;
  return isHttp10 ? keepAlive : silent;
}
