import { consentOf, KinoportError, PRODUCT } from '@kinoport/core';
import type { HostConnection } from '../connection/hostConnection.ts';
import { type CliContext, isInteractive } from '../context.ts';
import type { Output } from '../terminal/output.ts';
import { ask } from '../terminal/prompt.ts';
import { printable } from '../terminal/width.ts';

/** What an error asks the viewer to agree to, and the plugin that does. */
export interface Agreement {
  readonly plugin: string;
  readonly setting: string;
  readonly text: string;
}

/** `undefined` for an error that is over with an answer of nobody. */
export function agreementOf(error: KinoportError): Agreement | undefined {
  const consent = consentOf(error);
  if (!consent) return undefined;
  const { plugin } = (error.data as { readonly consent: { readonly plugin?: unknown } }).consent;
  return typeof plugin === 'string' ? { plugin, ...consent } : undefined;
}

/**
 * Shows what a source wants the viewer to agree to and asks, once and for all: a yes goes into the config file.
 * @throws KinoportError the error itself, where nobody can be asked or the answer is no
 */
export async function settleAgreement(
  ctx: CliContext,
  output: Output,
  host: HostConnection,
  error: KinoportError,
  { plugin, setting, text }: Agreement,
  yes: boolean,
): Promise<void> {
  if (!yes && (output.json || !isInteractive())) throw error;
  for (const line of text.split('\n')) output.note(printable(line));
  if (!yes && !/^y(es)?$/i.test((await ask('Do you agree? [y/N] ')).trim())) {
    throw new KinoportError(error.code, error.message, {
      hint: `Nothing was opened. "${PRODUCT.command} config path" says where it can be agreed to later, too.`,
    });
  }
  await host.call('plugins.agree', { id: plugin, setting });
  output.note(`Kept in ${ctx.home.configFile}: "${setting}": true, of the plugin ${plugin}.`);
}

/**
 * Does something with a source, asking for what has to be agreed to first.
 * @param aside around a question, where something else has the terminal
 */
export async function withAgreement<T>(
  ctx: CliContext,
  output: Output,
  host: HostConnection,
  options: { readonly yes: boolean; readonly aside?: <R>(ask: () => Promise<R>) => Promise<R> },
  work: () => Promise<T>,
): Promise<T> {
  const settled = new Set<string>();
  const aside = options.aside ?? ((ask) => ask());
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const agreement = thrown instanceof KinoportError ? agreementOf(thrown) : undefined;
      const key = `${agreement?.plugin} ${agreement?.setting}`;
      // One that asks again for what it has is not asked a third time.
      if (!agreement || !(thrown instanceof KinoportError) || settled.has(key)) throw thrown;
      settled.add(key);
      await aside(() => settleAgreement(ctx, output, host, thrown, agreement, options.yes));
    }
  }
}
