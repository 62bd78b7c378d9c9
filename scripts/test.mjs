import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { installPrograms } from './programs.mjs';
import { build, installPackages, ownNode, root, run, say } from './setup.mjs';

// npm test: sets up what is missing, then the gate (npm run check, with the unit tests), then the tests against real servers and in a
// real browser, then each soak at a hundredth. The last line is the sum: "N passed, N failed, N skipped".

await installPackages();
const missing = await installPrograms();
const results = join(root, 'test-results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
await build();

const total = { passed: 0, failed: 0, skipped: 0 };
const check = await runCounted('check', npmWords('check'));
if (check.code !== 0) say('npm run check failed: the lines above say where.');
if (!check.hasReport) await runCounted('unit', vitestWords('unit'));
await runCounted('live', vitestWords('live'));
await runCounted('e2e', vitestWords('e2e'));
for (const file of soaks()) await runSoak(file);

if (missing.length > 0) say(`Skipped are tests that need ${missing.join(', ')}.`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Runs something that has vitest in it and adds what its report counts; an end in failure without a failed test counts as one. */
async function runCounted(name, words) {
  const report = join(results, `${name}.json`);
  say(`\n== ${name}`);
  const path = [dirname(ownNode), process.env.PATH].join(delimiter);
  const code = await run(words[0], words.slice(1), { env: { PATH: path, VITEST_JSON: report } });
  const hasReport = existsSync(report);
  const counted = hasReport ? count(JSON.parse(readFileSync(report, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  for (const key of Object.keys(total)) total[key] += counted[key];
  return { code, hasReport };
}

/** A file that could not even be loaded holds no failed test, but is one. */
function count({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  const unloaded = testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((one) => one.status === 'failed');
  });
  return {
    passed: numPassedTests,
    failed: numFailedTests + unloaded.length,
    skipped: numPendingTests + numTodoTests,
  };
}

async function runSoak(file) {
  say(`\n== ${file}`);
  const code = await run(ownNode, [file], { env: { STEELYARD_SCALE: '0.01' } });
  total[code === 0 ? 'passed' : 'failed'] += 1;
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
