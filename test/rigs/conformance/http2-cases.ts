import { fieldGroups } from './http2-field-cases.ts';
import { frameGroups, type Row } from './http2-frame-cases.ts';
import { messageGroups } from './http2-message-cases.ts';
import type { Http2Case } from './http2-case.ts';

/** Cases of our own from RFC 9113, 7541 and 8441 as they bind an intermediary's server side, grouped as the table shows them. */
const groups: Readonly<Record<string, readonly Row[]>> = { ...frameGroups, ...fieldGroups, ...messageGroups };

export const http2Cases: readonly Http2Case[] = Object.entries(groups).flatMap(([group, rows]) =>
  rows.map(([name, source, steps, isRight, more]) => ({ group, name, source, steps, isRight, ...more })),
);
