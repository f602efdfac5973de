import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PRODUCT } from '@kinoport/core';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { inRepository, repositoryFiles } from '../support/repository.ts';
import { codeOf } from '../support/source.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly workspaces?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const readManifest = (dir: string): Manifest =>
  JSON.parse(readFileSync(inRepository(dir, 'package.json'), 'utf8')) as Manifest;

const root = readManifest('.');
const workspaces = (root.workspaces ?? []).map((dir) => ({ dir, manifest: readManifest(dir) }));
const plugins = workspaces.filter(({ dir }) => dir.startsWith('plugins/'));

/** `file: literal` of string literals in the product's code that a pattern finds. */
function literals(pattern: RegExp): readonly string[] {
  return repositoryFiles()
    .filter(
      (path) => /^(core|host|plugins\/[^/]+)\/src\/.*\.ts$/.test(path) && path !== 'core/src/product.ts',
    )
    .flatMap((path) => {
      const code = codeOf(readFileSync(inRepository(path), 'utf8'));
      return [...code.matchAll(pattern)].map((match) => `${path}: ${match[0]}`);
    });
}

describe('names of the product', () => {
  it.each([
    ['the prefix of environment variables', new RegExp(`['"\`.]${PRODUCT.envPrefix}\\w*`, 'g')],
    ['the name of the config file', new RegExp(`['"\`/]${PRODUCT.configFile.replace('.', '\\.')}`, 'g')],
    ['the prefix of third-party plugins', new RegExp(`['"\`]${PRODUCT.pluginPrefix}`, 'g')],
  ])('%s is spelled in core/src/product.ts only', (_, pattern) => {
    expect(literals(pattern)).toEqual([]);
  });

  it('are those of the packages', () => {
    expect(Object.keys(readManifest('host').bin ?? {})).toEqual([PRODUCT.command]);
    expect(readManifest('host').name).toBe(PRODUCT.command);
    // npm demands the name of what `npm create` runs.
    expect(readManifest('create-kinoport-plugin').name).toBe(`create-${PRODUCT.pluginPrefix.slice(0, -1)}`);
    for (const { dir, manifest } of workspaces)
      if (dir !== 'host' && dir !== 'create-kinoport-plugin')
        expect(manifest.name).toMatch(new RegExp(`^${PRODUCT.npmScope}/`));
  });
});

describe('versions', () => {
  it('are one for all packages, whose dependencies on each other are exact', () => {
    for (const { manifest } of workspaces) {
      expect(manifest.version, manifest.name).toBe(root.version);
      for (const [name, range] of Object.entries(manifest.dependencies ?? {}))
        if (name.startsWith(`${PRODUCT.npmScope}/`))
          expect(range, `${manifest.name} on ${name}`).toBe(root.version);
    }
  });

  it.each(plugins.map(({ manifest }) => manifest))('$name asks for the API that core has', ({ engines }) => {
    expect(semver.satisfies(PRODUCT.apiVersion, engines?.[PRODUCT.manifestKey] ?? '')).toBe(true);
  });

  it.each(workspaces.map(({ manifest }) => manifest))('$name says which Node it needs', ({ engines }) => {
    expect(semver.minVersion(engines?.node ?? '*')?.version).toBe(PRODUCT.minimumNode);
  });

  it('all packages carry the licence', () => {
    expect(workspaces.filter(({ manifest }) => manifest.license !== 'MIT')).toEqual([]);
  });
});

describe('documents made from code', () => {
  it('are current', () => {
    execFileSync(process.execPath, [inRepository('scripts/make-docs.mjs'), '--check'], { stdio: 'pipe' });
  });
});
