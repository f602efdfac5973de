import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KinoportError, PRODUCT } from '@kinoport/core';
import { runBuilds } from './builds.ts';
import { installFailure } from './failures.ts';
import { checkTree, watchSize } from './folderSize.ts';
import { type Arborist, libraries, type PackageJson, type TreeNode } from './libraries.ts';
import { npmSettings } from './npmSettings.ts';
import type { DependenciesRequest, PackageBuild, PlanResult, WorkerProgress } from './protocol.ts';

/** The public API is the host's own, whatever a plugin asks for. */
const GIVEN = '@kinoport/core';

/**
 * Finds out which packages the plugin in `package/` needs, and writes their versions and hashes to
 * `package-lock.json`. Fetches descriptions only.
 * @throws KinoportError `PLUGIN_DEPENDENCIES_FAILED`, `PLUGIN_PACKAGE_NOT_FOUND`, `PLUGIN_FETCH_FAILED`
 */
export async function planDependencies(
  request: Pick<DependenciesRequest, 'folder' | 'cache'>,
  progress: (progress: WorkerProgress) => void,
): Promise<PlanResult> {
  const { folder, cache } = request;
  const plugin = await readPackage(folder);
  const own = ownBuild(folder, plugin);
  const wanted = wantedBy(plugin);
  if (Object.keys({ ...wanted.dependencies, ...wanted.optionalDependencies }).length === 0)
    return { packages: [], builds: [...own] };
  progress({ stage: 'resolving' });
  try {
    refuseLocal(wanted.dependencies, wanted.optionalDependencies);
    // The dependencies of the plugin are those of a package around it, so that its own files stay as they are and
    // what only its author needs is not looked at.
    await writeFile(
      join(folder, 'package.json'),
      `${JSON.stringify({ name: 'installed', version: '0.0.0', private: true, ...wanted }, undefined, 2)}\n`,
    );
    const arborist = await newArborist(folder, cache, { packageLockOnly: true });
    await arborist.buildIdealTree();
    const nodes = packagesOf(arborist.idealTree);
    const link = nodes.find((node) => node.isLink);
    if (link) throw localDependency(link.packageName ?? link.location);
    await arborist.reify();
    const builds = nodes.filter((node) => node.hasInstallScript).map((node) => buildOf(node, []));
    return { packages: nodes.map(nameOf), builds: [...unique(builds), ...own] };
  } catch (error) {
    throw installFailure(error, 'The dependencies of the plugin', 'PLUGIN_DEPENDENCIES_FAILED');
  }
}

/**
 * Installs what {@link planDependencies} wrote down, and runs the install scripts that are allowed by name, none else.
 * @throws KinoportError `PLUGIN_BUILD_NOT_ALLOWED` (`data.builds` names the packages), `PLUGIN_BUILD_FAILED`,
 *   `PLUGIN_INTEGRITY`, `PLUGIN_DEPENDENCIES_FAILED`, `PLUGIN_ARCHIVE_TOO_LARGE`, `PLUGIN_ARCHIVE_UNSAFE`
 */
export async function installDependencies(
  request: DependenciesRequest,
  progress: (progress: WorkerProgress) => void,
): Promise<void> {
  const { folder, cache, limits } = request;
  const plugin = await readPackage(folder);
  const size = watchSize(folder, limits);
  try {
    let nodes: readonly TreeNode[] = [];
    if (existsSync(join(folder, 'package-lock.json'))) {
      progress({ stage: 'installing' });
      await Promise.race([(await newArborist(folder, cache)).reify(), size.exceeded]);
      // What lies there, not what the registry has said of it.
      nodes = packagesOf(await (await newArborist(folder, cache)).loadActual({ forceActual: true }));
    }
    const wanting = nodes.flatMap((node) => {
      const scripts = scriptsOf(node.path, node.package);
      return scripts.length > 0 ? [{ node, build: buildOf(node, scripts) }] : [];
    });
    const own = ownBuild(folder, plugin);
    checkAllowed([...wanting.map(({ build }) => build), ...own], request);
    const allowed = wanting
      .filter(({ build }) => request.builds.includes(build.name))
      .map(({ node }) => node);
    const ownAllowed = own.some(({ name }) => request.builds.includes(name));
    if (allowed.length > 0 || ownAllowed) {
      const builder = await newArborist(folder, cache, { ignoreScripts: false });
      const running = runBuilds(
        builder,
        allowed,
        ownAllowed ? { path: join(folder, 'package'), pkg: plugin } : undefined,
        progress,
      );
      await Promise.race([running, size.exceeded]);
    }
    await checkTree(folder, limits);
  } catch (error) {
    throw installFailure(error, 'The dependencies of the plugin', 'PLUGIN_DEPENDENCIES_FAILED');
  } finally {
    size.dispose();
  }
}

