import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { abortedError, KinoportError } from '@kinoport/core';
import type { testPlugin } from '../../../plugins/testing/testPlugin.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import { TestView } from './testView.ts';

export interface TestCommandOptions extends CommonOptions {
  readonly timeout?: string;
  readonly only?: string;
}

/** `plugin test [dir]`; exit code 1 when a clause fails or something is left behind. */
export async function runPluginTest(
  ctx: CliContext,
  directory: string | undefined,
  options: TestCommandOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const timeout = secondsOf(options.timeout);
  const view = new TestView(output);
  const abort = new AbortController();
  const onSignal = (): void => abort.abort(abortedError());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // It holds a whole host, which no other command has any use for.
  const entry = pathToFileURL(join(dirname(ctx.hostEntry), 'pluginTest.js')).href;
  const loaded = (await import(entry)) as { readonly testPlugin: typeof testPlugin };
  try {
    const report = await loaded.testPlugin({
      root: resolve(ctx.cwd, directory ?? '.'),
      film: ctx.demoFile,
      listener: view,
      signal: abort.signal,
      ...(timeout === undefined ? {} : { timeout }),
      ...(options.only === undefined ? {} : { only: options.only }),
    });
    view.end(report);
    return report.ok ? 0 : 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  }
}

/** Milliseconds. @throws KinoportError `USAGE` */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3_600) return seconds * 1000;
  throw new KinoportError('USAGE', `"${text}" is no time for a clause.`, {
    hint: 'Give seconds, up to 3600: --timeout 60',
  });
}
