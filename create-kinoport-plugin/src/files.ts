import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageJson } from './packageJson.ts';
import type { PluginKind, PluginPlan } from './plan.ts';

/** One file of a new plugin. */
export interface NewFile {
  /** Relative to the plugin's folder, with slashes. */
  readonly path: string;
  readonly text: string;
}

// The same from src/ and from dist/.
const TEMPLATES = fileURLToPath(new URL('../templates/', import.meta.url));

/** How each kind is wired up in the entry module. */
const WIRING: Readonly<Record<PluginKind, { readonly import: string; readonly call: string }>> = {
  source: { import: 'createSource', call: "ctx.sources.register('{{id}}', createSource(ctx));" },
  player: { import: 'createPlayer', call: "ctx.players.register('{{id}}', createPlayer(ctx));" },
  command: { import: 'registerCommands', call: 'registerCommands(ctx);' },
  playback: { import: 'followPlayback', call: 'followPlayback(ctx);' },
};

/** All files of a new plugin, by path. */
export async function pluginFiles(plan: PluginPlan): Promise<readonly NewFile[]> {
  const templates = [...(await templatesIn('common', plan)), ...(await templatesIn(plan.language, plan))];
  const values = placeholders(plan);
  return [
    { path: 'package.json', text: packageJson(plan) },
    { path: `src/index.${plan.language}`, text: filled(entryModule(plan), values) },
    ...templates.map(({ path, text }) => ({ path, text: filled(text, values) })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Files of a folder of templates that a plan needs. Below `kinds/<kind>` lies what only that kind has. */
async function templatesIn(folder: string, plan: PluginPlan): Promise<readonly NewFile[]> {
  const root = join(TEMPLATES, folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join('/'),
    )
    .flatMap((template) => {
      const [, kind, rest] = /^kinds\/([^/]+)\/(.+)$/.exec(template) ?? [];
      if (kind !== undefined && !(plan.kinds as readonly string[]).includes(kind)) return [];
      return [{ template, path: placed(rest ?? template) }];
    });
  return Promise.all(
    found.map(async ({ template, path }) => ({ path, text: await readFile(join(root, template), 'utf8') })),
  );
}

/** npm leaves files out of packages whose names begin with a dot, and tools take templates for their own files. */
function placed(path: string): string {
  return path.replace(/(^|\/)_/g, '$1.').replace(/\.template$/, '');
}

function entryModule({ kinds, language }: PluginPlan): string {
  const wired = kinds.map((kind) => ({ kind, ...WIRING[kind] }));
  return `import { definePlugin } from '@kinoport/core';
${wired
  .map(({ kind, import: name }) => `import { ${name} } from './${kind}.${language}';`)
  .sort()
  .join('\n')}

export default definePlugin({
  activate(ctx) {
${wired.map(({ call }) => `    ${call}`).join('\n')}
  },
});
`;
}

const ADDS: Readonly<Record<PluginKind, string>> = {
  source: 'the source `{{id}}`: `kinoport play {{id}}:440` plays a tone',
  player: 'the player `{{id}}`: `kinoport play demo --player {{id}}` lets a film pass without a window',
  command: 'the command `kinoport {{id}} hello`',
  playback: 'a list of what was played, in `played.jsonl` in its data folder',
};

function placeholders(plan: PluginPlan): Readonly<Record<string, string>> {
  const adds = plan.kinds.map((kind) => `- ${filled(ADDS[kind], { id: plan.id })}`).join('\n');
  return { id: plan.id, displayName: plan.displayName, language: plan.language, adds };
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}
