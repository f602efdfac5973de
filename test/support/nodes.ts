import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { PluginNode } from '../../host/src/plugins/permissions/node.ts';
import { inRepository } from './repository.ts';

const ASK = `JSON.stringify({ version: process.versions.node, options: [...process.allowedNodeEnvironmentFlags] })`;

/** Where `scripts/get-nodes.mjs` puts a Node of that major version. */
export function nodeFile(major: string): string {
  const own = process.versions.node.split('.')[0] === major;
  return own
    ? process.execPath
    : inRepository('node_modules/.cache/nodes', major, 'node_modules/node/bin/node');
}

/** Whether tests on that Node are skipped: it is not there, and this is not CI, where it has to be. */
export function lacksNode(major: string): boolean {
  return process.env.CI !== 'true' && !existsSync(nodeFile(major));
}

export function pluginNode(major: string): PluginNode {
  const path = nodeFile(major);
  if (!existsSync(path))
    throw new Error(`Node ${major} is not there. Run: node scripts/get-nodes.mjs ${major}`);
  const told = JSON.parse(execFileSync(path, ['-p', ASK], { encoding: 'utf8' })) as {
    readonly version: string;
    readonly options: readonly string[];
  };
  return { path, version: told.version, options: new Set(told.options) };
}
