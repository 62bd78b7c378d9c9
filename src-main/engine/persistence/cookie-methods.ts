import type { CookieMethod } from './method.ts';

/**
 * A cookie of the engine's own names the member. As HAProxy's `cookie ... insert indirect`: it is set only for a client
 * that did not come with the right one, members never see it, and a cookie of the same name that a member sets is cut.
 * A session cookie; Cache-Control is left alone.
 */
export const cookieInsert: CookieMethod = {
  id: 'cookie-insert',
  kind: 'cookie',
  mode: 'insert',
  settings: ['cookieName', 'cookie'],
};

/** The value of a cookie that members set becomes the member's name. As HAProxy's `cookie ... rewrite`: requests stay as they are. */
export const cookieRewrite: CookieMethod = {
  id: 'cookie-rewrite',
  kind: 'cookie',
  mode: 'rewrite',
  settings: ['cookieName'],
};

/** The value of a cookie that members set is prefixed with the member's name and `~`, which is cut from requests. As HAProxy's `prefix`. */
export const cookiePrefix: CookieMethod = {
  id: 'cookie-prefix',
  kind: 'cookie',
  mode: 'prefix',
  settings: ['cookieName'],
};
