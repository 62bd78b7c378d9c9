import { createHash, randomBytes } from 'node:crypto';

export interface Sessions {
  /** A token for one link, good for one use, and no longer than `livesMs` where that is given. */
  readonly mintToken: (livesMs?: number) => string;
  /** Trades a token for a new session; undefined where it is unknown, used or too old. */
  readonly exchange: (token: string) => string | undefined;
  readonly has: (session: string) => boolean;
}

/** Tokens and sessions of one run of the console, in memory alone: all end with it. Kept as hashes, so that look-ups tell nothing by their timing. */
export function openSessions(now: () => number): Sessions {
  const tokens = new Map<string, number>();
  const sessions = new Set<string>();
  return {
    mintToken: (livesMs = Infinity) => {
      const token = secret();
      tokens.set(hash(token), now() + livesMs);
      return token;
    },
    exchange: (token) => {
      const key = hash(token);
      const endsAt = tokens.get(key) ?? -Infinity;
      tokens.delete(key);
      if (endsAt < now()) return undefined;
      const session = secret();
      sessions.add(hash(session));
      return session;
    },
    has: (session) => sessions.has(hash(session)),
  };
}

/** 256 bits in 43 characters that need no escaping. */
function secret(): string {
  return randomBytes(32).toString('base64url');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
