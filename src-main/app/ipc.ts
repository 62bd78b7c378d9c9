import { ipcMain, type IpcMainEvent, type IpcMainInvokeEvent, type WebContents } from 'electron';
import type { CallContext, Shown } from '../contract/api.ts';
import type { Console } from '../contract/console.ts';
import { AppError, type Outcome } from '../contract/errors.ts';
import { answerMessage, type Report } from '../dispatch.ts';
import { openOutbox, type Outbox } from '../outbox.ts';
import { callChannel, eventChannel, joinChannel, takenChannel } from './channels.ts';
import { isOurPage } from './pages.ts';

export interface IpcLink {
  /** From now on this window's main frame may call. */
  readonly admit: (contents: WebContents) => void;
  /** Asks this window's page for something; a page that does not listen yet hears it once it does. */
  readonly show: (contents: WebContents, shown: Shown) => void;
  readonly close: () => void;
}

interface Guest {
  readonly context: CallContext;
  outbox: Outbox;
  stopEvents: () => void;
  onTaken: () => void;
  /** Its page has called: it runs, and hears what it is told. */
  isListening: boolean;
  waiting: Shown | undefined;
}

/** Joins windows to the console: each call is taken from our own page in the main frame of a window of ours, and from nobody else. */
export function openIpc(console: Console, report: Report): IpcLink {
  const guests = new Map<WebContents, Guest>();

  function guestOf(event: IpcMainEvent | IpcMainInvokeEvent): Guest | undefined {
    const { sender, senderFrame } = event;
    const isMainFrame = senderFrame !== null && senderFrame === sender.mainFrame;
    return isMainFrame && isOurPage(senderFrame.url) ? guests.get(sender) : undefined;
  }

  ipcMain.handle(callChannel, async (event, call: unknown, input: unknown): Promise<Outcome<unknown>> => {
    const guest = guestOf(event);
    if (guest === undefined) return refused();
    listen(guest);
    const { outcome } = await answerMessage(console.handlers, { id: 0, call, input }, guest.context, report);
    return outcome;
  });
  ipcMain.on(joinChannel, (event) => {
    const guest = guestOf(event);
    if (guest !== undefined) join(console, event.sender, guest);
  });
  ipcMain.on(takenChannel, (event) => {
    guestOf(event)?.onTaken();
  });

  return {
    admit: (contents) => {
      const context = { client: `window-${contents.id}`, shell: 'electron' } as const;
      const guest: Guest = {
        context,
        outbox: { tell: ignore, close: ignore },
        stopEvents: ignore,
        onTaken: ignore,
        isListening: false,
        waiting: undefined,
      };
      guests.set(contents, guest);
      contents.once('destroyed', () => {
        leave(console, guest);
        guests.delete(contents);
      });
    },
    show: (contents, shown) => {
      const guest = guests.get(contents);
      if (guest === undefined) return;
      if (guest.isListening) guest.outbox.tell('shown', shown);
      else guest.waiting = shown;
    },
    close: () => {
      ipcMain.removeHandler(callChannel);
      ipcMain.removeAllListeners(joinChannel);
      ipcMain.removeAllListeners(takenChannel);
      for (const guest of guests.values()) leave(console, guest);
      guests.clear();
    },
  };
}

/** A page that was loaded (anew) starts as a new client: what the one before it watched is forgotten. */
function join(console: Console, contents: WebContents, guest: Guest): void {
  leave(console, guest);
  guest.outbox = openOutbox(({ event, data }, sent) => {
    guest.onTaken = () => {
      guest.onTaken = ignore; // one answer for one event, whatever a page sends
      sent();
    };
    contents.send(eventChannel, event, data);
  });
  guest.stopEvents = console.onEvent(guest.context.client, guest.outbox.tell);
}

function leave(console: Console, guest: Guest): void {
  guest.isListening = false;
  guest.stopEvents();
  guest.outbox.close();
  guest.onTaken = ignore;
  console.dropClient(guest.context.client);
}

function listen(guest: Guest): void {
  if (guest.isListening) return;
  guest.isListening = true;
  if (guest.waiting !== undefined) guest.outbox.tell('shown', guest.waiting);
  guest.waiting = undefined;
}

function refused(): Outcome<never> {
  const detail = 'The call did not come from a window of this console. Nothing was done.';
  return { ok: false, problem: new AppError('INPUT_INVALID', detail).toProblem() };
}

function ignore(): void {
  // Nobody is joined yet, or any more.
}
