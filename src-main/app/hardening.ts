import type { Session, WebContents } from 'electron';
import { isOurPage } from './pages.ts';

/** What a window's session may do: reach our own files. It asks for no permission, downloads nothing, and opens no connection. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => {
    decide(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => {
    event.preventDefault();
  });
  session.webRequest.onBeforeRequest((details, decide) => {
    const isInnerTool = details.url.startsWith('devtools://');
    decide({ cancel: !isOurPage(details.url) && !isInnerTool && !details.url.startsWith('data:') });
  });
}

/** Keeps contents on our page: no navigation, no new window, no web view. */
export function hardenContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  contents.on('will-navigate', (event) => {
    if (!isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
}
