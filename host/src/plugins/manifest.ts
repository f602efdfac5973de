import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import {
  defaultPluginId,
  type ExperimentalApi,
  KinoportError,
  manifestSchema,
  type PluginManifest,
  type PluginPackage,
  PRODUCT,
} from '@kinoport/core';
import semver from 'semver';
import { offsetOfDepth } from '../config/jsonText.ts';
import { misplacedSecret } from '../config/secretProperties.ts';
import { misplacedVariable } from './commandContributions.ts';
import { manifestHint } from './manifestHint.ts';
import { checkedSchema } from './validation.ts';

/** Longest `package.json` that is read. */
const MAX_BYTES = 1024 * 1024;

const EXPERIMENTAL = ['services'] as const satisfies readonly ExperimentalApi[];

/** A plugin's folder, read and validated; none of its code has run. */
export interface LoadedManifest {
  readonly id: string;
  readonly root: string;
  /** Absolute path of the entry module. */
  readonly entry: string;
  /** Absolute paths of the modules of `standalone` commands, by their names. */
  readonly standalone: Readonly<Record<string, string>>;
  readonly package: PluginPackage;
}

const validate = checkedSchema<PluginPackage>(() => manifestSchema);

/** How a manifest is read. */
export interface ReadManifestOptions {
  /**
   * Whether the condition `development` of `exports` counts, where its file is there: the sources of a plugin that
   * somebody works on. Default: outside of `node_modules` folders, in which Node runs no TypeScript.
   */
  readonly development?: boolean;
}

/**
 * Reads and checks `<root>/package.json`.
 * @throws KinoportError `PLUGIN_NOT_FOUND`, `PLUGIN_MANIFEST_INVALID`, `PLUGIN_ENGINE_MISMATCH`
 */
export function readManifest(root: string, options: ReadManifestOptions = {}): LoadedManifest {
  const file = join(root, 'package.json');
  const text = readText(root, file);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw invalid(file, '', `is not JSON (${error instanceof Error ? error.message : 'syntax'})`);
  }
  if (offsetOfDepth(text) !== undefined) throw invalid(file, '', 'nests deeper than 100 levels');
  const problem = validate.problem(data);
  if (problem) throw invalid(file, problem.path, problem.message, manifestHint(problem));
  const manifest = data as PluginPackage;
  const secret = misplacedSecret(manifest.kinoport.contributes?.configuration ?? {});
  if (secret)
    throw invalid(file, `/${PRODUCT.manifestKey}/contributes/configuration${secret.path}`, secret.message);
  const variable = misplacedVariable(manifest.kinoport);
  if (variable)
    throw invalid(file, `/${PRODUCT.manifestKey}/contributes/commands${variable.path}`, variable.message);
  const { version } = manifest;
  if (semver.valid(version) === null || version !== version.trim())
    throw invalid(file, '/version', `${JSON.stringify(version)} is not a semver version`);
  const range = manifest.engines.kinoport;
  if (semver.validRange(range) === null)
    throw invalid(file, '/engines/kinoport', `"${range}" is not a semver range`);
  if (!semver.satisfies(PRODUCT.apiVersion, range, { includePrerelease: true })) {
    throw new KinoportError(
      'PLUGIN_ENGINE_MISMATCH',
      `${manifest.name} asks for ${PRODUCT.name} ${range}; this is ${PRODUCT.apiVersion}.`,
      {
        hint: `Install a version of the plugin made for ${PRODUCT.apiVersion}, or update ${PRODUCT.name}.`,
        data: { file },
      },
    );
  }
  checkExperimental(file, manifest.kinoport);
  const id = manifest.kinoport.id ?? defaultPluginId(manifest.name);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) {
    throw invalid(
      file,
      '/kinoport/id',
      `the id "${id}" taken from the package name is not of a-z, 0-9 and "-"; give one`,
    );
  }
  // What is kept by id would find what every object has.
  if (id in Object.prototype) throw invalid(file, '/kinoport/id', `the id "${id}" cannot be used`);
  const development = options.development ?? !root.split(sep).includes('node_modules');
  const members = data as Record<string, unknown>;
  const entry = entryOf(root, file, members, development);
  const standalone = standaloneModules(root, file, manifest, development);
  return { id, root, entry, standalone, package: manifest };
}

