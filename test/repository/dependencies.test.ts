import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inRepository, repositoryFiles } from '../support/repository.ts';
import { codeOf } from '../support/source.ts';

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const files = repositoryFiles();

/** Folders of packages, by their place: `core`, `host`, `plugins/mpv`, `examples/x`. */
const packages = files
  .filter((path) =>
    /^(core|create-kinoport-plugin|host|plugins\/[^/]+|examples\/[^/]+)\/package\.json$/.test(path),
  )
  .map((path) => posix.dirname(path));

/** What a package's code imports: `file: specifier`, tests and scripts not counted. */
function imports(dir: string): readonly { readonly file: string; readonly specifier: string }[] {
  const sources = files.filter(
    (path) =>
      path.startsWith(`${dir}/`) &&
      /\.(ts|mts|js|mjs)$/.test(path) &&
      !/\/(test|dist|templates)\//.test(path),
  );
  return sources.flatMap((file) => specifiers(file).map((specifier) => ({ file, specifier })));
}

function specifiers(file: string): readonly string[] {
  const patterns = [
    /[}\w*]\s*\bfrom\s*['"]([^'"\s]+)['"]/g,
    /^\s*import\s*['"]([^'"\s]+)['"]/gm,
    /\b(?:import|require)\s*\(\s*['"]([^'"\s]+)['"]/g,
  ];
  const code = codeOf(readFileSync(inRepository(file), 'utf8'));
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function dependencies(dir: string): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(inRepository(dir, 'package.json'), 'utf8')) as Package;
  // What the build puts into a built-in plugin is not asked of whoever installs it.
  const bundled = dir.startsWith('plugins/') ? manifest.devDependencies : {};
  return new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...bundled }));
}

const packageName = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

const isRelative = (specifier: string): boolean => specifier.startsWith('.');

const isInside = (dir: string, file: string, specifier: string): boolean =>
  posix.join(posix.dirname(file), specifier).startsWith(`${dir}/`);

/** Imports that a rule does not allow, as lines to read. */
function offences(
  dir: string,
  allows: (specifier: string, declared: ReadonlySet<string>) => boolean,
): string[] {
  const declared = dependencies(dir);
  return imports(dir)
    .filter(({ file, specifier }) =>
      isRelative(specifier) ? !isInside(dir, file, specifier) : !allows(specifier, declared),
    )
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
}

describe('the dependency rule', () => {
  it('finds the packages it speaks of', () => {
    expect(packages).toEqual(expect.arrayContaining(['core', 'host', 'plugins/files', 'plugins/mpv']));
    expect(imports('core').length).toBeGreaterThan(10);
  });

  it('core imports its own dependencies only: no host, no plugin, nothing that does input or output', () => {
    const broken = offences('core', (specifier, declared) => declared.has(packageName(specifier)));
    expect(broken).toEqual([]);
    expect([...dependencies('core')].filter((name) => /^(@kinoport\/|kinoport)/.test(name))).toEqual([]);
  });

  it('host imports core and libraries, and no code of a plugin', () => {
    const broken = offences(
      'host',
      (specifier, declared) =>
        isBuiltin(specifier) ||
        (declared.has(packageName(specifier)) && !specifier.startsWith('@kinoport/plugin-')),
    );
    expect(broken).toEqual([]);
  });

  it('the maker of plugins imports core and Node, so that the host can have it for nothing', () => {
    const broken = offences(
      'create-kinoport-plugin',
      (specifier) => isBuiltin(specifier) || specifier === '@kinoport/core',
    );
    expect(broken).toEqual([]);
  });

  it.each(packages.filter((dir) => /^(plugins|examples)\//.test(dir)))(
    '%s imports the public API, Node and what it declares',
    (dir) => {
      const broken = offences(
        dir,
        (specifier, declared) =>
          isBuiltin(specifier) ||
          specifier === '@kinoport/core' ||
          (declared.has(packageName(specifier)) && !/^(@kinoport\/|kinoport(\/|$))/.test(specifier)),
      );
      expect(broken).toEqual([]);
      expect([...dependencies(dir)].filter((name) => name === 'kinoport')).toEqual([]);
    },
  );

  it('Node is imported by its scheme', () => {
    const bare = packages
      .flatMap(imports)
      .filter(({ specifier }) => isBuiltin(specifier) && !specifier.startsWith('node:'));
    expect(bare).toEqual([]);
  });
});
