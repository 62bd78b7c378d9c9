import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './setup.mjs';

/** Debian 12 has HAProxy 2.6; what people run is newer. */
const release = 'trixie';
/** HAProxy and every library that it loads, as packages of that release. */
const packages = [
  'haproxy',
  'libc6',
  'libcap2',
  'libcrypt1',
  'libgcc-s1',
  'libjemalloc2',
  'liblua5.4-0',
  'libopentracing-c-wrapper0t64',
  'libopentracing1',
  'libpcre2-8-0',
  'libssl3t64',
  'libstdc++6',
  'libsystemd0',
  'libzstd1',
  'zlib1g',
];
const home = '/var/cache/steelyard-tests/haproxy';

/**
 * The folder of a program `haproxy` of the next Debian, with its own libraries beside it and nothing of it installed; undefined where it
 * cannot be had (no Debian of this processor, not root, no net): its tests are skipped then, also under CI, and the reason is said.
 */
export async function newerHaproxy() {
  const folder = join(home, 'bin');
  if (existsSync(join(folder, 'haproxy'))) return folder;
  const uris = process.platform === 'linux' && process.arch === 'x64' ? archiveOfDebian() : undefined;
  if (uris === undefined || process.getuid?.() !== 0) return undefined;
  say(`Unpacking HAProxy of Debian's ${release} ...`);
  const work = `${home}.new`;
  try {
    rmSync(work, { recursive: true, force: true });
    for (const part of ['lists/partial', 'cache/archives/partial', 'bin'])
      mkdirSync(join(work, part), { recursive: true });
    await fill(work, uris);
    rmSync(home, { recursive: true, force: true });
    renameSync(work, home);
    return folder;
  } catch (error) {
    say(`Skipped are the tests on a newer HAProxy: ${error.message}`);
    return undefined;
  }
}

async function fill(work, uris) {
  const signed = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${signed}] ${uris} ${release} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await must('apt-get', [...options, 'update', '-qq']);
  await must('apt-get', [...options, 'download', '-qq', ...packages], work);
  for (const name of readdirSync(work).filter((each) => each.endsWith('.deb'))) {
    await must('dpkg', ['-x', join(work, name), join(work, 'root')]);
    rmSync(join(work, name));
  }
  const libraries = 'root/usr/lib/x86_64-linux-gnu';
  copyFileSync(join(work, 'root/usr/sbin/haproxy'), join(work, 'bin/haproxy'));
  await must('patchelf', [
    '--set-interpreter',
    join(home, libraries, 'ld-linux-x86-64.so.2'),
    '--force-rpath',
    '--set-rpath',
    join(home, libraries),
    join(work, 'bin/haproxy'),
  ]);
  rmSync(join(work, 'lists'), { recursive: true, force: true });
  rmSync(join(work, 'cache'), { recursive: true, force: true });
}

async function must(program, words, cwd = root) {
  const code = await run(program, words, { isQuiet: true, cwd });
  if (code !== 0) throw new Error(`${program} ended with status ${code}.`);
}

/** Where this machine has its own packages from. */
function archiveOfDebian() {
  const folder = '/etc/apt/sources.list.d';
  const lists = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ];
  for (const file of lists.filter((each) => existsSync(each))) {
    const text = readFileSync(file, 'utf8').replace(/^\s*#.*$/gm, '');
    const found =
      /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(text) ?? /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text);
    if (found !== null) return found[1];
  }
  return undefined;
}
