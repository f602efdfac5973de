// Builds every workspace: type declarations of core by tsc, everything that runs by esbuild.
// Files are replaced in place and stale ones removed at the end, so that a host that runs from them goes on.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { at, buildStamp, root, workspaces } from './lib/workspace.mjs';

const began = new Date();
const kept = new Set();

// An `import` of node:http evaluates every export of it, the lazy ones too, and so loads an HTTP client of half a
// megabyte that nobody asked for: 50 to 100 ms of every start. Taken as a plain object it stays lazy.
const lazyHttp = {
  name: 'lazy-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'lazy-http' }));
    onLoad({ filter: /.*/, namespace: 'lazy-http' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
      loader: 'js',
    }));
  },
};

const common = {
  plugins: [lazyHttp],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  // The `main` of jsonc-parser is UMD, whose calls of `require` cannot be bundled.
  mainFields: ['module', 'main'],
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
  absWorkingDir: root,
  // A CommonJS dependency inside an ES module bundle asks for `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
};

async function bundle(options) {
  const { metafile } = await build({ ...common, ...options });
  for (const path of Object.keys(metafile.outputs)) kept.add(at(path));
}

const core = () =>
  bundle({
    entryPoints: ['index', 'testing', 'conformance/index'].map((name) => at(`core/src/${name}.ts`)),
    outdir: at('core/dist'),
    splitting: true,
    packages: 'external',
  });

const create = () =>
  bundle({
    entryPoints: [at('create-kinoport-plugin/src/index.ts')],
    outdir: at('create-kinoport-plugin/dist'),
    packages: 'external',
  });

const hostImports = {
  // The maker of plugins has its templates beside it; npm's libraries find files of theirs by their own place.
  external: ['better-sqlite3', '@napi-rs/keyring', 'create-kinoport-plugin', 'tar'],
  alias: {
    '@kinoport/core/conformance': at('core/src/conformance/index.ts'),
    '@kinoport/core': at('core/src/index.ts'),
    'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
  },
};

const host = () =>
  bundle({
    entryPoints: {
      cli: at('host/src/cli/main.ts'),
      host: at('host/src/main.ts'),
      installer: at('host/src/plugins/install/worker/main.ts'),
    },
    outdir: at('host/dist'),
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    ...hostImports,
  });

// In one piece: what starts processes looks for their module beside its own, and chunks lie elsewhere.
const tester = () =>
  bundle({
    entryPoints: { pluginTest: at('host/src/plugins/testing/main.ts') },
    outdir: at('host/dist'),
    ...hostImports,
  });

// What runs in every plugin's process, apart from the host's files: it shares none of them, so that it is three files
// in place of many. Each file and each blank in it is memory and time of every plugin.
const runtime = () =>
  bundle({
    entryPoints: { runtime: at('host/src/runtime/main.ts'), core: at('core/src/index.ts') },
    outdir: at('host/dist'),
    splitting: true,
    chunkNames: 'chunks/runtime-[name]-[hash]',
    minifyWhitespace: true,
    minifySyntax: true,
    banner: {},
    alias: { '@kinoport/core': at('core/src/index.ts') },
  });

const besideCore = {
  name: 'beside-core',
  setup({ onResolve }) {
    onResolve({ filter: /^@kinoport\/core$/ }, () => ({ path: './core.js', external: true }));
  },
};

// Apart from the runtime, which would lie in more files if it shared some with it; with the same core as its plugin.
const standalone = () =>
  bundle({
    plugins: [lazyHttp, besideCore],
    entryPoints: { standalone: at('host/src/standalone/main.ts') },
    outdir: at('host/dist'),
  });

