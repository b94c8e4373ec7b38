// `npm test`: installs, builds, type-checks, lints and runs every test. The last line is `N passed, N failed, N skipped`.
// `npm test -- --with-tensorflow` installs TensorFlow first, and the tests that need it are not skipped.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, pnpm } from './pnpm.mjs';
import { buildTensorflowBackend, installTensorflow } from './tensorflow-for-tests.mjs';

const withTensorflow = process.argv.includes('--with-tensorflow');
// Downloads while the rest is installed and built.
const tensorflowInstalled = withTensorflow ? installTensorflow() : undefined;
install();
const steps = ['build', 'typecheck', 'lint'].map((script) => ({ script, status: pnpm('--silent', script) }));
const failedSteps = steps.filter(({ status }) => status !== 0).map(({ script }) => script);
if (withTensorflow) {
  const tensorflow = (await tensorflowInstalled) ? buildTensorflowBackend() : undefined;
  if (tensorflow === undefined) failedSteps.push('setting up TensorFlow');
  else process.env.VITRAIL_TEST_TENSORFLOW = tensorflow;
}

const folder = mkdtempSync(join(tmpdir(), 'vitrail-test-'));
const results = join(folder, 'results.json');
const status = pnpm('--silent', 'unit', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`);
let counts = { passed: 0, failed: 1, skipped: 0 };
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(results, 'utf8'),
  );
  // A file that fails to load has no tests to count, yet is a failure.
  const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  counts = { passed: numPassedTests, failed: numFailedTests + brokenFiles, skipped: numPendingTests + numTodoTests };
} catch (error) {
  console.error(`The test runner left no results: ${error.message}`);
}
rmSync(folder, { recursive: true, force: true });

for (const script of failedSteps) console.error(`failed: ${script}`);
const failed = counts.failed + failedSteps.length;
if (status !== 0 && failed === 0) {
  console.error('the test runner failed although no test did');
  counts.failed = 1;
}
console.log(`${counts.passed} passed, ${counts.failed + failedSteps.length} failed, ${counts.skipped} skipped`);
process.exit(counts.failed + failedSteps.length === 0 ? 0 : 1);
