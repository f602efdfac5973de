import { resolve } from 'node:path';
import { packPlugin } from '../../../plugins/packing/packPlugin.ts';
import { type CliContext, type CommonOptions, outputFor } from '../../context.ts';
import { formatTable } from '../../terminal/table.ts';
import { formatBytes } from '../../terminal/time.ts';
import { printable } from '../../terminal/width.ts';

/** `plugin pack [dir]` */
export async function runPluginPack(
  ctx: CliContext,
  directory: string | undefined,
  options: CommonOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  const packed = await packPlugin(resolve(ctx.cwd, directory ?? '.'), ctx.cwd);
  if (output.json) {
    output.value(packed);
    return 0;
  }
  const { id, name, version, files, permissions, fullTrust, warnings, file, size } = packed;
  output.info(printable(`${id} ${version}: ${name}`));
  const rows = files.map((each) => [`  ${each.path}`, formatBytes(each.size)]);
  for (const line of formatTable(
    [
      { title: '  File', flexible: true },
      { title: 'Size', align: 'right' },
    ],
    rows,
    output.columns,
  ))
    output.info(line);
  output.info('');
  if (permissions.length === 0) output.info('It asks for no permission beyond its own folders.');
  else output.info('It asks to:');
  for (const { text, key } of permissions) output.info(printable(`  - ${text}  (${key})`));
  if (fullTrust) output.info('That is full trust: what it starts or loads can do whatever its user can.');
  output.info('');
  output.info(printable(`${file}: ${files.length} files, ${formatBytes(size)}`));
  for (const warning of warnings) output.note(printable(warning));
  return 0;
}
