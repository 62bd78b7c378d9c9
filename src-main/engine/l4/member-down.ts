import type { MemberHealth } from '../messages.ts';
import type { Listener } from '../runtime/listener.ts';
import type { Tables } from '../runtime/tables.ts';

/** Takes what the checks found. Connections of a member that went down end or move as its pool's `onMemberDown` says. */
export function takeHealth(tables: Tables, changes: readonly MemberHealth[], listeners: Iterable<Listener>): void {
  const fallen = changes.flatMap((change) => {
    const member = change.isDown ? tables.member(change.pool, change.member) : undefined;
    const mode = tables.pool(change.pool)?.settings.onMemberDown ?? 'finish';
    return member === undefined || member.isDown || mode === 'finish' ? [] : [{ member, mode }];
  });
  tables.setHealth(changes);
  if (fallen.length === 0) return;
  for (const { connections } of listeners) {
    for (const connection of [...connections]) {
      for (const { member, mode } of fallen) {
        if (mode === 'reselect' && connection.reselect !== undefined) connection.reselect(member);
        else connection.cut(member);
      }
    }
  }
}
