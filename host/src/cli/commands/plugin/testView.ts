import type { ClauseResult } from '@kinoport/core/conformance';
import type {
  PluginTestListener,
  PluginTestReport,
  PluginTimes,
  SuiteReport,
} from '../../../plugins/testing/report.ts';
import type { Output } from '../../terminal/output.ts';
import { printable } from '../../terminal/width.ts';

const SLOW = 1_000;

/** Shows a test of a plugin as it goes, a line a clause; with `--json` the whole report at the end. */
export class TestView implements PluginTestListener {
  readonly #output: Output;
  readonly #signs: Readonly<Record<ClauseResult['status'], string>>;

  constructor(output: Output) {
    this.#output = output;
    this.#signs = output.unicode
      ? { passed: '✓', failed: '✗', skipped: '-' }
      : { passed: 'ok', failed: 'X ', skipped: '- ' };
  }

  manifest({ id, name, version }: PluginTestReport['plugin']): void {
    this.#output.info(printable(`${name} ${version} (${id})`));
  }

  activated(times: PluginTimes): void {
    const parts = Object.entries({
      start: times.start,
      load: times.load,
      activate: times.activate,
      'first call': times.firstCall,
    }).flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${ms.toFixed(1)} ms`]));
    this.#output.info(`${this.#signs.passed} active: ${parts.join(', ')}`);
  }

  suite({ contract, id, skipped }: Pick<SuiteReport, 'contract' | 'id' | 'skipped'>): void {
    this.#output.info(`\n${contract} ${id}`);
    if (skipped !== null) this.#output.info(`  ${this.#signs.skipped} skipped: ${skipped}`);
  }

  result(result: ClauseResult): void {
    const { id, title, status, message = '', duration, why } = result;
    const line = `  ${this.#signs[status]} ${id}`;
    if (status === 'failed') {
      // With -q only this is shown.
      if (this.#output.json) return;
      this.#output.data(printable(`${line}  ${title}`));
      this.#output.data(printable(`      ${message}`));
      this.#output.data(printable(`      ${why}`));
    } else if (status === 'skipped') this.#output.info(printable(`${line}  skipped: ${message}`));
    else {
      const time = duration >= SLOW ? `  ${(duration / 1000).toFixed(1)} s` : '';
      this.#output.info(printable(`${line}  ${title}${time}`));
    }
  }

  end(report: PluginTestReport): void {
    if (this.#output.json) {
      this.#output.value({ ...report, suites: report.suites.map(withoutErrors) });
      return;
    }
    const { error, leftBehind, suites } = report;
    if (error) {
      this.#output.data(printable(`\n${this.#signs.failed} ${error.message} (${error.code})`));
      if (error.hint !== undefined) this.#output.data(printable(`  ${error.hint}`));
    }
    if (leftBehind.length > 0) this.#output.data('\nleft behind after deactivation');
    for (const what of leftBehind) this.#output.data(printable(`  ${this.#signs.failed} ${what}`));
    if (!error && leftBehind.length === 0)
      this.#output.info(`\n${this.#signs.passed} deactivated, and nothing left behind`);
    const results = suites.flatMap((suite) => suite.results);
    const count = (status: ClauseResult['status']): number =>
      results.filter((result) => result.status === status).length;
    this.#output.info(`\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  }
}

/** What was thrown is no JSON; its message is there. */
function withoutErrors({ results, ...suite }: SuiteReport): object {
  return { ...suite, results: results.map(({ error: _, ...result }) => result) };
}
