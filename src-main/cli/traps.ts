import type { TrapSettings } from '../contract/events.ts';
import { UsageError } from './arguments.ts';
import { type Command, dataOption } from './command.ts';
import { keepSecrets } from './devices.ts';
import { readSecret, readSecretFile } from './secrets.ts';
import { withConsole } from './session.ts';

export const showTraps: Command = {
  name: 'traps show',
  what: 'where traps are taken and from whom, what came, what was refused and what was dropped, as JSON',
  takes: '',
  options: dataOption,
  run: async (given, tools) => {
    const state = await withConsole(given, tools, ({ call }) => call('traps.get', {}));
    await tools.terminal.write(`${JSON.stringify(state, null, 2)}\n`);
    return 0;
  },
};

export const setTraps: Command = {
  name: 'traps listen',
  what: 'takes traps and informs of SNMP on a UDP port while the console runs (serve, or the window); off stops it',
  takes: 'HOST:PORT',
  options: {
    ...dataOption,
    'community-file': {
      value: 'FILE',
      what: 'the community of v1 and v2c, on the first line (or STEELYARD_COMMUNITY)',
    },
    user: { value: 'USER', what: 'a user of SNMPv3 that senders sign with' },
    'without-user': { value: 'USER', isRepeated: true, what: 'a user that is no longer taken' },
    auth: { value: 'PROTOCOL', what: 'its authentication: md5, sha, sha224, sha256, sha384, sha512' },
    priv: { value: 'PROTOCOL', what: 'its privacy: aes, aes256, aes256c (Cisco), des' },
    'password-file': { value: 'FILE', what: "the user's password, on the first line (or STEELYARD_PASSWORD)" },
    'privacy-file': {
      value: 'FILE',
      what: 'its privacy password (or STEELYARD_PRIVACY_PASSWORD); the same unless told',
    },
  },
  run: async (given, tools) => {
    const place = given.need(0, 'HOST:PORT');
    async function secret(option: string, name: string): Promise<string | undefined> {
      const file = given.text(option);
      return file === undefined ? readSecret(name, tools.env) : readSecretFile(file);
    }
    const community = await secret('community-file', 'STEELYARD_COMMUNITY');
    const password = await secret('password-file', 'STEELYARD_PASSWORD');
    const privacy = (await secret('privacy-file', 'STEELYARD_PRIVACY_PASSWORD')) ?? password;
    const [user, auth, priv] = [given.text('user'), given.text('auth'), given.text('priv')];
    if (user === undefined && (auth ?? priv) !== undefined) throw new UsageError('--auth and --priv need a --user.');
    if (auth !== undefined && password === undefined) throw new UsageError('--auth needs a --password-file.');
    const settings: TrapSettings = {
      listen: place === 'off' ? '' : place,
      ...(community === undefined ? {} : { community }),
      ...(user === undefined
        ? {}
        : {
            users: [
              {
                user,
                ...(auth === undefined ? {} : { auth: { protocol: auth, password: password ?? '' } }),
                ...(priv === undefined ? {} : { priv: { protocol: priv, password: privacy ?? '' } }),
              },
            ],
          }),
      withoutUsers: [...given.texts('without-user')],
    };
    const state = await withConsole(given, tools, async (session) => {
      if (community !== undefined || user !== undefined) await keepSecrets(session, tools);
      return session.call('traps.set', settings);
    });
    await tools.terminal.write(`${JSON.stringify(state, null, 2)}\n`);
    if (state.wanted !== '' && state.listen === undefined && state.problem === undefined) {
      tools.terminal.say('Kept. A console that runs (steelyard serve, or the window) listens there.');
    }
    return state.problem === undefined ? 0 : 1;
  },
};
