// `npm test [-- vitest's arguments]`: a fresh build, the programs the tests need, vitest, and a look at what it left.
// `--no-build` takes the build as it is.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgottenFiles, lingeringProcesses, RUN_VARIABLE } from './lib/leftovers.mjs';
import {
  canInstall,
  installCommand,
  installWithApt,
  isInstalled,
  PROGRAMS,
  SERVICES,
} from './lib/programs.mjs';
import { at, ensureBuild } from './lib/workspace.mjs';

const args = process.argv.slice(2).filter((arg) => arg !== '--no-build');
if (!process.argv.includes('--no-build') && !ensureBuild()) process.exit(1);
const skipped = missingPrograms();

const run = randomBytes(8).toString('hex');
const scratch = mkdtempSync(join(tmpdir(), 'kt-'));
const report = join(scratch, 'vitest-report.json');
const temporary = mkdtempSync(join(tmpdir(), 'kt-'));
try {
  const status = await vitest();
  const counts = readReport();
  const problems = [...(await endLeftoverProcesses()), ...leftoverFiles()];
  for (const problem of problems) console.error(problem);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = status === 0 && counts.failed === 0 && problems.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(temporary, { recursive: true, force: true });
}

/** Installs what is missing where that is possible; else ends (in CI) or names what is going to be skipped. */
function missingPrograms() {
  let missing = [...PROGRAMS, ...SERVICES].filter((program) => !isInstalled(program));
  const wanted = missing.filter((program) => process.env.CI === 'true' || PROGRAMS.includes(program));
  if (wanted.length > 0 && canInstall()) {
    console.log(`Tests need ${wanted.join(', ')}: installing with apt-get.`);
    installWithApt(wanted);
    missing = missing.filter((program) => !isInstalled(program));
  }
  if (missing.length === 0) return [];
  console.error(
    `Tests need ${missing.join(', ')}, not found on PATH. Install with: ${installCommand(missing)}`,
  );
  if (process.env.CI === 'true') process.exit(1);
  console.error('Tests that need them are skipped.');
  return missing;
}

function vitest() {
  const child = spawn(
    process.execPath,
    [
      at('node_modules/vitest/vitest.mjs'),
      'run',
      ...args,
      ...(args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']),
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    {
      cwd: at(),
      stdio: 'inherit',
      env: {
        ...process.env,
        [RUN_VARIABLE]: run,
        KINOPORT_TEST_SKIP: skipped.join(','),
        TMPDIR: temporary,
        TEMP: temporary,
        TMP: temporary,
      },
    },
  );
  // Ctrl-C reaches vitest by the terminal; we stay to look after what it leaves.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Counts of tests. A file that could not even be loaded is one that failed. */
function readReport() {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    const broken = result.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    return {
      passed: result.numPassedTests,
      failed: result.numFailedTests + broken.length,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function endLeftoverProcesses() {
  const left = await lingeringProcesses(run, temporary);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended by itself meanwhile.
    }
  }
  return left.map(({ pid, command }) => `A test left a process behind: ${pid} ${command}`);
}

function leftoverFiles() {
  return forgottenFiles(temporary).map((name) => `A test left a file or folder behind: ${name}`);
}
