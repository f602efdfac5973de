import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { expectError, test } from './harness.ts';

const SYSTEM_NODE = '/usr/bin/node';

function oldNode(): string | undefined {
  if (!existsSync(SYSTEM_NODE)) return undefined;
  const [major = 0, minor = 0] = execFileSync(SYSTEM_NODE, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  })
    .split('.')
    .map(Number);
  return major < 22 || (major === 22 && minor < 19) ? SYSTEM_NODE : undefined;
}

describe('a command line that is not understood', { concurrent: true, timeout: 60_000 }, () => {
  const CASES: readonly (readonly [readonly string[], RegExp, RegExp])[] = [
    [['plya', 'film'], /plya/, /play/],
    [['contiune'], /contiune/, /continue/],
    [['play', 'demo', '--from-strat'], /--from-strat/, /--from-start/],
    [['play'], /nothing to play/i, /play demo/],
    [['play', ''], /empty/i, /file/],
    [['play', 'demo', '--start', 'noon'], /noon/, /1:02:03|mm:ss|seconds/],
    [['play', 'demo', '--speed', 'fast'], /fast/, /number/],
    [['progress', 'marc', 'x', 'y'], /too many|marc/i, /help/],
    [['progress', '--limit', 'all'], /all/, /1/],
    [['plugin'], /subcommand/, /--help/],
    [['plugin', 'lst'], /lst/, /list|--help/],
    [['stop', 'now'], /too many/i, /--help/],
    [['help', 'plya'], /unknown command "plya"/i, /--help/],
    [['progress', 'mark'], /missing.*uri/i, /progress mark --help/],
  ];

  for (const [args, message, hint] of CASES) {
    test(`kinoport ${args.map((arg) => arg || '""').join(' ')}`, async ({ world }) => {
      await expectError(world, args, { code: 'USAGE', exit: 2, message, hint });
      expect(world.host).toBeUndefined();
    });
  }

  test('an import that is none', async ({ world }) => {
    await expectError(world, ['progress', 'import', 'nothing.json'], {
      code: 'INVALID_ARGUMENT',
      exit: 2,
      message: /nothing\.json/,
      hint: /export/,
    });
    await expectError(world, ['progress', 'import', world.configFile], {
      code: 'IMPORT_INVALID',
      exit: 2,
      message: /./,
      hint: /export/,
    });
  });

  test('subtitles that are not there', async ({ world }) => {
    await expectError(world, ['play', 'demo', '--sub', 'nothing.srt'], {
      code: 'INVALID_ARGUMENT',
      exit: 2,
      message: /nothing\.srt/,
      hint: /spelling/,
    });
  });

  test('a reader that leaves early is no mistake', async ({ world }) => {
    for (const args of [['--help'], ['config', 'schema'], ['config', 'check', '--json']]) {
      const command = world.start(args);
      command.stopReading();
      expect(await command.exit).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('people get two lines on standard error, with the code', async ({ world }) => {
    const { code, stdout, stderr } = await world.run(['plya', 'film']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^kinoport: .*plya.*\n.*play.* \(USAGE\)\n$/);
  });

  test.skipIf(oldNode() === undefined)('a Node.js that is too old', async ({ world }) => {
    const node = [oldNode() ?? ''];
    await expectError(
      world,
      ['play', 'demo'],
      { code: 'NODE_TOO_OLD', exit: 1, message: /too old; Kinoport needs 22\.19/, hint: /nodejs\.org/ },
      { node },
    );
    const { code, stderr } = await world.run(['--version'], { node });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kinoport: .*too old.*\n.*\(NODE_TOO_OLD\)\n$/);
  });
});
