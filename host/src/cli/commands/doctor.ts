import { PRODUCT } from '@kinoport/core';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';
import { checkHost } from './doctorHost.ts';
import {
  checkConfigFile,
  checkDatabase,
  checkFfprobe,
  checkHome,
  checkNode,
  checkScreen,
  checkSound,
} from './doctorLocal.ts';

/** One finding. `warning`: something is less than it could be; `failed`: something needed is missing. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
  /** What a plugin tells of itself: its id, what the finding is about, and what it says. */
  readonly plugin?: string;
  readonly label?: string;
  readonly value?: string;
  /** For who wants to know more. */
  readonly details?: readonly string[];
}

/** `doctor`: looks at everything that a film needs; exit code 1 when something needed is missing. */
export async function runDoctor(ctx: CliContext, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const checks: Check[] = [];
  const found = (check: Check): void => {
    checks.push(check);
    if (!output.json) print(check);
  };
  const print = ({ status, name, message, hint, code, details = [] }: Check): void => {
    if (output.quiet && status !== 'failed') return;
    const sign = output.unicode
      ? { ok: '✓', warning: '!', failed: '✗' }[status]
      : { ok: 'ok', warning: '! ', failed: 'X ' }[status];
    output.data(`${sign} ${name.padEnd(9)} ${message}${code === undefined ? '' : ` (${code})`}`);
    const indent = ' '.repeat(sign.length + 11);
    if (hint !== undefined && status !== 'ok') output.data(`${indent}${hint}`);
    if (output.verbose) for (const detail of details) output.data(`${indent}${detail}`);
  };

  found(checkNode());
  const home = checkHome(ctx);
  found(home);
  for (const check of await checkConfigFile(ctx)) found(check);
  found(await checkDatabase(ctx));
  found(checkScreen(ctx));
  found(checkSound(ctx));
  found(await checkFfprobe(ctx));
  // Without a home there is nothing that a host could start in.
  if (home.status === 'ok') for (const check of await checkHost(ctx)) found(check);

  const failed = checks.filter((check) => check.status === 'failed').length;
  if (output.json) {
    output.value({ ok: failed === 0, version: ctx.version, home: ctx.home, checks });
  } else {
    output.info(
      failed === 0
        ? `\n${PRODUCT.name} ${ctx.version} has what it needs.`
        : `\n${failed} ${failed === 1 ? 'thing is' : 'things are'} missing.`,
    );
  }
  return failed === 0 ? 0 : 1;
}
