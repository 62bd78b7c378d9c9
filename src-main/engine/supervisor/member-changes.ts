import { AppError } from '../../contract/errors.ts';
import type { EngineConfig, EngineMember, EnginePool } from '../../contract/engine-config.ts';
import { memberName } from '../config/settings.ts';

/** Changes to a member at run time, each as a new configuration: nothing is changed in place. */

/** What `PATCH` may say. */
export interface MemberPatch {
  readonly weight?: number | undefined;
  readonly adminState?: 'enabled' | 'draining' | 'disabled' | undefined;
  readonly maxConnections?: number | undefined;
}

export function patchMember(config: EngineConfig, pool: string, member: string, patch: MemberPatch): EngineConfig {
  const written = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return withMembers(config, pool, (members) => {
    find(members, pool, member);
    return members.map((each) => (nameOf(each) === member ? { ...each, ...written } : each));
  });
}

export function addMember(config: EngineConfig, pool: string, member: EngineMember): EngineConfig {
  return withMembers(config, pool, (members) => {
    if (members.some((each) => nameOf(each) === nameOf(member))) {
      throw new AppError(
        'ALREADY_EXISTS',
        `The pool "${pool}" has a member "${nameOf(member)}" already. Give the new one another name.`,
      );
    }
    return [...members, member];
  });
}

export function removeMember(config: EngineConfig, pool: string, member: string): EngineConfig {
  return withMembers(config, pool, (members) => {
    find(members, pool, member);
    return members.filter((each) => nameOf(each) !== member);
  });
}

function withMembers(
  config: EngineConfig,
  name: string,
  change: (members: readonly EngineMember[]) => EngineMember[],
): EngineConfig {
  const pools = config.pools ?? [];
  if (!pools.some((pool) => pool.name === name)) throw new AppError('NOT_FOUND', `There is no pool "${name}".`);
  const changed = pools.map((pool): EnginePool =>
    pool.name === name ? { ...pool, members: change(pool.members ?? []) } : pool,
  );
  return { ...config, pools: changed };
}

function find(members: readonly EngineMember[], pool: string, name: string): void {
  if (members.some((member) => nameOf(member) === name)) return;
  throw new AppError('NOT_FOUND', `The pool "${pool}" has no member "${name}".`);
}

function nameOf(member: EngineMember): string {
  return member.name ?? memberName(member.address, member.port);
}