/** Contributing something experimental needs the same word in the manifest as using it. */
function checkExperimental(file: string, { contributes = {}, experimental = [] }: PluginManifest): void {
  for (const name of EXPERIMENTAL) {
    if ((contributes[name] ?? []).length === 0 || experimental.includes(name)) continue;
    throw invalid(
      file,
      `/kinoport/contributes/${name}`,
      `${name} are experimental and may change in any release`,
      `Say that you know: "experimental": ["${name}"] beside "contributes".`,
    );
  }
}

function readText(root: string, file: string): string {
  try {
    const stat = statSync(file);
    if (stat.size > MAX_BYTES) throw invalid(file, '', `is larger than ${MAX_BYTES} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof KinoportError) throw error;
    throw new KinoportError(
      'PLUGIN_NOT_FOUND',
      `There is no plugin in ${root}: no package.json that can be read.`,
      {
        hint: 'Give the folder that holds the package.json of the plugin.',
        cause: error,
      },
    );
  }
}

function entryOf(root: string, file: string, data: Record<string, unknown>, development: boolean): string {
  const source = development ? entryName(data, 'development') : undefined;
  const named = source !== undefined && existsSync(resolve(root, source)) ? source : entryName(data);
  return moduleInside(root, file, named, {
    path: '/main',
    what: 'the entry module',
    hint: 'Build the plugin, or correct "main" or "exports".',
  });
}

function standaloneModules(
  root: string,
  file: string,
  { kinoport, ...data }: PluginPackage,
  development: boolean,
): Readonly<Record<string, string>> {
  const { exports } = data as { readonly exports?: unknown };
  return Object.fromEntries(
    (kinoport.contributes?.commands ?? []).flatMap(({ command, standalone }, i) => {
      if (standalone === undefined) return [];
      const place = {
        path: `/${PRODUCT.manifestKey}/contributes/commands/${i}/standalone`,
        what: 'the module',
        hint: 'Build the plugin, or correct "standalone" or "exports".',
      };
      const exported = exportedAs(exports, standalone);
      const source = development ? conditional(exported, 'development') : undefined;
      const named =
        source !== undefined && existsSync(resolve(root, source))
          ? source
          : (conditional(exported) ?? standalone);
      return [[command, moduleInside(root, file, named, place)] as const];
    }),
  );
}

/** A file of the package; its real path. */
function moduleInside(
  root: string,
  file: string,
  named: string,
  { path, what, hint }: { readonly path: string; readonly what: string; readonly hint: string },
): string {
  const entry = resolve(root, named);
  const inside = `${realpathSync(root)}${sep}`;
  let real: string;
  try {
    real = realpathSync(entry);
  } catch {
    throw invalid(file, path, `${what} ${named} does not exist`, hint);
  }
  if (!real.startsWith(inside))
    throw invalid(file, path, `${what} ${named} lies outside the plugin's folder`);
  if (!statSync(real).isFile()) throw invalid(file, path, `${what} ${named} is no file`, hint);
  return real;
}

function entryName(data: Record<string, unknown>, preferred = 'node'): string {
  const own = conditional(exportedAs(data.exports, '.') ?? data.exports, preferred);
  if (own !== undefined) return own;
  return typeof data.main === 'string' ? data.main : 'index.js';
}

function exportedAs(exports: unknown, key: string): unknown {
  if (typeof exports !== 'object' || exports === null || !Object.hasOwn(exports, key)) return undefined;
  return (exports as Record<string, unknown>)[key];
}

/** The text behind conditions. */
function conditional(exported: unknown, preferred = 'node'): string | undefined {
  let value = exported;
  for (let depth = 0; depth < 4 && typeof value === 'object' && value !== null; depth += 1) {
    const conditions = value as Record<string, unknown>;
    value = conditions[preferred] ?? conditions.node ?? conditions.import ?? conditions.default;
  }
  return typeof value === 'string' ? value : undefined;
}

function invalid(file: string, path: string, message: string, hint?: string): KinoportError {
  return new KinoportError('PLUGIN_MANIFEST_INVALID', `${file}${path ? ` at ${path}` : ''}: ${message}.`, {
    hint: hint ?? 'Correct the manifest; docs/plugins/manifest.md lists what it may hold.',
    data: { file, path },
  });
}
