import { type CommandArguments, defineCommand } from '@kinoport/core';
import { runRelay } from './program/run.ts';

/** The same command line as that of the program alone, whose checks are the one truth. */
const argv = ({ options }: CommandArguments): readonly string[] =>
  Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });

export default defineCommand((input, io, { onDidAskToReload }) =>
  runRelay(argv(input), {
    environment: process.env,
    line: (text) => io.line(text),
    error: (text) => io.error(text),
    ...(io.wantsJson ? { json: (value) => io.json(value) } : {}),
    signal: io.signal,
    onReload: onDidAskToReload,
  }),
);
