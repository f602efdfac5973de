import { KinoportError, PRODUCT } from '@kinoport/core';
import type { ProgressView } from '../../api/protocol.ts';
import { withHost } from '../connection/connectHost.ts';
import { type CliContext, isInteractive, outputFor } from '../context.ts';
import { playUris } from '../play/playUris.ts';
import type { Output } from '../terminal/output.ts';
import { ask } from '../terminal/prompt.ts';
import { printable } from '../terminal/width.ts';
import { findTitles } from './findTitle.ts';
import { type PlayOptions, playParams } from './playOptions.ts';
import { placeText, progressJson, progressTable } from './progressText.ts';

const LISTED = 10;
const SEARCHED = 1000;

/** `continue [N|WORDS]` */
export async function runContinue(
  ctx: CliContext,
  words: readonly string[],
  options: PlayOptions,
  rest: readonly string[] | undefined,
): Promise<number> {
  const output = outputFor(ctx, options);
  const limit = words.length > 0 ? SEARCHED : LISTED;
  const views = await withHost(ctx, (host) => host.call('continue.list', { limit }));

  const chosen = words.length > 0 ? choose(views, words.join(' ')) : await offer(ctx, output, views);
  if (!chosen) return 0;
  if (words.length > 0) output.info(`Continuing ${printable(chosen.title)} at ${placeText(chosen)}.`);
  return playUris(ctx, output, {
    params: playParams(ctx, [chosen.uri], options, rest ?? []),
    detach: options.detach === true,
    yes: options.yes === true,
  });
}

/**
 * The entry that a number (from 1, as listed) or words stand for. A number that is no place in the list may
 * still be a title.
 * @throws KinoportError `PROGRESS_NONE`
 */
export function choose(views: readonly ProgressView[], text: string): ProgressView {
  const isNumber = /^\d+$/.test(text);
  const byNumber = isNumber ? views[Number(text) - 1] : undefined;
  const titles = findTitles(views, text);
  const found = byNumber ?? (isNumber ? titles.find((view) => hasNumber(view, text)) : titles[0]);
  if (found) return found;
  throw new KinoportError('PROGRESS_NONE', `Nothing to continue matches "${text}".`, {
    hint: `"${PRODUCT.command} continue" lists what there is; "${PRODUCT.command} progress" also what was finished.`,
  });
}

/** Whether title or file name has this very number: 7 is not meant by 1979. */
function hasNumber({ title, uri }: ProgressView, digits: string): boolean {
  const name = uri.split(/[/\\]/).at(-1) ?? '';
  return `${title} ${name}`.split(/\D+/).includes(digits);
}

/** Shows the list and asks, where there is somebody to ask. */
async function offer(
  ctx: CliContext,
  output: Output,
  views: readonly ProgressView[],
): Promise<ProgressView | undefined> {
  if (output.json) {
    output.value(views.map(progressJson));
    return undefined;
  }
  if (views.length === 0) {
    output.info(`There is nothing to continue. Play something: ${PRODUCT.command} play demo`);
    return undefined;
  }
  const lines = progressTable(views, { numbered: true, now: ctx.clock.wall(), columns: output.columns });
  for (const line of lines) output.data(line);
  if (!isInteractive()) return undefined;
  for (;;) {
    const answer = (await ask('Number or words, Enter for the first, q to leave: ')).trim();
    if (answer === '') return views[0];
    if (/^q(uit)?$/i.test(answer)) return undefined;
    try {
      return choose(views, answer);
    } catch (error) {
      output.note(error instanceof KinoportError ? error.message : String(error));
    }
  }
}
