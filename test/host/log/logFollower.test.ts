import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@kinoport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFollower } from '../../../host/src/log/logFollower.ts';
import { until } from '../../support/lab/waiting.ts';
import { scratchFolder } from '../storage/scratch.ts';

let file: string;
let told: string[];
let errors: unknown[];
let follower: LogFollower | undefined;

beforeEach(() => {
  file = join(scratchFolder(), 'plugin-x.log');
  told = [];
  errors = [];
});
afterEach(async () => {
  await follower?.dispose();
  follower = undefined;
});

async function follow(lines = 100): Promise<void> {
  follower = await LogFollower.open({
    file,
    clock: systemClock,
    lines,
    onLine: (line) => told.push(line),
    onError: (error) => errors.push(error),
  });
}

/** Waits until it has told all of it, and nothing else. */
async function tells(...expected: readonly string[]): Promise<void> {
  await until(`${expected.length} lines`, () => told.length >= expected.length, { timeout: 5_000 });
  expect(told).toEqual(expected);
}

const append = (text: string): void => appendFileSync(file, text);

describe('a log that is followed', () => {
  it('is told from its last lines on, line by line as they are whole', async () => {
    append('1\n2\n3\n');
    await follow(2);
    await tells('2', '3');
    append('4\nhal');
    await tells('2', '3', '4');
    append('f\nü');
    await tells('2', '3', '4', 'half');
    await follower?.dispose();
    expect(told).toEqual(['2', '3', '4', 'half', 'ü']);
  });

  it('is told from now on only, where no lines are asked for', async () => {
    append('old\nolder');
    await follow(0);
    append(' than that\nnew\n');
    // A line that was begun before is told when it is whole.
    await tells('older than that', 'new');
  });

  it('may come into being later, and is told from its beginning', async () => {
    await follow(1);
    append('1\n2\n3\n');
    await tells('1', '2', '3');
  });

  it('is told in characters, wherever a write was cut', async () => {
    append('');
    await follow();
    const bytes = Buffer.from('漢字\n');
    appendFileSync(file, bytes.subarray(0, 4));
    append('');
    appendFileSync(file, bytes.subarray(4));
    await tells('漢字');
  });

  it('begins in the file that was put aside where it has too few lines itself', async () => {
    writeFileSync(`${file}.1`, '1\n2\n');
    append('3\n');
    await follow(2);
    await tells('2', '3');
  });
});

describe('a log that is put aside', () => {
  it('is read to its end, and the new one from its beginning', async () => {
    append('1\n');
    await follow();
    await tells('1');
    append('2\n');
    renameSync(file, `${file}.1`);
    append('3\n');
    await tells('1', '2', '3');
  });

  it('is told further while its writer goes on with it', async () => {
    append('1\n');
    await follow();
    await tells('1');
    const writer = openSync(file, 'a');
    try {
      renameSync(file, `${file}.1`);
      append('new\n');
      await tells('1', 'new');
      writeSync(writer, 'old\n');
      await tells('1', 'new', 'old');
    } finally {
      closeSync(writer);
    }
  });

  it('again and again loses nothing', async () => {
    append('0\n');
    await follow();
    await tells('0');
    for (let round = 1; round <= 4; round += 1) {
      renameSync(file, `${file}.1`);
      append(`${round}\n`);
      await until(`round ${round}`, () => told.includes(String(round)));
    }
    expect(told).toEqual(['0', '1', '2', '3', '4']);
  });
});

it('a log that is cut off is told from its new beginning', async () => {
  append('a long first line\n');
  await follow();
  await tells('a long first line');
  truncateSync(file);
  append('short\n');
  await tells('a long first line', 'short');
});

it('a log that cannot be read is an error', async () => {
  mkdirSync(file);
  await expect(follow()).rejects.toMatchObject({ code: 'EISDIR' });
});

it('a log in whose place comes something that cannot be read is an error, once', async () => {
  append('1\n');
  await follow();
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  await until('the error', () => errors.length > 0);
  await follower?.dispose();
  expect(errors).toEqual([expect.objectContaining({ code: 'EISDIR' })]);
});
