import {
  clientPreface,
  defaultWindow,
  ErrorCode,
  frameHeadBytes,
  FrameType,
  largestWindow,
  putFrameHead,
  Setting,
} from './frames.ts';

/** Streams that a client may have open at once. */
export const maxConcurrentStreams = 128;
/** What a stream may bring before the member has taken any of it; a multiple of the streams fits the connection's window, so that those that wait cannot stop one that runs. */
export const streamWindow = 65_536;
/** What it may bring ahead once the member takes it. */
export const grownStreamWindow = 1_048_576;
export const connectionWindow = maxConcurrentStreams * streamWindow + 4 * grownStreamWindow;
/** What a member's stream may bring ahead once its client keeps up. All of them together are what one connection can make us hold. */
export const grownMemberWindow = 262_144;
/** It opens as bytes come, so it only bounds what is on its way. */
export const memberConnectionWindow = 16_777_216;
/** SETTINGS_MAX_HEADER_LIST_SIZE of responses. */
export const maxResponseListBytes = 65_536;
/** No sane peer has more in one frame. */
const maxSettings = 32;

/** Our SETTINGS, and the connection's window on top of what it has by default. */
export function greeting(maxListBytes: number): Buffer {
  return settingsFrames(
    [
      [Setting.maxConcurrentStreams, maxConcurrentStreams],
      [Setting.initialWindowSize, streamWindow],
      [Setting.maxHeaderListSize, maxListBytes],
      [Setting.enableConnectProtocol, 1],
    ],
    connectionWindow,
  );
}

/** What a member hears first (RFC 9113 3.4). */
export const memberGreeting = Buffer.concat([
  clientPreface,
  settingsFrames(
    [
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, streamWindow],
      [Setting.maxHeaderListSize, maxResponseListBytes],
    ],
    memberConnectionWindow,
  ),
]);

function settingsFrames(settings: readonly (readonly [name: number, value: number])[], window: number): Buffer {
  const out = Buffer.alloc(frameHeadBytes + settings.length * 6 + frameHeadBytes + 4);
  let at = putFrameHead(out, 0, settings.length * 6, FrameType.settings, 0, 0);
  for (const [name, value] of settings) {
    at = out.writeUInt16BE(name, at);
    at = out.writeUInt32BE(value, at);
  }
  at = putFrameHead(out, at, 4, FrameType.windowUpdate, 0, 0);
  out.writeUInt32BE(window - defaultWindow, at);
  return out;
}

/**
 * Reads a peer's SETTINGS (RFC 9113 6.5.2, RFC 8441 3). Answers an error, 0 = none; `onWindow` gets what a stream's
 * window is from now on, `onOther` whatever else was understood. What a client sets beside its window does not matter to us:
 * we send frames and lists that every peer takes, keep no table of fields, and push nothing.
 */
export function readSettings(
  bytes: Buffer,
  start: number,
  end: number,
  onWindow: (initialWindow: number) => number,
  onOther?: (name: number, value: number) => void,
): number {
  if ((end - start) % 6 !== 0) return ErrorCode.frameSize;
  if (end - start > maxSettings * 6) return ErrorCode.enhanceYourCalm;
  for (let at = start; at < end; at += 6) {
    const value = bytes.readUInt32BE(at + 2);
    const name = bytes.readUInt16BE(at);
    const error = readSetting(name, value, onWindow);
    if (error !== ErrorCode.none) return error;
    onOther?.(name, value);
  }
  return ErrorCode.none;
}

function readSetting(name: number, value: number, onWindow: (initialWindow: number) => number): number {
  switch (name) {
    case Setting.enablePush:
    case Setting.enableConnectProtocol:
      return value > 1 ? ErrorCode.protocol : ErrorCode.none;
    case Setting.initialWindowSize:
      return value > largestWindow ? ErrorCode.flowControl : onWindow(value);
    case Setting.maxFrameSize:
      return value < 16_384 || value > 16_777_215 ? ErrorCode.protocol : ErrorCode.none;
    default:
      return ErrorCode.none;
  }
}
