// Builds every workspace: type declarations of core by tsc, everything that runs by esbuild.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);

const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  logLevel: 'warning',
  absWorkingDir: root,
  // A CommonJS dependency inside an ES module bundle asks for `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
};

for (const dir of ['core', 'host', 'plugins/mpv', 'plugins/files']) rmSync(at(dir, 'dist'), { recursive: true, force: true });

await build({
  ...common,
  entryPoints: [at('core/src/index.ts'), at('core/src/testing.ts')],
  outdir: at('core/dist'),
  splitting: true,
  packages: 'external',
});

const tsc = spawnSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('core/tsconfig.build.json')], {
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const plugin = (dir) =>
  build({
    ...common,
    entryPoints: [at(dir, 'src/index.ts')],
    outdir: at(dir, 'dist'),
    external: ['@kinoport/core'],
  });
const host = [
  build({
    ...common,
    entryPoints: { cli: at('host/src/cli/main.ts'), host: at('host/src/main.ts'), runtime: at('host/src/runtime/main.ts') },
    outdir: at('host/dist'),
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['better-sqlite3'],
    alias: { '@kinoport/core': at('core/src/index.ts') },
  }),
];
await Promise.all([...host, plugin('plugins/mpv'), plugin('plugins/files')]);
if (existsSync(at('plugins/mpv/lua'))) {
  mkdirSync(at('plugins/mpv/dist'), { recursive: true });
  cpSync(at('plugins/mpv/lua'), at('plugins/mpv/dist/lua'), { recursive: true });
}
