import { createHash, X509Certificate } from 'node:crypto';
import { assigned, mergeSetLine } from './assign.ts';
import { boundCiphers, isCipher, isDefaultBound } from './ciphers.ts';
import { type ConfigLine, findArgument, isSame, makeLine } from './config-line.ts';
import { type Configuration, findLines, insertLine, type KeyPair, removeLines, replaceLine } from './configuration.ts';
import { filesOf, type PairFiles, readPair } from './key-pair.ts';
import type { Given } from './match.ts';
import { CommandRefused } from './refusal.ts';
import { isTlsVserver } from './tls.ts';
import type { EffectTools } from './tools.ts';
import { toWord } from './words.ts';

/** Commands on certificates, on what SSL virtual servers and profiles do with them, and on groups of ciphers. Throws `CommandRefused`. */
export function changeSsl(config: Configuration, given: Given, tools: EffectTools): Configuration {
  const [name = ''] = given.positionals;
  switch (`${given.form.verb} ${given.form.object}`) {
    case 'add ssl certKey':
      return addPair(config, given, tools);
    case 'update ssl certKey':
      return updatePair(config, given, tools);
    case 'set ssl certKey':
    case 'unset ssl certKey':
      return replaceLine(config, needPair(config, name), assigned(needPair(config, name), given, {}));
    case 'rm ssl certKey':
      return removePair(config, name);
    case 'link ssl certKey':
      return link(config, name, given.positionals[1] ?? '');
    case 'unlink ssl certKey':
      return unlink(config, name);
    case 'set ssl vserver':
    case 'unset ssl vserver':
      return setVserver(config, given);
    case 'bind ssl vserver':
      return bindVserver(config, given);
    case 'unbind ssl vserver':
      return unbindVserver(config, given);
    default:
      return changeShared(config, given);
  }
}

/** Profiles and groups of ciphers. */
function changeShared(config: Configuration, given: Given): Configuration {
  const { verb, object } = given.form;
  const [name = ''] = given.positionals;
  const isProfile = object === 'ssl profile';
  if (verb === 'add') {
    if (hasShared(config, object, name)) throw new CommandRefused('Resource already exists', labelOf(object), name);
    const line = makeLine({ verb: 'add', object, positionals: [toWord(name)], args: [] });
    return insertLine(config, assigned(line, given, unwrittenOfProfile));
  }
  if (!hasShared(config, object, name)) throw new CommandRefused('No such resource', labelOf(object), name);
  if (verb === 'rm') return removeShared(config, object, name);
  if (verb === 'bind') return bindCipher(config, given, isProfile);
  if (verb === 'unbind') return unbindCipher(config, given, isProfile);
  const [own] = findLines(config, 'add', object, name);
  if (own !== undefined) return replaceLine(config, own, assigned(own, given, unwrittenOfProfile));
  return mergeSetLine(config, given, unwrittenOfProfile);
}

export const builtinProfiles: readonly string[] = ['ns_default_ssl_profile_frontend', 'ns_default_ssl_profile_backend'];

function hasShared(config: Configuration, object: string, name: string): boolean {
  if (object === 'ssl profile' && builtinProfiles.includes(name)) return true;
  return findLines(config, 'add', object, name).length > 0;
}

function labelOf(object: string): string {
  return object === 'ssl profile' ? 'name' : 'cipherGroupName';
}

/** Values that are not written where they are the default (manual, "ssl vserver" and "ssl profile"; ssl3 and tls13 as transcripts show them). */
const unwrittenOfVserver: Readonly<Record<string, string>> = {
  clearTextPort: '0',
  dh: 'DISABLED',
  dhCount: '0',
  dhKeyExpSizeLimit: 'DISABLED',
  eRSA: 'ENABLED',
  eRSACount: '0',
  sessReuse: 'ENABLED',
  sessTimeout: '120',
  cipherRedirect: 'DISABLED',
  clientAuth: 'DISABLED',
  sslRedirect: 'DISABLED',
  redirectPortRewrite: 'DISABLED',
  ssl3: 'ENABLED',
  tls1: 'ENABLED',
  tls11: 'ENABLED',
  tls12: 'ENABLED',
  tls13: 'DISABLED',
  dtls1: 'ENABLED',
  dtls12: 'DISABLED',
  SNIEnable: 'DISABLED',
  ocspStapling: 'DISABLED',
  pushEncTrigger: 'Always',
  sendCloseNotify: 'YES',
  HSTS: 'DISABLED',
  maxage: '0',
  IncludeSubdomains: 'NO',
  strictSigDigestCheck: 'DISABLED',
};
/** A public transcript shows a new profile with SSLv3 off. */
const unwrittenOfProfile: Readonly<Record<string, string>> = {
  ...unwrittenOfVserver,
  ssl3: 'DISABLED',
  sslProfileType: 'FrontEnd',
  serverAuth: 'DISABLED',
  denySSLReneg: 'ALL',
  sessionTicket: 'DISABLED',
  sessionTicketLifeTime: '300',
  clientAuthUseBoundCAChain: 'DISABLED',
};

