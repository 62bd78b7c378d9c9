import { defaultWindow, ErrorCode, frameHeadBytes, FrameType, largestWindow, putFrameHead, Setting } from './frames.ts';

/** Streams that a client may have open at once. */
export const maxConcurrentStreams = 128;
/** What a stream may bring before the member has taken any of it; a multiple of the streams fits the connection's window, so that those that wait cannot stop one that runs. */
export const streamWindow = 65_536;
/** What it may bring ahead once the member takes it. */
export const grownStreamWindow = 1_048_576;
export const connectionWindow = maxConcurrentStreams * streamWindow + 4 * grownStreamWindow;
/** No sane client has more in one frame. */
const maxSettings = 32;

/** Our SETTINGS, and the connection's window on top of what it has by default. */
export function greeting(maxListBytes: number): Buffer {
  const settings = [
    [Setting.maxConcurrentStreams, maxConcurrentStreams],
    [Setting.initialWindowSize, streamWindow],
    [Setting.maxHeaderListSize, maxListBytes],
    [Setting.enableConnectProtocol, 1],
  ] as const;
  const out = Buffer.alloc(frameHeadBytes + settings.length * 6 + frameHeadBytes + 4);
  let at = putFrameHead(out, 0, settings.length * 6, FrameType.settings, 0, 0);
  for (const [name, value] of settings) {
    at = out.writeUInt16BE(name, at);
    at = out.writeUInt32BE(value, at);
  }
  at = putFrameHead(out, at, 4, FrameType.windowUpdate, 0, 0);
  out.writeUInt32BE(connectionWindow - defaultWindow, at);
  return out;
}

/**
 * Reads a client's SETTINGS (RFC 9113 6.5.2, RFC 8441 3). Answers an error, 0 = none; `onWindow` gets what a stream's
 * window is from now on. What else a client sets does not matter to us: we send frames and lists that every peer takes, keep
 * no table of fields, and push nothing.
 */
export function readSettings(
  bytes: Buffer,
  start: number,
  end: number,
  onWindow: (initialWindow: number) => number,
): number {
  if ((end - start) % 6 !== 0) return ErrorCode.frameSize;
  if (end - start > maxSettings * 6) return ErrorCode.enhanceYourCalm;
  for (let at = start; at < end; at += 6) {
    const value = bytes.readUInt32BE(at + 2);
    const error = readSetting(bytes.readUInt16BE(at), value, onWindow);
    if (error !== ErrorCode.none) return error;
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