/** What a plugin's package.json says of its bundle: `{"replace": {"<module, or file in one>": "<file of the plugin>"}, "external": [...], "entries": {"<name in dist>": "<source>"}}`. */
function bundling(dir) {
  const { bundle = {} } = JSON.parse(readFileSync(at(dir, 'package.json'), 'utf8'));
  const entries = Object.entries(bundle.replace ?? {}).map(([name, file]) => [name, at(dir, file)]);
  const replaced = new Map(entries);
  return {
    external: bundle.external ?? [],
    // Modules beside the entry: those of standalone commands.
    entries: Object.fromEntries(
      Object.entries(bundle.entries ?? {}).map(([name, file]) => [name, at(dir, file)]),
    ),
    plugin: {
      name: 'replace',
      setup({ onResolve, resolve }) {
        if (replaced.size === 0) return;
        onResolve({ filter: /.*/ }, async ({ path, pluginData, ...from }) => {
          if (pluginData === 'replace') return undefined;
          if (replaced.has(path)) return { path: replaced.get(path) };
          if (!path.startsWith('.') || !from.importer.includes('node_modules')) return undefined;
          const found = await resolve(path, { ...from, pluginData: 'replace' });
          const name = found.path.split('node_modules/').at(-1);
          return replaced.has(name) ? { path: replaced.get(name) } : undefined;
        });
      },
    },
  };
}

async function plugin(dir) {
  const { external, entries, plugin: replace } = bundling(dir);
  await bundle({
    plugins: [lazyHttp, replace],
    entryPoints: { index: at(dir, 'src/index.ts'), ...entries },
    outdir: at(dir, 'dist'),
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['@kinoport/core', ...external],
  });
  await program(dir);
  const lua = at(dir, 'lua');
  if (!existsSync(lua)) return;
  cpSync(lua, at(dir, 'dist/lua'), { recursive: true });
  for (const path of files(lua)) kept.add(at(dir, 'dist/lua', relative(lua, path)));
}

/** A program that needs no host: in one file, which needs nothing but Node. */
async function program(dir) {
  const main = at(dir, 'relay/src/main.ts');
  if (!existsSync(main)) return;
  await bundle({
    entryPoints: { relay: main },
    outdir: at(dir, 'dist'),
    external: bundling(dir).external,
    alias: { '@kinoport/core': at('core/src/index.ts') },
  });
}

function declarations() {
  const tsc = spawn(
    process.execPath,
    [at('node_modules/typescript/bin/tsc'), '-p', at('core/tsconfig.build.json')],
    { stdio: 'inherit' },
  );
  return new Promise((resolve, reject) => {
    tsc.once('error', reject);
    tsc.once('close', (code) => {
      if (code !== 0) reject(new Error('The type declarations of core could not be made.'));
      for (const path of files(at('core/src'))) {
        const declaration = at('core/dist', relative(at('core/src'), path).replace(/\.ts$/, '.d.ts'));
        withPublishedNames(declaration);
        kept.add(declaration);
      }
      resolve();
    });
  });
}

/** The compiler leaves the names of sources in declarations; what is published has no such files. */
function withPublishedNames(declaration) {
  const text = readFileSync(declaration, 'utf8');
  const named = text.replace(/((?:from |import\()['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2');
  if (named !== text) writeFileSync(declaration, named);
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

rmSync(buildStamp, { force: true });
const plugins = workspaces.filter((dir) => dir.startsWith('plugins/'));
const results = await Promise.allSettled([
  declarations(),
  core(),
  create(),
  host(),
  runtime(),
  standalone(),
  tester(),
  ...plugins.map(plugin),
]);
const failed = results.filter((result) => result.status === 'rejected');
if (failed.length > 0) {
  // esbuild has printed its own errors already.
  for (const { reason } of failed) if (!reason.errors) console.error(reason);
  process.exit(1);
}

// What another build wrote meanwhile is not ours to remove.
for (const dir of workspaces.map((name) => at(name, 'dist')))
  for (const path of existsSync(dir) ? files(dir) : [])
    if (!kept.has(path) && statSync(path).mtimeMs < began.getTime()) rmSync(path, { force: true });

mkdirSync(dirname(buildStamp), { recursive: true });
writeFileSync(buildStamp, '');
utimesSync(buildStamp, began, began);