function setVserver(config: Configuration, given: Given): Configuration {
  const [name = ''] = given.positionals;
  needVserver(config, name);
  const profile = given.args.find((one) => one.name === 'sslProfile')?.values[0];
  if (profile !== undefined && !hasShared(config, 'ssl profile', profile)) {
    throw new CommandRefused('No such resource', 'sslProfile', profile);
  }
  return mergeSetLine(config, given, unwrittenOfVserver);
}

function needVserver(config: Configuration, name: string): void {
  const isThere = ['lb vserver', 'cs vserver', 'vpn vserver'].some((object) =>
    findLines(config, 'add', object, name).some(isTlsVserver),
  );
  if (!isThere) throw new CommandRefused('No such resource', 'vServerName', name);
}

/** The words are those of NITRO's error 1540, as public clients know it. */
function needPair(config: Configuration, name: string): ConfigLine {
  const [line] = findLines(config, 'add', 'ssl certKey', name);
  if (line === undefined) throw new CommandRefused('Certificate does not exist');
  return line;
}

function valueOf({ args }: Given, name: string): string | undefined {
  return args.find((one) => isSame(one.name, name))?.values[0];
}

/** What stands for a passphrase in the configuration; how the appliance makes it is its secret, this is ours. */
function cover(password: string, { passwords }: EffectTools): string {
  const covered = createHash('sha256').update(password).digest('base64').slice(0, 32);
  passwords.set(covered, password);
  return covered;
}

function addPair(config: Configuration, given: Given, tools: EffectTools): Configuration {
  const [name = ''] = given.positionals;
  if (findLines(config, 'add', 'ssl certKey', name).length > 0) {
    throw new CommandRefused('Resource already exists', 'certkeyName', name);
  }
  const certificate = valueOf(given, 'cert');
  if (certificate === undefined) throw new CommandRefused('Required argument missing', 'cert');
  const start = makeLine({ verb: 'add', object: 'ssl certKey', positionals: [toWord(name)], args: [] });
  return withPair(insertLine, config, start, given, tools);
}

/** Without files the ones that the pair has are read once more. */
function updatePair(config: Configuration, given: Given, tools: EffectTools): Configuration {
  const [name = ''] = given.positionals;
  const line = needPair(config, name);
  const before = config.pairs.get(name);
  const next = withPair((all, changed) => replaceLine(all, line, changed), config, line, given, tools);
  const after = next.pairs.get(name);
  const isChecked = !given.args.some((one) => one.name === 'noDomainCheck');
  if (isChecked && before !== undefined && after !== undefined && domainOf(before) !== domainOf(after)) {
    // Its words are ours: that the domains are compared is the manual's.
    throw new CommandRefused('Certificate domain name does not match that of the current certificate');
  }
  return next;
}

function domainOf({ certificate }: KeyPair): string {
  return /CN=(.*)/.exec(new X509Certificate(certificate).subject)?.[1] ?? '';
}

function withPair(
  put: (config: Configuration, line: ConfigLine) => Configuration,
  config: Configuration,
  line: ConfigLine,
  given: Given,
  tools: EffectTools,
): Configuration {
  const password = valueOf(given, 'password');
  const args = given.args
    .filter((one) => one.name !== 'noDomainCheck')
    .map((one) => (one.name === 'password' ? { name: 'passcrypt', values: [cover(password ?? '', tools)] } : one));
  const order = given.form.args.map((one) => (one.name === 'password' ? { ...one, name: 'passcrypt' } : one));
  const normal = { inform: 'PEM', bundle: 'NO', notificationPeriod: '30' };
  const changed = assigned(line, { ...given, form: { ...given.form, args: order }, args }, normal);
  const files: PairFiles = filesOf(changed, tools.passwords);
  const [name = ''] = given.positionals;
  const pairs = new Map([...config.pairs, [name, readPair(tools.files, files)]]);
  return put({ ...config, pairs }, changed);
}

