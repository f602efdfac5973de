import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { inRepository, repository, repositoryFiles } from '../support/repository.ts';

const WARN_LINES = 320;
const MOST_LINES = 450;
const BINARY = /\.(mkv|png|jpg|jpeg|gif|ico|woff2?|tgz|gz|zip|db|srt)$/;

// Names that documentation uses for nobody in particular.
const ANYBODY = '(?:you|me|user|name|viewer|ada|ann|bob)';
const MACHINE_PATHS = [
  new RegExp(`(?<![\\w.~])/(?:home|Users)/(?!${ANYBODY}\\b)[a-z][\\w-]*/`, 'i'),
  new RegExp(`[A-Z]:\\\\+Users\\\\+(?!${ANYBODY}\\b)\\w+`, 'i'),
  /(?<![\w.~])\/root\//,
];
const REGISTRY =
  /https?:\/\/(?:[\w.-]*\.)?(?:registry|artifactory|nexus|verdaccio|npm-mirror)[\w-]*\.[\w.:-]+/i;

const texts = repositoryFiles()
  .filter((path) => !BINARY.test(path) && statSync(inRepository(path)).isFile())
  .map((path) => ({ path, text: readFileSync(inRepository(path), 'utf8') }));

/** `path:line: what` of each line that a test holds for. */
function places(find: (line: string) => string | undefined): readonly string[] {
  return texts.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = find(line);
      return found === undefined ? [] : [`${path}:${index + 1}: ${found}`];
    }),
  );
}

describe('committed files', () => {
  it('hold no path of a particular machine', () => {
    const own = [repository, homedir()].filter((path) => path.length > 5);
    const found = places(
      (line) =>
        own.find((path) => line.includes(`${path}/`)) ??
        MACHINE_PATHS.map((pattern) => pattern.exec(line)?.[0]).find((match) => match !== undefined),
    );
    expect(found).toEqual([]);
  });

  it('name no package registry', () => {
    const configured = process.env.npm_config_registry;
    const host = configured === undefined ? undefined : new URL(configured).host;
    const found = places((line) =>
      host !== undefined && line.includes(host) ? host : REGISTRY.exec(line)?.[0],
    );
    expect(found).toEqual([]);
  });

  it('lock versions and hashes, not addresses', () => {
    const lock = JSON.parse(readFileSync(inRepository('package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
    };
    // A folder of this repository is none.
    const addressed = Object.entries(lock.packages).filter(([, { resolved = '' }]) =>
      /^(?!file:\w)[a-z+]+:/.test(resolved),
    );
    expect(Object.keys(lock.packages).length).toBeGreaterThan(50);
    expect(addressed.map(([name]) => name)).toEqual([]);
  });

  it('lock the packages of every platform, without which `npm ci` refuses to begin', () => {
    execFileSync(process.execPath, [inRepository('scripts/complete-lock.mjs'), '--check'], { stdio: 'pipe' });
  });

  it(`are of one idea each: sources stay under ${MOST_LINES} lines`, () => {
    const long = texts
      .filter(({ path }) => /\.(ts|mjs|js|lua)$/.test(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > WARN_LINES)
      .sort((a, b) => b.lines - a.lines);
    if (long.length > 0)
      console.warn(`Long files:\n${long.map(({ path, lines }) => `  ${lines} ${path}`).join('\n')}`);
    expect(long.filter(({ lines }) => lines > MOST_LINES)).toEqual([]);
  });
});
