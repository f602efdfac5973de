/** The Node that plugins run on, as far as their permissions depend on it. */
export interface PluginNode {
  readonly path: string;
  readonly version: string;
  /** Options that it knows: `--allow-net`. */
  readonly options: ReadonlySet<string>;
}

const RELEVANT = ['--permission', '--allow-net', '--allow-inspector', '--experimental-sqlite'] as const;

/** The Node of this process, which plugins' processes are started with. */
export function ownNode(): PluginNode {
  return {
    path: process.execPath,
    version: process.versions.node,
    options: new Set(RELEVANT.filter((option) => process.allowedNodeEnvironmentFlags.has(option))),
  };
}
