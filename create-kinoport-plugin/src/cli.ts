import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { KinoportError, PRODUCT, toKinoportError } from '@kinoport/core';
import { withQuestions } from './ask.ts';
import { type CreateOptions, planByAsking, planFrom } from './choose.ts';
import { createPlugin } from './create.ts';
import type { PluginPlan } from './plan.ts';

/** What the command works in. */
export interface CreateEnvironment {
  /** How it was called, for the usage. */
  readonly command: string;
  readonly cwd: string;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly errors: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** What was made. */
export interface Created {
  readonly plan: PluginPlan;
  readonly files: readonly string[];
}

const OPTIONS = {
  kind: { type: 'string', short: 'k' },
  language: { type: 'string', short: 'l' },
  id: { type: 'string' },
  name: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The whole command, errors printed. @returns the exit code */
export async function runCreate(argv: readonly string[], environment: CreateEnvironment): Promise<number> {
  const { output, errors, cwd } = environment;
  try {
    const { values, positionals } = parsed(argv);
    if (values.help) {
      output.write(usage(environment.command));
      return 0;
    }
    const [directory, ...more] = positionals;
    if (more.length > 0) throw new KinoportError('USAGE', `"${more[0]}" is one argument too many.`);
    const created = await create({ ...values, directory }, values.yes === true, environment);
    output.write(`${nextSteps(created, cwd)}\n`);
    return 0;
  } catch (error) {
    const { message, code, hint, exitCode } = toKinoportError(error);
    errors.write(`${message} [${code}]\n${hint === undefined ? '' : `  ${hint}\n`}`);
    return exitCode;
  }
}

/**
 * Asks for what was not given, where there is a terminal, and writes the plugin.
 * @throws KinoportError `INVALID_ARGUMENT`, `NOT_INTERACTIVE`, `ABORTED`, `FILE_EXISTS`, `FILE_NOT_WRITABLE`
 */
export async function create(
  options: CreateOptions,
  yes: boolean,
  { cwd, input, errors }: Pick<CreateEnvironment, 'cwd' | 'input' | 'errors'>,
): Promise<Created> {
  const plan = yes ? planFrom(options, cwd) : await asked(options, cwd, input, errors);
  return { plan, files: await createPlugin(plan) };
}

async function asked(
  options: CreateOptions,
  cwd: string,
  input: CreateEnvironment['input'],
  output: CreateEnvironment['errors'],
): Promise<PluginPlan> {
  if (input.isTTY === true && output.isTTY === true)
    return withQuestions({ input, output }, (ask) => planByAsking(options, cwd, ask));
  throw new KinoportError('NOT_INTERACTIVE', 'There are questions to answer, but no terminal to ask on.', {
    hint: 'Give the answers on the command line: --yes --kind source --language ts --id my-plugin.',
  });
}

/** What was made, and what to do with it. */
export function nextSteps({ plan, files }: Created, cwd: string): string {
  const folder = relative(cwd, plan.directory) || '.';
  return [
    `${plan.displayName} lies in ${folder}: ${files.length} files.`,
    '',
    ...(folder === '.' ? [] : [`  cd ${folder}`]),
    '  npm install',
    '  npm test',
    `  ${PRODUCT.command} plugin dev .   # runs it, and again with every change`,
  ].join('\n');
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new KinoportError('USAGE', cause instanceof Error ? cause.message : 'Not understood.', {
      hint: '--help shows what there is.',
      cause,
    });
  }
}

function usage(command: string): string {
  return `${command} [options] [directory]

Begins a plugin for ${PRODUCT.name}: manifest, code, tests. Asks for what is not given. Overwrites nothing.

  -k, --kind <kinds>      source, player, command, playback; several with commas (default: command)
  -l, --language <lang>   ts or js (default: ts)
      --id <id>           its id (default: from the directory)
      --name <name>       the name that people read (default: from the id)
  -y, --yes               asks nothing and takes the defaults
`;
}
