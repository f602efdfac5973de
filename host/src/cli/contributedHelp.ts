import { type CommandContribution, KinoportError, PRODUCT } from '@kinoport/core';
import { nearest } from '../config/nearest.ts';
import type { Output } from './terminal/output.ts';
import { printable } from './terminal/width.ts';

/** A paragraph for the help of the program; empty where plugins contribute no commands. */
export function commandLines(commands: readonly CommandContribution[]): string {
  if (commands.length === 0) return '';
  return `\nCommands of plugins:\n${linesOf(commands).join('\n')}`;
}

/**
 * `kinoport shelf` where plugins contribute `shelf list` and `shelf add`; `undefined` where none does.
 * @throws KinoportError `USAGE` unless help is asked for
 */
export function runGroup(
  commands: readonly CommandContribution[],
  [first = '', second]: readonly string[],
  output: Output,
): number | undefined {
  const group = commands.filter(({ command }) => command.startsWith(`${first} `));
  if (group.length === 0) return undefined;
  if (second === '-h' || second === '--help') {
    output.data(`Usage: ${PRODUCT.command} ${first} <command>\n\nCommands:\n${linesOf(group).join('\n')}`);
    return 0;
  }
  const names = group.map(({ command }) => command.slice(first.length + 1));
  const meant = second === undefined ? undefined : nearest(second, names);
  const hint = `There is: ${names.map((name) => `"${first} ${name}"`).join(', ')}.`;
  throw new KinoportError(
    'USAGE',
    second === undefined || second.startsWith('-')
      ? `"${PRODUCT.command} ${first}" needs a subcommand.`
      : `Unknown command "${first} ${second.slice(0, 100)}".`,
    { hint: meant === undefined ? hint : `Did you mean "${first} ${meant}"? ${hint}` },
  );
}

function linesOf(commands: readonly CommandContribution[]): readonly string[] {
  const rows = commands.map(({ command, title, args = [] }) => {
    const words = args.map(({ name, required, variadic }) => {
      const word = variadic ? `${name}...` : name;
      return required ? `<${word}>` : `[${word}]`;
    });
    return [printable([command, ...words].join(' ')), printable(title)] as const;
  });
  const width = Math.max(...rows.map(([usage]) => usage.length));
  return rows.map(([usage, title]) => `  ${usage.padEnd(width)}  ${title}`);
}
