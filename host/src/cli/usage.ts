import { KinoportError, PRODUCT } from '@kinoport/core';
import { CommanderError } from 'commander';

/**
 * What commander throws, in our terms: 0 when help or the version was asked for.
 * @throws KinoportError `USAGE`; anything that is not commander's as it is
 */
export function usageError(error: unknown, command: string | undefined): number {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return 0;
  const help = `"${[PRODUCT.command, command, '--help'].filter((word) => word !== undefined).join(' ')}" shows what there is.`;
  if (error.code === 'commander.help') {
    throw new KinoportError('USAGE', `"${PRODUCT.command} ${command ?? ''}" needs a subcommand.`, {
      hint: help,
    });
  }
  const [first = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(more.join(' '))?.[1];
  throw new KinoportError('USAGE', sentence(first), {
    hint: suggestion === undefined ? help : `Did you mean ${suggestion}? ${help}`,
  });
}

function sentence(text: string): string {
  const quoted = text.replaceAll("'", '"');
  return `${quoted.charAt(0).toUpperCase()}${quoted.slice(1)}${quoted.endsWith('.') ? '' : '.'}`;
}
