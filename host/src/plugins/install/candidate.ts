import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { KinoportError, PRODUCT } from '@kinoport/core';
import type { DiscoveredPlugin } from '../discovery.ts';
import { type LoadedManifest, readManifest } from '../manifest.ts';
import { isFullTrust } from '../permissions/border.ts';
import type { InstalledPlugin } from './installed.ts';
import type { LockedPlugin } from './lockFile.ts';
import { newPermissions, permissionWords } from './permissionWords.ts';
import type { PreparedInstall } from './views.ts';
import type { FetchResult, PlanResult } from './worker/protocol.ts';

const KEYWORD = 'kinoport-plugin';

/**
 * The manifest of a package that was fetched; its errors speak of what was asked for, not of a folder that nobody knows.
 * @throws KinoportError `PLUGIN_MANIFEST_INVALID`, `PLUGIN_ENGINE_MISMATCH`
 */
export function readFetched(root: string, spec: string): LoadedManifest {
  try {
    const manifest = readManifest(root, { development: false });
    if (!/\.[mc]?tsx?$/.test(manifest.entry)) return manifest;
    throw new KinoportError(
      'PLUGIN_MANIFEST_INVALID',
      `${root}: the entry module is TypeScript, which runs only from a folder that the config names.`,
      { hint: 'Its author has to build it before it is packed.' },
    );
  } catch (error) {
    if (!(error instanceof KinoportError)) throw error;
    const { hint } = error;
    const message = error.message.replaceAll(`${root}/`, `${spec}: `).replaceAll(root, spec);
    const code = error.code === 'PLUGIN_NOT_FOUND' ? 'PLUGIN_MANIFEST_INVALID' : error.code;
    throw new KinoportError(code, message, { ...(hint === undefined ? {} : { hint }), cause: error });
  }
}

/**
 * A folder is looked at before it is packed: its mistakes are shown where they are.
 * @throws KinoportError `PLUGIN_PACKAGE_NOT_FOUND`, of the manifest
 */
export function checkLocal(spec: string): void {
  if (!isAbsolute(spec)) return;
  if (!existsSync(spec)) {
    throw new KinoportError('PLUGIN_PACKAGE_NOT_FOUND', `There is no ${spec}.`, {
      hint: 'Give a folder or a tarball that is there.',
    });
  }
  if (existsSync(join(spec, 'package.json'))) readManifest(spec, { development: false });
}

export interface NameRules {
  /** What is installed under the id. */
  readonly before: LockedPlugin | undefined;
  /** The id of the plugin of which it is to be a new version. */
  readonly update: string | undefined;
  readonly discover: (
    change: (now: readonly InstalledPlugin[]) => readonly InstalledPlugin[],
  ) => readonly DiscoveredPlugin[];
}

/**
 * No other plugin may have its id, nor contribute what it does.
 * @throws KinoportError `PLUGIN_ID_CLASH`, `PLUGIN_CONTRIBUTION_CLASH`
 */
export function checkNames(manifest: LoadedManifest, { before, update, discover }: NameRules): void {
  const { id, root } = manifest;
  if (update !== undefined && id !== update) {
    throw new KinoportError(
      'PLUGIN_ID_CLASH',
      `The new version carries the id "${id}", the installed one "${update}".`,
      { hint: `Remove the one and install the other: ${PRODUCT.command} plugin remove ${update}` },
    );
  }
  if (before && before.name !== manifest.package.name) {
    throw new KinoportError(
      'PLUGIN_ID_CLASH',
      `The id "${id}" is that of ${before.name}, which is installed.`,
      {
        hint: `Remove it first: ${PRODUCT.command} plugin remove ${id}`,
      },
    );
  }
  const found = discover((now) => [...now.filter((plugin) => plugin.id !== id), { id, root, grant: {} }]);
  const error = found.find((plugin) => plugin.root === root)?.error;
  if (error?.code === 'PLUGIN_ID_CLASH') {
    throw new KinoportError('PLUGIN_ID_CLASH', `The id "${id}" is that of a plugin that is there already.`, {
      hint: `"${PRODUCT.command} plugin list" shows it; the path of a plugin in the config can be given an alias.`,
    });
  }
  if (error) throw error;
}

export interface Candidate {
  readonly token: string;
  readonly spec: string;
  readonly fetched: FetchResult;
  readonly manifest: LoadedManifest;
  readonly plan: PlanResult;
  readonly before: LockedPlugin | undefined;
}

/** What the user is asked. */
export function preparedView(candidate: Candidate): PreparedInstall {
  const { token, spec, fetched, manifest, plan, before } = candidate;
  const { name, version, description = '', kinoport } = manifest.package;
  const asked = kinoport.permissions ?? {};
  const decided = new Set([...(before?.builds ?? []), ...(before?.skipBuilds ?? [])]);
  return {
    token,
    id: manifest.id,
    name,
    version,
    description,
    spec,
    resolved: fetched.resolved,
    integrity: fetched.integrity,
    files: fetched.files,
    bytes: fetched.bytes,
    permissions: asked,
    permissionWords: permissionWords(asked),
    newPermissionWords: newPermissions(asked, before?.permissions ?? {}),
    fullTrust: isFullTrust(asked),
    dependencies: plan.packages,
    builds: plan.builds,
    newBuilds: plan.builds.filter((build) => !decided.has(build.name)),
    installed: before
      ? {
          version: before.version,
          isSame: before.integrity === fetched.integrity,
          builds: before.builds,
          skipBuilds: before.skipBuilds,
        }
      : null,
    warnings: warningsOf(manifest),
  };
}

/** What is unusual about a package, which is installed all the same. */
export function warningsOf({ root, package: { name } }: LoadedManifest): readonly string[] {
  const { keywords } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly keywords?: unknown;
  };
  const isMarked = Array.isArray(keywords) && keywords.includes(KEYWORD);
  return [
    ...(/^(@[^/]+\/)?kinoport-plugin-/.test(name)
      ? []
      : [`It is called ${name}; plugins are called kinoport-plugin-*.`]),
    ...(isMarked ? [] : [`It does not carry the keyword ${KEYWORD}, so no search finds it.`]),
  ];
}
