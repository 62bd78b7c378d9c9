import { contextBridge, ipcRenderer } from 'electron';
import { callChannel, eventChannel, joinChannel, takenChannel } from './app/channels.ts';
import type { Bridge, EventName } from './contract/api.ts';
import type { Outcome } from './contract/errors.ts';

const listeners = new Set<(name: EventName, data: unknown) => void>();

ipcRenderer.on(eventChannel, (_event, name: EventName, data: unknown) => {
  try {
    for (const listener of listeners) listener(name, data);
  } finally {
    ipcRenderer.send(takenChannel);
  }
});
ipcRenderer.send(joinChannel);

const bridge: Bridge = {
  call: (name, input) => ipcRenderer.invoke(callChannel, name, input) as Promise<Outcome<unknown>>, // what the shell answers with
  onEvent: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

contextBridge.exposeInMainWorld('steelyard', bridge);
