import type { ClientChannel } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import { ByteSink } from './byte-sink.ts';
import { defaultMaxBytes } from './call-limits.ts';
import type { CallOptions, TerminalWire } from './transport.ts';

/** A channel with a terminal as text in both directions. What breaks it, or too much text, ends the call. */
export function terminalWire(
  channel: ClientChannel,
  what: string,
  options: CallOptions,
  settle: { readonly reject: (error: Error) => void },
): TerminalWire {
  const decoder = new TextDecoder();
  const all = new ByteSink(what, options.maxBytes ?? defaultMaxBytes);
  let early = '';
  let listener: ((text: string) => void) | undefined;
  let onEnd: (() => void) | undefined;
  let hasEnded = false;

  function take(chunk: Buffer): void {
    const error = all.push(chunk);
    if (error !== undefined) settle.reject(error);
    const text = decoder.decode(chunk, { stream: true });
    if (listener === undefined) early += text;
    else listener(text);
  }
  channel.on('data', take);
  channel.stderr.on('data', take);
  channel.on('close', () => {
    hasEnded = true;
    onEnd?.();
  });
  channel.on('error', (cause: Error) => {
    settle.reject(new AppError('SESSION_CLOSED', `${what}: the channel broke.`, { cause, raw: cause.message }));
  });
  return {
    write: (text) => {
      channel.write(text);
    },
    onText: (next) => {
      listener = next;
      if (early !== '') next(early);
      early = '';
    },
    onEnd: (next) => {
      onEnd = next;
      if (hasEnded) next();
    },
  };
}
