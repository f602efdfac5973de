import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { lastLines } from '../../../host/src/log/logTail.ts';
import { scratchFolder } from '../storage/scratch.ts';

let file: string;
const write = (text: string | Buffer, name = file): void => writeFileSync(name, text);

beforeEach(() => {
  file = join(scratchFolder(), 'plugin-x.log');
});

it.each<[string, number, readonly string[]]>([
  ['', 3, []],
  ['\n', 3, ['']],
  ['a\nb\nc\n', 2, ['b', 'c']],
  ['a\nb\nc', 2, ['b', 'c']],
  ['a\nb\n\n', 2, ['b', '']],
  ['a\nb\nc\n', 3, ['a', 'b', 'c']],
  ['a\nb\nc\n', 99, ['a', 'b', 'c']],
  ['a\nb', 0, []],
])('of %j the last %i are %j', async (text, lines, expected) => {
  write(text);
  expect(await lastLines(file, { lines })).toEqual(expected);
});

it('are none where there is no log', async () => {
  expect(await lastLines(file, { lines: 5 })).toEqual([]);
});

it('go on in the file that was put aside', async () => {
  write('1\n2\n3\n', `${file}.1`);
  write('4\n5\n');
  expect(await lastLines(file, { lines: 4 })).toEqual(['2', '3', '4', '5']);
  expect(await lastLines(file, { lines: 2 })).toEqual(['4', '5']);
  expect(await lastLines(file, { lines: 9 })).toEqual(['1', '2', '3', '4', '5']);
});

it('are found in a large log, wherever its pieces are cut', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i} ${'ü漢🎬'.repeat(i % 17)}`);
  write(`${lines.join('\n')}\n`);
  for (const count of [1, 7, 1234, 19_999, 20_000, 30_000])
    expect(await lastLines(file, { lines: count })).toEqual(lines.slice(-count));
});

it('are no more than so many bytes, and begin with no half character', async () => {
  write(`${'漢'.repeat(1000)}\nlast\n`);
  expect(await lastLines(file, { lines: 9, bytes: 5 })).toEqual(['last']);
  expect(await lastLines(file, { lines: 9, bytes: 4 })).toEqual(['ast']);
  expect(await lastLines(file, { lines: 9, bytes: 14 })).toEqual(['漢漢', 'last']);
});

it('are told as they are where a program wrote no text', async () => {
  write(Buffer.from([0xff, 0x00, 0x0a, 0xc3, 0x0a]));
  expect(await lastLines(file, { lines: 2 })).toEqual(['\ufffd\0', '\ufffd']);
});

it('reject where the log cannot be read', async () => {
  mkdirSync(file);
  await expect(lastLines(file, { lines: 1 })).rejects.toMatchObject({ code: 'EISDIR' });
});
