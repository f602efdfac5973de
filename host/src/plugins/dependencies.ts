import { KinoportError, type PluginDependency, PRODUCT } from '@kinoport/core';
import semver from 'semver';
import type { DiscoveredPlugin } from './discovery.ts';

/** A plugin that another one needs, by id. */
export interface Provider {
  readonly id: string;
  /** Where it is not there or does not start, the other one does without. */
  readonly optional: boolean;
}

/**
 * Finds for every plugin those that have to be active before it. What cannot be had, or only in a circle, is the error
 * of the plugin that asks for it, and of those that need that one; the others are not concerned.
 */
export function withProviders(found: readonly DiscoveredPlugin[]): readonly DiscoveredPlugin[] {
  const known = new Map<string, DiscoveredPlugin>();
  for (const plugin of found) {
    if (!plugin.manifest) continue;
    const { providers, error } = providersOf(plugin, found);
    known.set(plugin.id, {
      ...plugin,
      ...(providers.length > 0 ? { providers } : {}),
      ...(error && !plugin.error ? { error } : {}),
    });
  }
  const order = new Circles(known);
  return found.map((plugin) => {
    const resolved = known.get(plugin.id);
    if (resolved?.root !== plugin.root || resolved.key !== plugin.key) return plugin;
    const needed = withoutCircles(resolved, order);
    const error = resolved.error ?? order.fault(plugin.id);
    return error ? { ...needed, error } : needed;
  });
}

/** An optional one that needs this one in turn does not come first. */
function withoutCircles(plugin: DiscoveredPlugin, circles: Circles): DiscoveredPlugin {
  const { providers, ...rest } = plugin;
  const kept = (providers ?? []).filter(
    ({ id, optional }) => !optional || !circles.comesAfter(id, plugin.id),
  );
  return kept.length > 0 ? { ...rest, providers: kept } : rest;
}

function providersOf(
  plugin: DiscoveredPlugin,
  all: readonly DiscoveredPlugin[],
): { readonly providers: readonly Provider[]; readonly error?: KinoportError } {
  const providers: Provider[] = [];
  for (const dependency of plugin.manifest?.package.kinoport.dependencies ?? []) {
    const optional = dependency.optional === true;
    const provider = all.find((other) => other.id !== plugin.id && answers(other, dependency));
    const fault = provider ? unfit(provider, dependency) : `${named(dependency)} is not there`;
    if (provider && fault === undefined) providers.push({ id: provider.id, optional });
    else if (!optional && plugin.enabled) return { providers, error: missing(plugin, fault ?? '') };
  }
  return { providers };
}

function answers(other: DiscoveredPlugin, dependency: PluginDependency): boolean {
  if ('plugin' in dependency) return other.id === dependency.plugin;
  if (!other.enabled || other.error) return false;
  const [contract, id] = dependency.contract.split(':');
  const {
    players = [],
    sources = [],
    syncs = [],
    services = [],
  } = other.manifest?.package.kinoport.contributes ?? {};
  const offered = { player: players, source: sources, sync: syncs, service: services }[contract ?? ''] ?? [];
  return id === undefined ? offered.length > 0 : offered.some((each) => each.id === id);
}

function unfit(provider: DiscoveredPlugin, dependency: PluginDependency): string | undefined {
  if (!provider.enabled) return `${named(dependency)} is switched off`;
  if (provider.error) return `${named(dependency)} cannot be used (${provider.error.code})`;
  const version = provider.manifest?.package.version ?? '';
  if (!('version' in dependency) || dependency.version === undefined) return undefined;
  if (semver.satisfies(version, dependency.version, { includePrerelease: true })) return undefined;
  return `${named(dependency)} is version ${version}, not ${dependency.version}`;
}

function named(dependency: PluginDependency): string {
  if ('plugin' in dependency) return `the plugin "${dependency.plugin}"`;
  const [contract, id] = dependency.contract.split(':');
  return id === undefined ? `a plugin with a ${contract}` : `a plugin with the ${contract} "${id}"`;
}

function missing({ id }: DiscoveredPlugin, what: string): KinoportError {
  return new KinoportError('PLUGIN_DEPENDENCY_MISSING', `The plugin "${id}" needs another one: ${what}.`, {
    hint: `Install or enable it: "${PRODUCT.command} plugin list" shows what there is.`,
    data: { plugin: id },
  });
}

/** Who needs whom, and who goes round in it. */
class Circles {
  readonly #plugins: ReadonlyMap<string, DiscoveredPlugin>;

  constructor(plugins: ReadonlyMap<string, DiscoveredPlugin>) {
    this.#plugins = plugins;
  }

  /** Whether it comes after the other, however many stand between them. */
  comesAfter(id: string, other: string): boolean {
    return this.#path(id, other, new Set(), true) !== undefined;
  }

  /** Its own circle, or a fault of one that it cannot do without. */
  fault(id: string): KinoportError | undefined {
    const plugin = this.#plugins.get(id);
    if (!plugin?.enabled) return undefined;
    for (const provider of this.#required(id)) {
      const path = this.#path(provider, id, new Set());
      if (path) {
        const circle = [id, ...path].join(' → ');
        return new KinoportError(
          'PLUGIN_DEPENDENCY_CYCLE',
          `Plugins need each other in a circle: ${circle}.`,
          {
            hint: 'One of them has to make its dependency optional, or do without; report it to their authors.',
            data: { plugin: id, circle: [id, ...path] },
          },
        );
      }
    }
    for (const provider of this.#required(id)) {
      const error = this.#plugins.get(provider)?.error ?? this.fault(provider);
      if (error) return missing(plugin, `the plugin "${provider}" cannot be used (${error.code})`);
    }
    return undefined;
  }

  #required(id: string, orOptional = false): readonly string[] {
    const providers = this.#plugins.get(id)?.providers ?? [];
    return providers.filter(({ optional }) => orOptional || !optional).map((each) => each.id);
  }

  #path(from: string, to: string, seen: Set<string>, orOptional = false): readonly string[] | undefined {
    if (from === to) return [to];
    if (seen.has(from)) return undefined;
    seen.add(from);
    for (const next of this.#required(from, orOptional)) {
      const path = this.#path(next, to, seen, orOptional);
      if (path) return [from, ...path];
    }
    return undefined;
  }
}