function removePair(config: Configuration, name: string): Configuration {
  const line = needPair(config, name);
  const isBound = config.lines.some((one) => one.verb === 'bind' && findArgument(one, 'certkeyName') === name);
  const isLinked = findLines(config, 'link', 'ssl certKey').some(({ positionals }) =>
    positionals.some(({ text }) => text === name),
  );
  if (isBound || isLinked) {
    // NITRO's words, as remembered.
    throw new CommandRefused(
      'Certificate is referenced by a CRL, OCSP responder, virtual server, service, or another certificate',
    );
  }
  const pairs = new Map([...config.pairs].filter(([one]) => one !== name));
  return removeLines({ ...config, pairs }, [line]);
}

function link(config: Configuration, name: string, issuer: string): Configuration {
  needPair(config, name);
  needPair(config, issuer);
  if (findLines(config, 'link', 'ssl certKey', name).length > 0) {
    throw new CommandRefused('Resource already exists', 'certkeyName', name);
  }
  const [own, above] = [config.pairs.get(name), config.pairs.get(issuer)];
  const isIssued =
    own === undefined ||
    above === undefined ||
    new X509Certificate(own.certificate).checkIssued(new X509Certificate(above.certificate));
  // Its words are ours: the manual says that a certificate is linked to its issuer's.
  if (!isIssued) throw new CommandRefused('Certificate issuer mismatch');
  const positionals = [name, issuer].map(toWord);
  return insertLine(config, makeLine({ verb: 'link', object: 'ssl certKey', positionals, args: [] }));
}

function unlink(config: Configuration, name: string): Configuration {
  needPair(config, name);
  const gone = findLines(config, 'link', 'ssl certKey', name);
  if (gone.length === 0) throw new CommandRefused('No such resource', 'certkeyName', name);
  return removeLines(config, gone);
}

function bindVserver(config: Configuration, given: Given): Configuration {
  const [vserver = ''] = given.positionals;
  needVserver(config, vserver);
  const certificate = valueOf(given, 'certkeyName');
  if (certificate !== undefined) return bindCertificate(config, given, vserver, certificate);
  if (valueOf(given, 'cipherName') !== undefined) return bindCipher(config, given, false);
  return bindCurve(config, given);
}

/** A server certificate takes the place of the one of its kind of key (from memory); those for a name and of authorities are many. */
function bindCertificate(config: Configuration, given: Given, vserver: string, name: string): Configuration {
  needPair(config, name);
  const role = roleOf(given.args.map((one) => one.name));
  const pair = config.pairs.get(name);
  const isWithoutKey = findArgument(needPair(config, name), 'key') === undefined;
  // The manual has it that a server certificate needs its key; the words are ours.
  if (role !== 'CA' && isWithoutKey)
    throw new CommandRefused('Certificate without a key cannot be bound as a server certificate');
  const bound = findLines(config, 'bind', 'ssl vserver', vserver).filter(
    (line) => findArgument(line, 'certkeyName') !== undefined && roleOf(line.args.map((one) => one.name)) === role,
  );
  const isThere = bound.some((line) => findArgument(line, 'certkeyName') === name);
  if (isThere) throw new CommandRefused('Resource already exists', 'certkeyName', name);
  const replaced = role === 'server' ? bound.filter((line) => kindOfKey(config, line) === keyType(pair)) : [];
  return insertLine(removeLines(config, replaced), bindingLine(given, vserver));
}

function roleOf(names: readonly string[]): 'server' | 'SNI' | 'CA' {
  if (names.includes('CA')) return 'CA';
  return names.includes('SNICert') ? 'SNI' : 'server';
}

function kindOfKey(config: Configuration, line: ConfigLine): string {
  return keyType(config.pairs.get(findArgument(line, 'certkeyName') ?? ''));
}

function keyType(pair: KeyPair | undefined): string {
  return pair === undefined ? 'rsa' : (new X509Certificate(pair.certificate).publicKey.asymmetricKeyType ?? 'rsa');
}

function bindingLine(given: Given, name: string): ConfigLine {
  const start = makeLine({ verb: 'bind', object: given.form.object, positionals: [toWord(name)], args: [] });
  return assigned(start, { ...given, form: { ...given.form, verb: 'bind' } }, {});
}

function bindCurve(config: Configuration, given: Given): Configuration {
  const [name = ''] = given.positionals;
  const curve = valueOf(given, 'eccCurveName');
  if (curve === undefined) throw new CommandRefused('Required argument missing', 'certkeyName');
  const known = findLines(config, 'bind', given.form.object, name).map((line) => findArgument(line, 'eccCurveName'));
  const wanted = curve === 'ALL' ? curves : [curve];
  const missing = wanted.filter((one) => !known.includes(one));
  if (missing.length === 0) throw new CommandRefused('Resource already exists', 'eccCurveName', curve);
  return withCurves(config, given.form.object, name, missing);
}

