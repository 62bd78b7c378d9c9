import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { newerHaproxy } from './newer-haproxy.mjs';
import { installPrograms } from './programs.mjs';
import { build, installPackages, ownNode, root, run, say } from './setup.mjs';

// npm test: sets up what is missing, then the gate (npm run check, with the unit tests), then the tests against real servers and in a
// real browser, those of HAProxy once more on a newer one where it can be had, then each soak at a hundredth. The last line is the sum:
// "N passed, N failed, N skipped".

await installPackages();
const missing = await installPrograms();
const newer = await newerHaproxy();
const results = join(root, 'test-results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
await build();

/** What HAProxy's versions do differently: reading, settings at run time and by reload, certificates. */
const versionTests = ['read', 'push', 'monitors', 'settings', 'reload-faults', 'drain', 'certificates'].map(
  (name) => `test/live/haproxy-${name}.test.ts`,
);
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const unsteady = [];
const check = await runCounted('check', npmWords('check'));
if (check.code !== 0) say('npm run check failed: the lines above say where.');
if (!check.hasReport) await runCounted('unit', vitestWords('unit'));
await runTwice('live', vitestWords('live'));
await runTwice('e2e', vitestWords('e2e'));
if (newer !== undefined) await runTwice('live-newer-haproxy', [...vitestWords('live'), ...versionTests], newer);
for (const file of soaks()) await runSoak(file);

if (missing.length > 0) say(`Skipped are tests that need ${missing.join(', ')}.`);
for (const told of unsteady) say(`\nFailed at its first run: ${told}`);
for (const failure of failures) say(`\nFAILED ${failure}`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Runs something that has vitest in it and adds what its report counts; an end in failure without a failed test counts as one. */
async function runCounted(name, words) {
  const { code, files, hasReport } = await runReported(name, words);
  addFiles(name, files);
  if (code !== 0 && !files.some(isFailed)) addFailure(`${name}: it ended with exit code ${code}`);
  return { code, hasReport };
}

/**
 * Tests on real servers and browsers, on a machine that others may use too: files with a failed test are run once more, alone. What
 * passes only then counts as passed and is named, so that nobody takes it for steady.
 */
async function runTwice(name, words, programs) {
  const first = await runReported(name, words, programs);
  const again = first.files.filter(isFailed).map(({ name }) => relative(root, name));
  if (again.length === 0) {
    addFiles(name, first.files);
    if (first.code !== 0) addFailure(`${name}: it ended with exit code ${first.code}`);
    return;
  }
  const [program, ...rest] = words.filter((word) => !word.endsWith('.test.ts'));
  const second = await runReported(`${name}-again`, [program, ...rest, '--no-file-parallelism', ...again], programs);
  addFiles(
    name,
    first.files.filter((file) => !isFailed(file)),
  );
  addFiles(name, second.files);
  if (second.files.length === 0) addFailure(`${name}: ${again.join(', ')} could not be run again`);
  unsteady.push(...first.files.flatMap(tellFailures));
}

async function runReported(name, words, programs) {
  const report = join(results, `${name}.json`);
  say(`\n== ${name}`);
  const path = [...(programs === undefined ? [] : [programs]), dirname(ownNode), process.env.PATH].join(delimiter);
  const code = await run(words[0], words.slice(1), { env: { PATH: path, VITEST_JSON: report } });
  const hasReport = existsSync(report);
  return { code, hasReport, files: hasReport ? JSON.parse(readFileSync(report, 'utf8')).testResults : [] };
}

function addFiles(name, files) {
  for (const file of files) {
    for (const { status } of file.assertionResults) {
      if (status !== 'failed') total[status === 'passed' ? 'passed' : 'skipped'] += 1;
    }
    for (const told of tellFailures(file)) addFailure(`${name}: ${told}`);
  }
}

function addFailure(told) {
  total.failed += 1;
  failures.push(told);
}

function isFailed({ status, assertionResults }) {
  return status === 'failed' || assertionResults.some((one) => one.status === 'failed');
}

/** One text a failed test; a file that could not even be loaded, or whose set-up failed, holds no failed test, but is one. */
function tellFailures(file) {
  const path = relative(root, file.name);
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return isFailed(file) ? [`${path}\n${firstLines(file.message)}`] : [];
  return failed.map(
    ({ fullName, failureMessages }) => `${path} > ${fullName}\n${firstLines(failureMessages.join('\n'))}`,
  );
}

function firstLines(text) {
  return text.split('\n').slice(0, 12).join('\n');
}

async function runSoak(file) {
  const name = relative(root, file);
  say(`\n== ${name}`);
  const code = await run(ownNode, [file], { env: { STEELYARD_SCALE: '0.01' } });
  if (code === 0) total.passed += 1;
  else addFailure(`${name}: it ended with exit code ${code}`);
}

function soaks() {
  const folder = join(root, 'test', 'soak');
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.ts'))
        .sort()
        .map((name) => join(folder, name))
    : [];
}

function npmWords(script) {
  const npm = process.env.npm_execpath;
  return npm?.endsWith('.js') ? [process.execPath, npm, 'run', '-s', script] : ['npm', 'run', '-s', script];
}

function vitestWords(project) {
  return [
    ownNode,
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    project,
    '--passWithNoTests',
  ];
}