async function newArborist(folder: string, cache: string, more: object = {}): Promise<Arborist> {
  const settings = await npmSettings(folder, cache);
  return new (libraries.Arborist())({
    ...settings,
    path: folder,
    // A folder of the author's machine is nothing that a package may lead to.
    allowFile: 'none',
    allowDirectory: 'none',
    ...more,
  });
}

async function readPackage(folder: string): Promise<PackageJson> {
  return JSON.parse(await readFile(join(folder, 'package', 'package.json'), 'utf8')) as PackageJson;
}

/** What has to lie beside the plugin: without the host's own and what is in its archive already. */
function wantedBy(plugin: PackageJson): Required<Pick<PackageJson, 'dependencies' | 'optionalDependencies'>> {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = plugin;
  const bundled = plugin.bundleDependencies ?? plugin.bundledDependencies ?? [];
  const isThere = (name: string): boolean =>
    name === GIVEN || bundled === true || (Array.isArray(bundled) && bundled.includes(name));
  const pick = (all: Readonly<Record<string, string>>, more: (name: string) => boolean = () => true) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !isThere(name) && more(name)));
  const peers = pick(peerDependencies, (name) => peerDependenciesMeta[name]?.optional !== true);
  const required = pick(dependencies, (name) => !(name in optionalDependencies));
  return { dependencies: { ...peers, ...required }, optionalDependencies: pick(optionalDependencies) };
}

function refuseLocal(...lists: readonly Readonly<Record<string, string>>[]): void {
  for (const [name, range] of lists.flatMap((list) => Object.entries(list)))
    if (/^(file|link|workspace|portal|catalog):|^[./~]/.test(String(range))) throw localDependency(name);
}

function localDependency(name: string): KinoportError {
  return new KinoportError(
    'PLUGIN_DEPENDENCIES_FAILED',
    `The plugin depends on ${name} in a folder of its author's machine.`,
    {
      hint: 'Its author has to publish that as a package, or put it into the archive ("bundleDependencies").',
    },
  );
}

function packagesOf(tree: Arborist['idealTree']): readonly TreeNode[] {
  return [...(tree?.inventory.values() ?? [])].filter((node) => !node.isRoot);
}

function nameOf(node: TreeNode): { readonly name: string; readonly version: string } {
  return { name: node.packageName ?? node.location, version: node.version ?? '' };
}

function buildOf(node: TreeNode, scripts: readonly string[]): PackageBuild {
  return { ...nameOf(node), scripts: [...scripts] };
}

function ownBuild(folder: string, plugin: PackageJson): readonly PackageBuild[] {
  const scripts = scriptsOf(join(folder, 'package'), plugin);
  return scripts.length > 0
    ? [{ name: plugin.name ?? '', version: plugin.version ?? '', scripts: [...scripts] }]
    : [];
}

/** The scripts that npm would run at install, `node-gyp rebuild` for what has a `binding.gyp` among them. */
function scriptsOf(path: string, { scripts = {}, gypfile }: PackageJson): readonly string[] {
  const named = ['preinstall', 'install', 'postinstall'].flatMap((event) =>
    typeof scripts[event] === 'string' ? [`${event}: ${scripts[event]}`.slice(0, 500)] : [],
  );
  const builds =
    gypfile !== false && !scripts.install && !scripts.preinstall && existsSync(join(path, 'binding.gyp'));
  return builds ? [...named, 'install: node-gyp rebuild'] : named;
}

function unique(builds: readonly PackageBuild[]): readonly PackageBuild[] {
  return [...new Map(builds.map((build) => [`${build.name}@${build.version}`, build])).values()];
}

/** What the registry says of scripts and what a package has may differ: this looks at what is on the disk. */
function checkAllowed(wanting: readonly PackageBuild[], request: DependenciesRequest): void {
  const decided = new Set([...request.builds, ...request.skipBuilds]);
  const open = unique(wanting.filter(({ name }) => !decided.has(name)));
  if (open.length === 0) return;
  const names = open.map(({ name }) => name).join(', ');
  throw new KinoportError(
    'PLUGIN_BUILD_NOT_ALLOWED',
    `Install scripts of ${names} want to run, and were not allowed.`,
    {
      hint: `Allow them by name: ${open.map(({ name }) => `--allow-build ${name}`).join(' ')}; or leave them out with --skip-build. "${PRODUCT.command} plugin install --help" says more.`,
      data: { builds: open.map(({ name, version, scripts }) => ({ name, version, scripts: [...scripts] })) },
    },
  );
}
