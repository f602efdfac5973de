import { create, nextSteps } from 'create-kinoport-plugin';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';

export interface CreateCommandOptions extends CommonOptions {
  readonly kind?: string;
  readonly language?: string;
  readonly id?: string;
  readonly name?: string;
  readonly yes?: boolean;
}

/** `plugin create [dir]` */
export async function runPluginCreate(
  ctx: CliContext,
  directory: string | undefined,
  options: CreateCommandOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const { kind, language, id, name } = options;
  const streams = { cwd: ctx.cwd, input: process.stdin, errors: process.stderr };
  const created = await create({ directory, kind, language, id, name }, options.yes === true, streams);
  const { plan, files } = created;
  if (output.json) {
    output.value({ id: plan.id, folder: plan.directory, language: plan.language, kinds: plan.kinds, files });
  } else output.info(nextSteps(created, ctx.cwd));
  return 0;
}
