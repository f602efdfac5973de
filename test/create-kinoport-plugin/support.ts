import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlugin, type PluginPlan } from 'create-kinoport-plugin';
import { inRepository } from '../support/repository.ts';

/** A folder in which plugins are made. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-create-'));

  /** A new plugin with what `npm install` would bring it. */
  async plugin(plan: Omit<PluginPlan, 'directory'>): Promise<string> {
    const directory = join(this.folder, plan.id);
    await createPlugin({ ...plan, directory });
    for (const name of ['@kinoport/core', '@types/node']) {
      const link = join(directory, 'node_modules', name);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(inRepository(name === '@kinoport/core' ? 'core' : `node_modules/${name}`), link, 'dir');
    }
    return directory;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a program of Node; its output when it fails, `undefined` when all is well. */
export function complaint(cwd: string, ...args: readonly string[]): string | undefined {
  // A test of a test must not be taken for a part of the one that runs it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  try {
    execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}

/** The files of a plugin's tests, as its `npm test` finds them. */
export const testFiles = (language: string): string => `test/*.test.${language}`;

/** The compiler of the repository. */
export const tsc = inRepository('node_modules/typescript/bin/tsc');
