// @ts-check
/** @import { PluginContext } from '@kinoport/core' */

/**
 * Subcommands of `kinoport`; their arguments and options stand in package.json.
 * @param {PluginContext} ctx
 */
export function registerCommands(ctx) {
  ctx.commands.register('{{id}} hello', async ({ args, options }, io) => {
    const name = args.name ?? (await io.prompt('Your name? '));
    const text = `Hello, ${name}!`;
    const said = options.shout === true ? text.toUpperCase() : text;
    if (io.wantsJson) io.json({ said });
    else io.line(said);
    return 0;
  });
}
