import { noLine, type PersistenceMethod, type PersistenceSettings } from './method.ts';

/**
 * A cookie of the engine's own names the member. As HAProxy's `cookie ... insert indirect`: it is set only for a client
 * that did not come with the right one, members never see it, and a cookie of the same name that a member sets is cut.
 * A session cookie; Cache-Control is left alone. Nothing is kept here, so any number of workers agree.
 */
export const cookieInsert: PersistenceMethod = {
  id: 'cookie-insert',
  settings: ['cookieName', 'cookie'],
  keepsEntries: false,
  create: (pool, settings) => {
    const cookieName = Buffer.from(settings.cookieName, 'latin1');
    const memberOf = new Map(pool.members.map((member) => [member.cookieValue, member.name]));
    const lines = new Map(pool.members.map((member) => [member.name, renderLine(settings, member.cookieValue)]));
    return {
      cookieName,
      find: (request) => memberOf.get(request.cookie(cookieName)),
      hold: (_request, member) => lines.get(member) ?? noLine,
      look: () => undefined,
      forget: () => false,
    };
  },
};

/** RFC 6265 4.1.1. */
function renderLine({ cookieName, cookie }: PersistenceSettings, value: string): Buffer {
  const parts = [
    `Set-Cookie: ${cookieName}=${value}`,
    cookie.path === '' ? '' : `Path=${cookie.path}`,
    cookie.domain === '' ? '' : `Domain=${cookie.domain}`,
    cookie.secure ? 'Secure' : '',
    cookie.httpOnly ? 'HttpOnly' : '',
    cookie.sameSite === '' ? '' : `SameSite=${cookie.sameSite}`,
  ];
  return Buffer.from(`${parts.filter((part) => part !== '').join('; ')}\r\n`, 'latin1');
}
