// Makes core/docs, which goes into the package @kinoport/core and not into the repository: the API reference out of the
// docstrings (150 KB that change with every one of them), and the pages for authors beside it.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { at } from './lib/workspace.mjs';

const tool = (...parts) => at('scripts/docs/reference', ...parts);
const out = at('core/docs');

if (!existsSync(tool('node_modules/typedoc/package.json')))
  run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], tool());

rmSync(out, { recursive: true, force: true });
run(process.execPath, [
  tool('node_modules/typedoc/bin/typedoc'),
  '--plugin',
  tool('node_modules/typedoc-plugin-markdown/dist/index.js'),
  '--tsconfig',
  at('core/tsconfig.build.json'),
  ...entryPoints().flatMap((path) => ['--entryPoints', path]),
  ...['--out', `${out}/plugins/api`, '--readme', 'none', '--name', '@kinoport/core'],
  ...['--disableSources', '--hideBreadcrumbs', '--hidePageHeader', '--excludePrivate'],
  ...['--outputFileStrategy', 'modules', '--treatWarningsAsErrors'],
]);
cpSync(at('docs/plugins'), `${out}/plugins`, { recursive: true });
for (const page of ['errors.md', 'config.md', 'viewers.md']) cpSync(at('docs', page), `${out}/${page}`);

/** What the package exports. */
function entryPoints() {
  return readdirSync(at('core/src'))
    .filter((name) => ['index.ts', 'testing.ts', 'conformance.ts'].includes(name))
    .map((name) => at('core/src', name))
    .concat(existsSync(at('core/src/conformance/index.ts')) ? [at('core/src/conformance/index.ts')] : []);
}

function run(command, args, cwd = at()) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
