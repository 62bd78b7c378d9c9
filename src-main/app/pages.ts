import { protocol, type Session } from 'electron';
import { readFile } from 'node:fs/promises';
import { listFiles } from '../web/files.ts';
import { securityHeaders } from '../web/headers.ts';

const scheme = 'app';
const origin = `${scheme}://steelyard`;
export const pageUrl = `${origin}/`;

/** Before the app is ready: makes our scheme an origin of its own, so that 'self' means it in the policy. */
export function registerPages(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built renderer to windows, with the headers that a browser gets. Only files of the list, under exactly their names. */
export function servePages(session: Session, directory: string): void {
  const files = listFiles(directory);
  session.protocol.handle(scheme, async (request) => {
    const url = new URL(request.url);
    const file = isOurPage(request.url) && request.method === 'GET' ? files.get(url.pathname) : undefined;
    if (file === undefined) return new Response('', { status: 404, headers: securityHeaders });
    return new Response(await readFile(file.path), { headers: { ...securityHeaders, 'Content-Type': file.type } });
  });
}

/** Whether an address is one of our own page, and not of something that only begins like it. */
export function isOurPage(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed?.protocol === `${scheme}:` && parsed.host === 'steelyard';
}
