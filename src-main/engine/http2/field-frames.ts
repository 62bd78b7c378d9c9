import type { FrameOutput } from './frame-output.ts';
import { Flag, frameHeadBytes, FrameType, maxFrameBytes, putFrameHead } from './frames.ts';
import { emptyTableUpdate } from './hpack/encoder.ts';

/**
 * Puts a block of fields, `block[0, length)`, in as many frames as it needs (RFC 9113 4.3, 6.10). The first block of a connection says
 * that our table is empty (`isFirst`, RFC 7541 6.3).
 */
export function putFieldFrames(
  output: FrameOutput,
  isFirst: boolean,
  stream: number,
  block: Buffer,
  length: number,
  isEnd: boolean,
): void {
  const prefixed = isFirst ? 1 : 0;
  const frames = Math.ceil((length + prefixed) / maxFrameBytes);
  const out = output.reserve(length + prefixed + frames * frameHeadBytes);
  let from = 0;
  for (let frame = 0; frame < frames; frame++) {
    const prefix = frame === 0 ? prefixed : 0;
    const taken = Math.min(length - from, maxFrameBytes - prefix);
    const flags = (frame === 0 && isEnd ? Flag.endStream : 0) | (frame === frames - 1 ? Flag.endHeaders : 0);
    const type = frame === 0 ? FrameType.headers : FrameType.continuation;
    output.length = putFrameHead(out, output.length, taken + prefix, type, flags, stream);
    if (prefix > 0) out[output.length++] = emptyTableUpdate;
    block.copy(out, output.length, from, from + taken);
    output.length += taken;
    from += taken;
  }
}
