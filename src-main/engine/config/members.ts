import { isIP } from 'node:net';
import type { EngineConfig, EngineMember } from '../../contract/engine-config.ts';
import { parseServerAddress, unixPathOf } from './listen-address.ts';
import { formatPath, type ConfigProblem } from './problem.ts';

type Path = readonly (string | number)[];

const label = /^[\x21-\x2d\x2f-\x7e]{1,63}$/;

/** Members without the port that they need, names that are none, and who is asked for them. */
export function findMemberProblems(config: EngineConfig): ConfigProblem[] {
  const members = (config.pools ?? []).flatMap((pool, p) =>
    (pool.members ?? []).flatMap((member, m) => memberProblems(member, ['pools', p, 'members', m])),
  );
  const servers = (config.resolver?.servers ?? []).flatMap((text, index) =>
    parseServerAddress(text) !== undefined
      ? []
      : [
          {
            path: ['resolver', 'servers', index],
            what: `"${text}" is no name server`,
            why: 'it cannot be asked',
            remedy: 'write its address, or [v6]:port or v4:port',
          },
        ],
  );
  const sources = (config.pools ?? []).flatMap(({ sourceAddress = '' }, index) =>
    sourceAddress === '' || isIP(sourceAddress) !== 0
      ? []
      : [
          {
            path: ['pools', index, 'sourceAddress'],
            what: `"${sourceAddress}" is no address`,
            why: 'connections to members cannot come from it',
            remedy: 'write an address of this machine',
          },
        ],
  );
  return [...members, ...servers, ...sources];
}

function memberProblems(member: EngineMember, path: Path): ConfigProblem[] {
  const { address, port, discover } = member;
  const isUnix = unixPathOf(address) !== undefined;
  if (isUnix && (port !== undefined || discover !== undefined)) {
    const key = port === undefined ? 'discover' : 'port';
    const what = `"${address}" has a ${key}`;
    return [{ path: [...path, key], isKey: true, what, why: 'a Unix socket has none', remedy: `remove ${key}` }];
  }
  if (discover === undefined) return isUnix || port !== undefined ? [] : [missingPort(path)];
  const labels = address.replace(/\.$/, '').split('.');
  if (isIP(address) !== 0 || !labels.every((each) => label.test(each)) || address.length > 254) {
    const what = `"${address}" is no name`;
    return [
      { path: [...path, 'address'], what, why: 'discover asks DNS for it', remedy: 'write a name, or remove discover' },
    ];
  }
  if (discover === 'a' && port === undefined) return [missingPort(path)];
  return [];
}

function missingPort(path: Path): ConfigProblem {
  const what = `${formatPath([...path, 'port'])} is missing`;
  return { path, what, why: 'an address alone cannot be connected to', remedy: 'add port' };
}
