import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SUITES, type Suite } from './tools/suites.ts';

// npm test                 everything, the lab chain last
// npm test -- quick        lint, types, and the suites without processes and machines
// npm test -- unit lab     these suites; a path or a name filter goes to vitest as it is

type Counts = { passed: number; failed: number; skipped: number };

const asked = process.argv.slice(2);
const quick = asked.includes('quick');
const named = SUITES.filter((suite) => asked.includes(suite.name));
const filters = asked.filter((word) => word !== 'quick' && !SUITES.some((suite) => suite.name === word));
const chosen = named.length > 0 ? named : SUITES.filter((suite) => !quick || suite.quick);

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const skippedSuites: { suite: Suite; why: string }[] = [];
const failedParts: string[] = [];

if (named.length === 0 && filters.length === 0) {
  for (const part of ['lint', 'typecheck']) if ((await run('npm', ['run', '-s', part])) !== 0) failedParts.push(part);
}
for (const suite of filters.length > 0 && named.length === 0 ? [filtered()] : chosen) {
  const started = performance.now();
  const why = await suite.prepare();
  if (why !== undefined) {
    skippedSuites.push({ suite, why });
    console.log(`\nsuite ${suite.name}: SKIPPED: ${why}`);
    continue;
  }
  if (!suite.paths.some((path) => existsSync(path)))
    throw new Error(`suite ${suite.name} has no tests at ${suite.paths}`);
  const counts = await vitest(suite);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) failedParts.push(suite.name);
  console.log(
    `suite ${suite.name}: ${JSON.stringify(counts)} in ${Math.round((performance.now() - started) / 1000)} s`,
  );
}

for (const { suite, why } of skippedSuites) console.log(`SKIPPED suite ${suite.name}: ${why}`);
const inCi = process.env.CI === 'true';
const missed = inCi ? skippedSuites.filter(({ suite }) => suite.mustRunInCi) : [];
if (missed.length > 0) failedParts.push(...missed.map(({ suite }) => `${suite.name} (skipped in CI)`));
if (failedParts.length > 0) console.log(`FAILED: ${failedParts.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped + skippedSuites.length} skipped`);
process.exitCode = failedParts.length > 0 || total.passed === 0 ? 1 : 0;

function filtered(): Suite {
  return { name: filters.join(' '), paths: filters, quick: true, mustRunInCi: false, prepare: async () => undefined };
}

/** Runs a suite and reads the counts from vitest's own report, so that a crash without a report counts as failed. */
async function vitest(suite: Suite): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-test-'));
  const report = join(folder, 'report.json');
  const names = suite.name === 'lab' ? ['--maxWorkers=1', '--no-file-parallelism'] : [];
  const code = await run('vitest', [
    'run',
    '--config=test/vitest.config.ts',
    ...suite.paths,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...names,
  ]);
  const counts = existsSync(report) ? countsOf(readFileSync(report, 'utf8')) : { passed: 0, failed: 1, skipped: 0 };
  rmSync(folder, { recursive: true });
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function countsOf(text: string): Counts {
  const report: unknown = JSON.parse(text);
  if (typeof report !== 'object' || report === null) return { passed: 0, failed: 1, skipped: 0 };
  const number = (key: string): number => Number(Object.entries(report).find(([name]) => name === key)?.[1] ?? 0);
  return {
    passed: number('numPassedTests'),
    failed: number('numFailedTests') || number('numFailedTestSuites'),
    skipped: number('numPendingTests') + number('numTodoTests'),
  };
}

function run(program: string, args: readonly string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  child.once('error', (error) => {
    console.error(`${program}: ${error.message}`);
    resolve(127);
  });
  child.once('exit', (code) => resolve(code ?? 1));
  return promise;
}
