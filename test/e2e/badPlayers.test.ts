import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { expectError, test, type World } from './harness.ts';

/** A script in mpv's place. */
function standIn(world: World, script: string): string {
  const path = world.film('mpv');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  world.configure({ plugins: { mpv: { config: { path } } } });
  return path;
}

describe.skipIf(process.platform === 'win32')(
  'an mpv that cannot be used',
  { concurrent: true, timeout: 90_000 },
  () => {
    test('is not where the config says', async ({ world }) => {
      world.configure({ plugins: { mpv: { config: { path: '/nonexistent/mpv' } } } });
      await expectError(world, ['play', 'demo'], {
        code: 'PLAYER_NOT_FOUND',
        exit: 1,
        message: /\/nonexistent\/mpv/,
        hint: /"path"/,
      });
    });

    test('is too old', async ({ world }) => {
      standIn(world, 'echo "mpv 0.27.2 Copyright (C) 2000-2017 mpv/MPlayer/mplayer2 projects"');
      await expectError(world, ['play', 'demo'], {
        code: 'PLAYER_TOO_OLD',
        exit: 1,
        message: /0\.27\.2/,
        hint: /newer/,
      });
    });

    test('ends at once', async ({ world }) => {
      standIn(world, 'echo "libmpv.so.2: cannot open shared object file" >&2\nexit 127');
      await expectError(world, ['play', 'demo'], {
        code: 'PLAYER_START_FAILED',
        exit: 1,
        message: /libmpv\.so\.2|127/,
        hint: /./,
      });
    });

    test('is no program', async ({ world }) => {
      const path = standIn(world, '');
      chmodSync(path, 0o644);
      await expectError(world, ['play', 'demo'], {
        code: 'PLAYER_START_FAILED|PROCESS_SPAWN_FAILED|PLAYER_NOT_FOUND',
        exit: 1,
        message: /./,
        hint: /./,
      });
    });

    test.skipIf(needs('mpv'))('is given an argument that it does not know', async ({ world }) => {
      await expectError(world, ['play', 'demo', '--', '--no-such-argument=1'], {
        code: 'PLAYER_START_FAILED',
        exit: 1,
        message: /no-such-argument/,
        hint: /./,
      });
      // The next film plays.
      const command = world.play('demo');
      await command.playing();
      command.kill('SIGINT');
      expect(await command.exit).toMatchObject({ code: 130 });
    });
  },
);
