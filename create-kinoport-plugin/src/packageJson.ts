import { type Contributions, type PluginManifest, type PluginPermissions, PRODUCT } from '@kinoport/core';
import type { PluginKind, PluginPlan } from './plan.ts';

/** What a kind adds to the manifest; permissions are the least that its template needs. */
const CONTRIBUTIONS: Readonly<Record<PluginKind, (plan: PluginPlan) => PluginManifest>> = {
  source: ({ id, displayName }) => ({
    contributes: { sources: [{ id, displayName, schemes: [id] }] },
    permissions: { net: ['loopback'] },
  }),
  player: ({ id, displayName }) => ({
    contributes: { players: [{ id, displayName }] },
    permissions: { spawn: [{ command: 'ffprobe' }] },
  }),
  command: ({ id }) => ({
    contributes: {
      commands: [
        {
          command: `${id} hello`,
          title: 'Say hello',
          args: [{ name: 'name', description: 'Whom to greet; asked for when absent' }],
          options: [{ name: 'shout', type: 'boolean', description: 'In capitals' }],
        },
      ],
    },
  }),
  playback: () => ({ activationEvents: ['onPlayback'], permissions: { playback: 'observe' } }),
};

/** The `package.json` of a new plugin. */
export function packageJson(plan: PluginPlan): string {
  const typescript = plan.language === 'ts';
  const pack = {
    name: `${PRODUCT.pluginPrefix}${plan.id}`,
    version: '0.1.0',
    description: `${plan.displayName}, a plugin for ${PRODUCT.name}`,
    keywords: [PRODUCT.pluginPrefix.slice(0, -1)],
    type: 'module',
    exports: typescript
      ? { '.': { development: './src/index.ts', default: './dist/index.js' } }
      : './src/index.js',
    files: [typescript ? 'dist' : 'src'],
    engines: { [PRODUCT.manifestKey]: `^${PRODUCT.apiVersion}`, node: `>=${PRODUCT.minimumNode}` },
    scripts: {
      dev: `${PRODUCT.command} plugin dev .`,
      ...(typescript
        ? { build: 'tsc -p tsconfig.build.json', typecheck: 'tsc', prepack: 'npm run build' }
        : {}),
      test: `node --test "test/*.test.${plan.language}"`,
    },
    devDependencies: {
      [`${PRODUCT.npmScope}/core`]: `^${PRODUCT.apiVersion}`,
      '@types/node': '>=22',
      ...(typescript ? { typescript: '>=5.9' } : {}),
    },
    [PRODUCT.manifestKey]: manifest(plan),
  };
  return `${JSON.stringify(pack, undefined, 2)}\n`;
}

function manifest(plan: PluginPlan): PluginManifest {
  const parts = plan.kinds.map((kind) => CONTRIBUTIONS[kind](plan));
  const contributes: Contributions = Object.assign({}, ...parts.map((part) => part.contributes));
  const permissions: PluginPermissions = Object.assign({}, ...parts.map((part) => part.permissions));
  const activationEvents = parts.flatMap((part) => part.activationEvents ?? []);
  return {
    id: plan.id,
    displayName: plan.displayName,
    ...(activationEvents.length > 0 ? { activationEvents } : {}),
    ...(Object.keys(permissions).length > 0 ? { permissions } : {}),
    ...(Object.keys(contributes).length > 0 ? { contributes } : {}),
  };
}
