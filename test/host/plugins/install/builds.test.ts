import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InstallBench } from './support.ts';

// Every installation starts processes that load npm's libraries.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let bench: InstallBench;
let proof: string;

beforeEach(async () => {
  bench = await InstallBench.start();
  proof = join(bench.folder, 'ran');
});

afterEach(() => bench.dispose());

const touch = (): string => `node -e "require('fs').appendFileSync('${proof}', process.version)"`;

describe('an install script', () => {
  it('of a dependency is asked for by name, and never runs unasked', async () => {
    bench.publish('lib', { name: 'lib', scripts: { postinstall: touch() } });
    bench.publish('hi', { dependencies: { lib: '1' } });
    const prepared = await bench.prepare('kinoport-plugin-hi');
    expect(prepared.builds).toMatchObject([{ name: 'lib', version: '1.0.0' }]);
    const refusal = await bench.answer(prepared.token).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'PLUGIN_BUILD_NOT_ALLOWED',
      data: { builds: [{ name: 'lib', scripts: [expect.stringContaining('postinstall: node')] }] },
    });
    expect(existsSync(proof)).toBe(false);
    // Asked again, with an answer.
    expect(await bench.answer(prepared.token, { builds: ['lib'] })).toBe('hi');
    expect(existsSync(proof)).toBe(true);
    expect(bench.locked.hi?.builds).toEqual(['lib']);
    expect((await bench.prepare({ update: 'hi' })).newBuilds).toEqual([]);
  });

  it('of a dependency whose registry says that it has none does not run either', async () => {
    bench.publish('lib', { name: 'lib', scripts: { preinstall: touch() } }, { hasInstallScript: false });
    bench.publish('hi', { dependencies: { lib: '1' } });
    await expect(bench.install('kinoport-plugin-hi')).rejects.toMatchObject({
      code: 'PLUGIN_BUILD_NOT_ALLOWED',
    });
    expect(existsSync(proof)).toBe(false);
  });

  it('is left out where that is wanted', async () => {
    bench.publish('lib', { name: 'lib', scripts: { install: touch() } });
    bench.publish('hi', { dependencies: { lib: '1' } });
    expect(await bench.install('kinoport-plugin-hi', { skipBuilds: ['lib'] })).toBe('hi');
    expect(existsSync(proof)).toBe(false);
  });

  it('of the plugin itself is one as well', async () => {
    bench.publish('hi', { scripts: { postinstall: touch() } });
    await expect(bench.install('kinoport-plugin-hi')).rejects.toMatchObject({
      code: 'PLUGIN_BUILD_NOT_ALLOWED',
    });
    expect(existsSync(proof)).toBe(false);
    await bench.install('kinoport-plugin-hi', { builds: ['kinoport-plugin-hi'] });
    expect(existsSync(proof)).toBe(true);
  });

  it('that fails says what it printed, and nothing is installed', async () => {
    bench.publish('lib', { name: 'lib', scripts: { install: 'echo no compiler here >&2; exit 3' } });
    bench.publish('hi', { dependencies: { lib: '1' } });
    await expect(bench.install('kinoport-plugin-hi', { builds: ['lib'] })).rejects.toMatchObject({
      code: 'PLUGIN_BUILD_FAILED',
      message: expect.stringContaining('no compiler here'),
    });
    expect(bench.traces).toEqual([]);
    expect(bench.locked).toEqual({});
  });

  it('that leaves a link out of the folder is refused', async () => {
    bench.publish('lib', { name: 'lib', scripts: { install: 'ln -s /etc ../../package/etc' } });
    bench.publish('hi', { dependencies: { lib: '1' } });
    await expect(bench.install('kinoport-plugin-hi', { builds: ['lib'] })).rejects.toMatchObject({
      code: 'PLUGIN_ARCHIVE_UNSAFE',
    });
    expect(bench.traces).toEqual([]);
  });
});
