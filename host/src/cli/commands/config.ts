import { deserializeError } from '@kinoport/core';
import type { ConfigProblem } from '../../config/config.ts';
import type { DiscoveredPlugin } from '../../plugins/discovery.ts';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';

/** `config path` */
export async function runConfigPath(ctx: CliContext, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  if (output.json) output.value({ path: ctx.home.configFile });
  else output.data(ctx.home.configFile);
  return 0;
}

/** `config schema` */
export async function runConfigSchema(ctx: CliContext, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const [{ configJsonSchema }, plugins] = await Promise.all([
    import('../../config/configJsonSchema.ts'),
    findPlugins(ctx),
  ]);
  const schema = configJsonSchema(
    plugins.flatMap(({ id, manifest }) => {
      if (!manifest) return [];
      const { displayName, contributes } = manifest.package.kinoport;
      const configuration = contributes?.configuration;
      return [{ id, ...(displayName ? { displayName } : {}), ...(configuration ? { configuration } : {}) }];
    }),
  );
  output.data(JSON.stringify(schema, undefined, output.json ? undefined : 2));
  return 0;
}

/** `config check`: without a host, so that a broken config can be looked at. */
export async function runConfigCheck(ctx: CliContext, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const problems = [...(await checkConfig(ctx)), ...(await checkPlugins(ctx))];
  if (output.json) {
    output.value({
      file: ctx.home.configFile,
      ok: problems.length === 0,
      problems: problems.map(({ code, message, hint, line, column }) => ({
        code,
        message,
        hint: hint ?? null,
        line,
        column,
      })),
    });
  } else {
    for (const problem of problems) output.error(deserializeError(problem));
    if (problems.length === 0) output.info(`${ctx.home.configFile} is in order.`);
    else output.note(`${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}.`);
  }
  const [first] = problems;
  return first ? deserializeError(first).exitCode : 0;
}

/** What is wrong with the config file, the plugins' parts included. Runs no plugin. */
export async function checkConfig(ctx: CliContext): Promise<readonly ConfigProblem[]> {
  const [{ readConfigFile }, { pluginSchemas }, plugins] = await Promise.all([
    import('../../config/parseConfig.ts'),
    import('../../plugins/configSchemas.ts'),
    findPlugins(ctx),
  ]);
  return readConfigFile(ctx.home.configFile, { plugins: pluginSchemas(plugins, ctx.home.config) }).problems;
}

/** Plugins of the config that cannot be loaded: a wrong path, a broken manifest. Runs no plugin. */
async function checkPlugins(ctx: CliContext): Promise<readonly ConfigProblem[]> {
  const [{ pluginProblem }, plugins] = await Promise.all([
    import('../../config/parseConfig.ts'),
    findPlugins(ctx),
  ]);
  return plugins.flatMap(({ key, builtin, enabled, error }) =>
    error && enabled && !builtin ? [pluginProblem(ctx.home.configFile, key, error)] : [],
  );
}

/** The plugins that come along, those that the config names and those that are installed, by their manifests. */
export async function findPlugins(ctx: CliContext): Promise<readonly DiscoveredPlugin[]> {
  const [{ readConfigFile }, { builtinFolders, discoverPlugins }, { installedPlugins }] = await Promise.all([
    import('../../config/parseConfig.ts'),
    import('../../plugins/discovery.ts'),
    import('../../plugins/install/installed.ts'),
  ]);
  const { config } = readConfigFile(ctx.home.configFile);
  return discoverPlugins(config, ctx.home.config, builtinFolders(), installedPlugins(ctx.home));
}
