import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LOG_LIMIT, limitLog } from '../../../host/src/log/logLimit.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kp-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('puts the end of a log that has grown too large aside, and begins it anew', async () => {
  const file = join(folder, 'plugin.log');
  const clock = new VirtualClock();
  const cut = Promise.withResolvers<void>();
  writeFileSync(file, 'few\n');
  const limit = limitLog(file, clock, () => cut.resolve());
  await clock.advance(10_000);
  expect(readFileSync(file, 'utf8')).toBe('few\n');
  appendFileSync(file, Buffer.alloc(LOG_LIMIT, 'x'));
  appendFileSync(file, 'the end\n');
  await clock.advance(10_000);
  await cut.promise;
  expect(statSync(file).size).toBe(0);
  const aside = readFileSync(`${file}.1`, 'utf8');
  expect([aside.length, aside.endsWith('the end\n'), aside.startsWith('few')]).toEqual([
    LOG_LIMIT,
    true,
    false,
  ]);
  await limit.dispose();
});
