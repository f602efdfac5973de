import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { needs } from '../support/system.ts';
import { expectError, test, type World } from './harness.ts';

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A home that was used before, with one film marked as watched. */
async function usedHome(world: World): Promise<string> {
  await world.json('progress', 'mark', 'demo');
  await world.run(['stop']);
  return join(world.home, 'data', 'kinoport.db');
}

describe('a database that cannot be used', { concurrent: true, timeout: 90_000 }, () => {
  test('is locked by another program', async ({ world }) => {
    const file = await usedHome(world);
    const other = new Sqlite(file);
    try {
      // An exclusive lock in WAL mode asks for the mode before the first access.
      other.pragma('locking_mode = EXCLUSIVE');
      other.exec('BEGIN IMMEDIATE');
      await expectError(world, ['progress'], {
        code: 'DATABASE_LOCKED',
        exit: 1,
        message: /kinoport\.db/,
        hint: /close/i,
      });
    } finally {
      other.close();
    }
    expect(await world.json('progress')).toHaveLength(1);
  });

  test('comes from a newer version, and stays byte for byte what it is', async ({ world }) => {
    const file = await usedHome(world);
    const database = new Sqlite(file);
    database.pragma('user_version = 9999');
    database.close();
    const before = hash(file);
    await expectError(world, ['progress'], {
      code: 'DATABASE_NEWER',
      exit: 1,
      message: /newer Kinoport/,
      hint: /update/i,
    });
    expect(hash(file)).toBe(before);
  });

  test.skipIf(needs('mpv'))(
    'is damaged: it is moved aside, never deleted, and films play',
    async ({ world }) => {
      const file = await usedHome(world);
      const damaged = Buffer.concat([
        Buffer.from('no database at all '.repeat(200)),
        readFileSync(file).subarray(4000),
      ]);
      writeFileSync(file, damaged);
      const command = world.play('demo');
      await command.playing();
      command.kill('SIGINT');
      expect(await command.exit).toMatchObject({ code: 130 });
      const aside = readdirSync(join(world.home, 'data')).filter((name) =>
        /^kinoport\.db\.damaged-\d+T\d+Z$/.test(name),
      );
      expect(aside).toHaveLength(1);
      expect(readFileSync(join(world.home, 'data', aside[0] ?? ''))).toEqual(damaged);
      expect(world.logs()).toContain('moved aside');
    },
  );
});

describe('a config that cannot be used', { concurrent: true, timeout: 60_000 }, () => {
  const CASES: readonly (readonly [string, string, string, 1 | 2, RegExp, RegExp])[] = [
    ['is no JSON', '{ "player": "mpv",, }', 'CONFIG_SYNTAX', 2, /config\.jsonc:1:\d+: /, /./],
    [
      'has a value of the wrong type',
      '{\n  "progress": { "watchedAt": "late" }\n}',
      'CONFIG_INVALID',
      2,
      /config\.jsonc:2:\d+: progress\.watchedAt .*number/,
      /./,
    ],
    [
      'has a key that is unknown',
      '{\n  "plyer": "mpv"\n}',
      'CONFIG_INVALID',
      2,
      /config\.jsonc:2:\d+: .*plyer/,
      /player/,
    ],
    [
      'names a plugin that is not there',
      '{\n  "plugins": { "mvp": true }\n}',
      'CONFIG_UNKNOWN_PLUGIN',
      2,
      /config\.jsonc:2:\d+: .*mvp/,
      /mpv/,
    ],
  ];
  for (const [title, text, code, exit, message, hint] of CASES) {
    test(title, async ({ world }) => {
      world.writeConfig(text);
      const error = await expectError(world, ['play', 'demo'], { code, exit, message, hint });
      expect(error.message.split('config.jsonc').length, 'the file is named once').toBe(2);
    });
  }

  test('is a folder', async ({ world }) => {
    const home = world.film('home');
    mkdirSync(join(home, 'config.jsonc'), { recursive: true });
    await expectError(
      world,
      ['play', 'demo'],
      { code: 'CONFIG_UNREADABLE', exit: 1, message: /folder/, hint: /config path|readable/ },
      { environment: { KINOPORT_HOME: home } },
    );
  });

  test.skipIf(needs('mpv'))(
    'breaks while a film plays: the film goes on with what was in force',
    async ({ world }) => {
      const command = world.play('demo', '--start', '1');
      await command.playing(1);
      world.writeConfig('{ broken');
      const mark = command.lines.length;
      await command.playing(2, mark);
      world.configure({});
      command.kill('SIGINT');
      expect(await command.exit).toMatchObject({ code: 130 });
    },
  );
});
