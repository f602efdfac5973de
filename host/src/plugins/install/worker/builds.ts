import { KinoportError } from '@kinoport/core';
import { withoutSecrets } from './failures.ts';
import { type Arborist, libraries, type PackageJson, type TreeNode } from './libraries.ts';
import type { WorkerProgress } from './protocol.ts';

/**
 * Runs the install scripts of some dependencies, then those of the plugin itself.
 * @throws KinoportError `PLUGIN_BUILD_FAILED` with the last lines that the script printed
 */
export async function runBuilds(
  builder: Arborist,
  nodes: readonly TreeNode[],
  own: { readonly path: string; readonly pkg: PackageJson } | undefined,
  progress: (progress: WorkerProgress) => void,
): Promise<void> {
  try {
    if (nodes.length > 0) {
      progress({ stage: 'building', text: nodes.map((node) => node.packageName).join(', ') });
      const tree = await builder.loadActual({ forceActual: true });
      const wanted = new Set(nodes.map((node) => node.location));
      await builder.rebuild({
        nodes: [...tree.inventory.values()].filter((node) => wanted.has(node.location)),
      });
    }
    if (own) {
      progress({ stage: 'building', text: own.pkg.name ?? '' });
      for (const event of ['preinstall', 'install', 'postinstall'])
        await libraries.runScript()({ event, path: own.path, pkg: own.pkg, stdio: 'pipe' });
    }
  } catch (error) {
    const { message, stderr, stdout, pkgid, script } = error as Error & Record<string, unknown>;
    const printed = String(stderr || stdout || '')
      .trim()
      .split('\n')
      .slice(-10)
      .join('\n');
    const who = typeof pkgid === 'string' ? pkgid : (own?.pkg.name ?? 'a package');
    throw new KinoportError(
      'PLUGIN_BUILD_FAILED',
      withoutSecrets(
        `An install script of ${who} failed (${script ?? message}). It printed:\n${printed}`,
      ).slice(0, 4000),
      {
        hint: 'Nothing was installed. It may need a compiler or a program that is missing here.',
        cause: error,
      },
    );
  }
}
