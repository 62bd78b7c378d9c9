import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { makePrograms } from '../../../../src-main/simulate/bash/programs.ts';
import { inputOf, runShell, type Shell } from '../../../../src-main/simulate/bash/run.ts';
import { makeFiles } from '../../../../src-main/simulate/files.ts';

async function bash(
  script: string,
  input = '',
  files = makeFiles(),
): Promise<{ status: number; out: string; error: string }> {
  let [out, error] = ['', ''];
  const shell: Shell = {
    files,
    variables: new Map([['PWD', '/root']]),
    programs: makePrograms(files, 'bigip1', () => shell),
  };
  const status = await runShell(shell, script, {
    input: inputOf(input),
    out: (text) => (out += text),
    error: (text) => (error += text),
  });
  return { status, out, error };
}

const scripts: readonly (readonly [script: string, out: string, status: number])[] = [
  [`echo one 'two  three' "four five" six\\ seven`, 'one two  three four five six seven\n', 0],
  [`printf '%s\\n' a b`, 'a\nb\n', 0],
  [`printf 'create cli transaction\\nsubmit cli transaction\\n' | wc -l`, '2\n', 0],
  [`echo -e 'a;\\nb' | grep -c a`, '1\n', 0],
  ['false || echo no; true && echo yes', 'no\nyes\n', 0],
  ['false; echo $?', '1\n', 0],
  ['! false', '', 0],
  [`cat <<'EOF' | grep two\none $HOME\ntwo\nEOF`, 'two\n', 0],
  ['name=web\ncat <<EOF\npool $name\nEOF\necho after', 'pool web\nafter\n', 0],
  ['echo "$(echo inner | cat)" x', 'inner x\n', 0],
  ['echo a # no word\necho b', 'a\nb\n', 0],
  ['test -f /var/tmp/none', '', 1],
  ['exit 3; echo never', '', 3],
  [`bash -c 'echo "in one"'`, 'in one\n', 0],
  [`echo "a\\"b" 'c"d'`, 'a"b c"d\n', 0],
  [`printf 'x\\ny\\nz\\n' | tail -n 2 | head -1`, 'y\n', 0],
  [`echo \\\nlong`, 'long\n', 0],
  ['name=out; (name=in; cd /tmp; echo $name; exit 4); echo $? $name', 'in\n4 out\n', 0],
  ['(echo b; (echo a)) | grep -c . && (false) || echo no', '2\nno\n', 0],
  ['(\n  echo one # not ( here\n  echo "two)"\n) | tail -n 1', 'two)\n', 0],
  ['false; (echo $?)', '1\n', 0],
];

test.each(scripts)('%s', async (script, out, status) => {
  expect(await bash(script)).toEqual({ status, out, error: '' });
});

test.skipIf(spawnSync('bash', ['--version']).status !== 0)('GNU bash answers the same to each of them', () => {
  for (const [script, out, status] of scripts) {
    const real = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect([script, real.stdout, real.status]).toEqual([script, out, status]);
  }
});

test('what is hashed has a line for each file, what is missing a word of its own', async () => {
  const files = makeFiles();
  files.write('/var/tmp/a', 'a');
  files.write('/var/tmp/b', 'b');
  expect(
    await bash(
      '(sha256sum /var/tmp/a /var/tmp/none /var/tmp/b) > /var/tmp/sums; echo $?; cat /var/tmp/sums',
      '',
      files,
    ),
  ).toEqual({
    status: 0,
    out:
      '1\nca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  /var/tmp/a\n' +
      '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  /var/tmp/b\n',
    error: 'sha256sum: /var/tmp/none: No such file or directory\n',
  });
  expect((await bash('sha256sum', 'a')).out).toMatch(/^ca978112\w+ {2}-\n$/);
});

test.each([
  ['(echo a', 'syntax error: unexpected end of file'],
  ['echo a)', "syntax error near unexpected token `)'"],
  ['()', "syntax error near unexpected token `)'"],
  ['echo (a)', "syntax error near unexpected token `('"],
  ['(true) again', "syntax error near unexpected token `again'"],
])('%s is no command: %s', async (script, words) => {
  expect(await bash(script)).toEqual({ status: 2, out: '', error: `bash: -c: line 1: ${words}\n` });
});

test('files are written, appended, read and removed', async () => {
  const files = makeFiles();
  expect(await bash('cat > /var/tmp/a.conf', 'ltm pool p { }\n', files)).toMatchObject({ status: 0, out: '' });
  expect(await bash('echo more >> /var/tmp/a.conf && cat < /var/tmp/a.conf', '', files)).toMatchObject({
    out: 'ltm pool p { }\nmore\n',
  });
  expect(await bash('mv /var/tmp/a.conf /var/tmp/b.conf; ls /var/tmp', '', files)).toMatchObject({ out: 'b.conf\n' });
  expect(await bash('rm -f /var/tmp/b.conf; cat /var/tmp/b.conf', '', files)).toMatchObject({
    status: 1,
    error: 'cat: /var/tmp/b.conf: No such file or directory\n',
  });
});

test('a full disk, a folder that is not there and a program that nobody has are told as bash tells them', async () => {
  const files = makeFiles();
  files.fill(true);
  expect(await bash('echo a > /var/tmp/a', '', files)).toMatchObject({
    status: 1,
    error: 'bash: write error: No space left on device\n',
  });
  expect(await bash('echo a > /nowhere/a')).toMatchObject({
    status: 1,
    error: 'bash: /nowhere/a: No such file or directory\n',
  });
  expect(await bash('frobnicate')).toMatchObject({ status: 127, error: 'bash: frobnicate: command not found\n' });
  expect(await bash("echo 'open")).toMatchObject({
    status: 2,
    error: "bash: -c: line 1: unexpected EOF while looking for matching `''\n",
  });
});