/** What a new SSL virtual server is bound to by itself, as public configurations of 10.5 and later have it. */
export const curves: readonly string[] = ['P_256', 'P_384', 'P_224', 'P_521'];

export function withCurves(
  config: Configuration,
  object: string,
  name: string,
  names: readonly string[],
): Configuration {
  return names.reduce((all, curve) => {
    const args = [{ name: 'eccCurveName', values: [toWord(curve)] }];
    return insertLine(all, makeLine({ verb: 'bind', object, positionals: [toWord(name)], args }));
  }, config);
}

/**
 * The group DEFAULT is bound at first, unwritten. With another one beside it it is written; where it was taken away before there is any
 * other, that is. All of this is from memory of what ns.conf holds.
 */
function bindCipher(config: Configuration, given: Given, isProfile: boolean): Configuration {
  const [name = ''] = given.positionals;
  const { object } = given.form;
  const cipher = valueOf(given, 'cipherName');
  if (cipher === undefined) return isProfile ? bindCurve(config, given) : missingCipher();
  if (!isCipher(config, cipher)) throw new CommandRefused('No such resource', 'cipherName', cipher);
  if (boundCiphers(config, object, name).includes(cipher)) {
    throw new CommandRefused('Resource already exists', 'cipherName', cipher);
  }
  const bare = removeLines(config, findLines(config, 'unbind', object, name));
  if (cipher === 'DEFAULT' && boundCiphers(config, object, name).length === 0) return bare;
  const isBesideDefault = object !== 'ssl cipher' && isDefaultBound(config, object, name);
  const kept = isBesideDefault ? insertLine(bare, defaultLine('bind', object, name)) : bare;
  return insertLine(kept, bindingLine(given, name));
}

function defaultLine(verb: string, object: string, name: string): ConfigLine {
  const args = [{ name: 'cipherName', values: [toWord('DEFAULT')] }];
  return makeLine({ verb, object, positionals: [toWord(name)], args });
}

function missingCipher(): never {
  throw new CommandRefused('Required argument missing', 'cipherName');
}

function unbindCipher(config: Configuration, given: Given, isProfile: boolean): Configuration {
  const [name = ''] = given.positionals;
  const { object } = given.form;
  const cipher = valueOf(given, 'cipherName');
  if (cipher === undefined) return isProfile ? unbindBy(config, given, 'eccCurveName') : missingCipher();
  const isImplied = object !== 'ssl cipher' && cipher === 'DEFAULT' && isDefaultBound(config, object, name);
  const next = isImplied ? config : unbindBy(config, given, 'cipherName');
  const isBare = object !== 'ssl cipher' && (isImplied || isDefaultBound(next, object, name));
  return isBare ? insertLine(next, defaultLine('unbind', object, name)) : next;
}

function unbindVserver(config: Configuration, given: Given): Configuration {
  const [vserver = ''] = given.positionals;
  needVserver(config, vserver);
  if (valueOf(given, 'cipherName') !== undefined) return unbindCipher(config, given, false);
  return unbindBy(config, given, valueOf(given, 'certkeyName') === undefined ? 'eccCurveName' : 'certkeyName');
}

function unbindBy(config: Configuration, given: Given, argument: string): Configuration {
  const [name = ''] = given.positionals;
  const value = valueOf(given, argument);
  if (value === undefined) throw new CommandRefused('Required argument missing', argument);
  const role = roleOf(given.args.map((one) => one.name));
  const gone = findLines(config, 'bind', given.form.object, name).filter((line) => {
    const isIt = findArgument(line, argument) === value || (argument === 'eccCurveName' && value === 'ALL');
    return isIt && findArgument(line, argument) !== undefined && roleOf(line.args.map((one) => one.name)) === role;
  });
  if (gone.length === 0) throw new CommandRefused('No such resource', argument, value);
  return removeLines(config, gone);
}

function removeShared(config: Configuration, object: string, name: string): Configuration {
  const [line] = findLines(config, 'add', object, name);
  // The words are ours: a built-in profile, or one that is in use, stays.
  if (line === undefined) throw new CommandRefused('Operation not permitted');
  const argument = object === 'ssl profile' ? 'sslProfile' : 'cipherName';
  const isUsed = config.lines.some((one) => one.verb !== 'add' && findArgument(one, argument) === name);
  if (isUsed) throw new CommandRefused('Resource in use', labelOf(object), name);
  return removeLines(config, [
    line,
    ...findLines(config, 'bind', object, name),
    ...findLines(config, 'unbind', object, name),
  ]);
}
