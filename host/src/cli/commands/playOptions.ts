import { existsSync } from 'node:fs';
import { KinoportError } from '@kinoport/core';
import type { Command } from 'commander';
import type { PlayParams } from '../../api/protocol.ts';
import { displayEnvironment } from '../../processes/environment.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { checkStart } from '../terminal/time.ts';
import { isAddress, resolveUri } from '../uris.ts';

/** The options of `play`, as commander gives them. */
export interface PlayOptions extends CommonOptions {
  readonly player?: string;
  readonly source?: string;
  readonly start?: string;
  /** `--no-resume` sets it to false. */
  readonly resume?: boolean;
  readonly paused?: boolean;
  readonly file?: string;
  readonly fromStart?: boolean;
  readonly shuffle?: boolean;
  readonly sub?: readonly string[];
  readonly audio?: readonly string[];
  readonly subLang?: readonly string[];
  readonly speed?: string;
  readonly fullscreen?: boolean;
  readonly detach?: boolean;
  readonly yes?: boolean;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const languages = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...value.split(',').filter((language) => language !== ''),
];

/** Adds what `play` and `continue` have in common. */
export function addPlayerOptions(command: Command): Command {
  return command
    .option('--player <id>', 'the player to use')
    .option('--start <time>', 'where to start: 754.5, [hh:]mm:ss, 50%, or -mm:ss from the end')
    .option('--no-resume', 'start at the beginning, whatever the progress says')
    .option('--paused', 'open paused')
    .option('--sub <file>', 'a subtitle file (may be given more than once)', collect)
    .option('--audio <lang>', 'preferred language of the sound: en, or en,de', languages)
    .option('--sub-lang <lang>', 'preferred language of subtitles; "no" for none', languages)
    .option('--speed <x>', 'playback speed, 1 is normal')
    .option('--fullscreen', 'fill the screen')
    .option('--detach', 'leave the film playing and return at once')
    .option(
      '-y, --yes',
      'ask nothing: agree to what a source asks for, install a missing player where that is possible',
    );
}

/**
 * The request to the host.
 * @throws KinoportError `USAGE`
 */
export function playParams(
  ctx: CliContext,
  uris: readonly string[],
  options: PlayOptions,
  playerArgs: readonly string[],
): PlayParams {
  return {
    uris: uris.map((uri) => (uri === 'demo' ? ctx.demoFile : resolveUri(uri, ctx.cwd))),
    environment: displayEnvironment(ctx.environment),
    ...(options.player === undefined ? {} : { player: options.player }),
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.start === undefined ? {} : { start: checkStart(options.start) }),
    ...(options.resume === false ? { ignoreResume: true } : {}),
    ...(options.paused ? { paused: true } : {}),
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options.fromStart ? { fromStart: true } : {}),
    ...(options.shuffle ? { shuffle: true } : {}),
    ...(options.sub ? { subtitles: options.sub.map((file) => subtitleFile(file, ctx.cwd)) } : {}),
    ...(options.audio ? { audioLanguages: [...options.audio] } : {}),
    ...(options.subLang ? { subtitleLanguages: [...options.subLang] } : {}),
    ...(options.speed === undefined ? {} : { rate: checkSpeed(options.speed) }),
    ...(options.fullscreen ? { fullscreen: true } : {}),
    ...(playerArgs.length > 0 ? { playerArgs: [...playerArgs] } : {}),
  };
}

function subtitleFile(text: string, cwd: string): string {
  const file = resolveUri(text, cwd);
  if (isAddress(file) || existsSync(file)) return file;
  throw new KinoportError('INVALID_ARGUMENT', `There is no subtitle file "${file}".`, {
    hint: 'Check the spelling. Subtitles beside the film, called like it, need no --sub.',
  });
}

function checkSpeed(text: string): number {
  const speed = Number(text.replace(/x$/i, ''));
  if (text.trim() !== '' && speed >= 0.01 && speed <= 100) return speed;
  throw new KinoportError('USAGE', `"${text}" is not a playback speed.`, {
    hint: 'Give a number from 0.01 to 100; 1 is normal, 1.5 half as fast again.',
  });
}
