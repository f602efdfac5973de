import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../host/src/log/logger.ts';
import { FileSecretStore } from '../../../host/src/secrets/fileSecretStore.ts';
import type { Keyring } from '../../../host/src/secrets/keyring.ts';
import { scratchFolder } from '../storage/scratch.ts';

/** A keyring as the system's would be, that can be locked and lost. */
class MemoryKeyring implements Keyring {
  text: string | null = null;
  locked = false;
  asked = 0;

  async read(): Promise<string | null> {
    this.asked += 1;
    if (this.locked) throw new Error('the collection is locked');
    return this.text;
  }

  async write(text: string): Promise<void> {
    if (this.locked) throw new Error('the collection is locked');
    this.text = text;
  }
}

function storeIn(folder: string, keyring?: Keyring, log: string[] = []): FileSecretStore {
  return new FileSecretStore({
    file: join(folder, 'secrets.json'),
    clock: systemClock,
    log: createLogger((line) => log.push(line)),
    ...(keyring ? { keyring } : {}),
  });
}

const textIn = (folder: string): string => readFileSync(join(folder, 'secrets.json'), 'utf8');

describe('FileSecretStore', () => {
  it('keeps secrets of each plugin apart, over hosts, in a file only for the user', async () => {
    const folder = scratchFolder();
    const store = storeIn(folder);
    expect(await store.get('a', 'token')).toBeUndefined();
    await store.set('a', 'token', 'ä\n"quoted"');
    await store.set('b', 'token', 'other');
    await store.set('a', '__proto__', 'odd');
    if (process.platform !== 'win32') expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
    const next = storeIn(folder);
    expect(await next.get('a', 'token')).toBe('ä\n"quoted"');
    expect(await next.get('a', '__proto__')).toBe('odd');
    expect(await next.get('b', 'token')).toBe('other');
    expect(await next.get('b', 'toString')).toBeUndefined();
    expect(await next.all('constructor')).toEqual({});
    expect(readdirSync(folder)).toEqual(['secrets.json']);
    await next.set('a', 'token', undefined);
    await next.clear('b');
    expect(Object.keys(await next.all('a'))).toEqual(['__proto__']);
    expect(JSON.parse(textIn(folder)).plain).not.toHaveProperty('b');
  });

  it('tells each change once, and none that is none', async () => {
    const store = storeIn(scratchFolder());
    const changes: string[] = [];
    store.onDidChange(({ plugin, name }) => changes.push(`${plugin}.${name}`));
    await store.set('a', 'x', '1');
    await store.set('a', 'x', '1');
    await store.set('a', 'none', undefined);
    await store.set('a', 'y', '2');
    await store.clear('a');
    await store.clear('b');
    expect(changes).toEqual(['a.x', 'a.y', 'a.x', 'a.y']);
  });

  it('writes one after the other, whoever comes at once', async () => {
    const folder = scratchFolder();
    const store = storeIn(folder);
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.set(`p${n % 5}`, `n${n}`, String(n))));
    const next = storeIn(folder);
    for (let n = 0; n < 50; n += 1) expect(await next.get(`p${n % 5}`, `n${n}`)).toBe(String(n));
  });

  it('has limits', async () => {
    const store = storeIn(scratchFolder());
    await store.set('a', 'x'.repeat(200), 'ü'.repeat(8 * 1024));
    for (const [name, value, code] of [
      ['', 'v', 'INVALID_ARGUMENT'],
      ['x'.repeat(201), 'v', 'INVALID_ARGUMENT'],
      ['big', 'ü'.repeat(8 * 1024 + 1), 'STORAGE_LIMIT'],
    ] as const)
      await expect(store.set('a', name, value)).rejects.toMatchObject({ code });
    for (let n = 1; n < 100; n += 1) await store.set('a', `n${n}`, 'v');
    await expect(store.set('a', 'one more', 'v')).rejects.toMatchObject({ code: 'STORAGE_LIMIT' });
    await store.set('a', 'n1', 'new');
    await store.set('b', 'n1', 'v');
  });

  it.each([
    ['is no JSON', '{ "version": 1, "plain": { "a": { "tok'],
    ['is something else', '{"version":1,"plain":{"a":{"token":5}}}'],
    ['is of another version', '{"version":2,"plain":{}}'],
    ['is empty', ''],
  ])('moves a file aside that %s, whole, and says so without what is in it', async (_, text) => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'secrets.json'), text);
    const log: string[] = [];
    const store = storeIn(folder, undefined, log);
    expect(await store.all('a')).toEqual({});
    await store.set('a', 'token', 'new');
    const aside = readdirSync(folder).filter((name) => name.startsWith('secrets.json.damaged-'));
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(folder, aside[0] ?? ''), 'utf8')).toBe(text);
    expect(log.join('')).toContain('moved aside');
    expect(log.join('')).not.toContain('tok"');
    expect(await storeIn(folder).get('a', 'token')).toBe('new');
  });

  it.skipIf(process.platform === 'win32')('takes the file back from everybody else', async () => {
    const folder = scratchFolder();
    await storeIn(folder).set('a', 'token', 'v');
    chmodSync(join(folder, 'secrets.json'), 0o644);
    expect(await storeIn(folder).get('a', 'token')).toBe('v');
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps what was there when it cannot write', async () => {
    const folder = join(scratchFolder(), 'gone');
    const store = storeIn(folder);
    await expect(store.set('a', 'token', 'v')).rejects.toMatchObject({ code: 'HOME_NOT_WRITABLE' });
    expect(await store.get('a', 'token')).toBeUndefined();
    mkdirSync(folder);
    await store.set('a', 'token', 'v');
    expect(await store.get('a', 'token')).toBe('v');
  });
});

describe('FileSecretStore with a keyring', () => {
  it('seals the file with a key that lies there', async () => {
    const [folder, keyring] = [scratchFolder(), new MemoryKeyring()];
    await storeIn(folder, keyring).set('plugin', 'token', 'sesame-open');
    for (const word of ['plugin', 'token', 'sesame']) expect(textIn(folder)).not.toContain(word);
    expect(keyring.text).toHaveLength(44);
    expect(textIn(folder)).not.toContain(keyring.text);
    const next = storeIn(folder, keyring);
    expect(await next.get('plugin', 'token')).toBe('sesame-open');
    const before = textIn(folder);
    await next.set('plugin', 'token', undefined);
    expect(textIn(folder)).not.toBe(before);
    expect(await storeIn(folder, keyring).all('plugin')).toEqual({});
  });

  it('does without one that does not work, asks it once, and seals when there is one', async () => {
    const [folder, keyring, log] = [scratchFolder(), new MemoryKeyring(), [] as string[]];
    keyring.locked = true;
    const store = storeIn(folder, keyring, log);
    await store.set('a', 'x', 'in the clear');
    await store.set('a', 'y', 'as well');
    expect(keyring.asked).toBe(1);
    expect(textIn(folder)).toContain('in the clear');
    expect(log.join('')).toContain('the collection is locked');
    keyring.locked = false;
    const next = storeIn(folder, keyring);
    await next.set('a', 'z', 'sealed');
    expect(textIn(folder)).not.toContain('in the clear');
    expect(await storeIn(folder, keyring).get('a', 'x')).toBe('in the clear');
  });

  it('says that it is locked, loses nothing, and goes on when it is open', async () => {
    const [folder, keyring] = [scratchFolder(), new MemoryKeyring()];
    await storeIn(folder, keyring).set('a', 'token', 'v');
    const text = textIn(folder);
    const store = storeIn(folder, keyring);
    keyring.locked = true;
    const locked = { code: 'SECRETS_LOCKED', message: expect.stringContaining('the collection is locked') };
    await expect(store.get('a', 'token')).rejects.toMatchObject(locked);
    await expect(store.set('a', 'token', 'w')).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
    await expect(storeIn(folder).get('a', 'token')).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
    expect(textIn(folder)).toBe(text);
    keyring.locked = false;
    expect(await store.get('a', 'token')).toBe('v');
    const { text: key } = keyring;
    keyring.text = null;
    await expect(storeIn(folder, keyring).get('a', 'token')).rejects.toMatchObject({
      code: 'SECRETS_LOCKED',
    });
    expect(existsSync(join(folder, 'secrets.json'))).toBe(true);
    keyring.text = key;
    expect(await storeIn(folder, keyring).get('a', 'token')).toBe('v');
  });

  it('moves a file aside that somebody has changed', async () => {
    const [folder, keyring] = [scratchFolder(), new MemoryKeyring()];
    await storeIn(folder, keyring).set('a', 'token', 'v');
    const content = JSON.parse(textIn(folder)) as { sealed: { data: string } };
    content.sealed.data = Buffer.from('something else').toString('base64');
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify(content));
    expect(await storeIn(folder, keyring).all('a')).toEqual({});
    expect(readdirSync(folder)).toEqual([expect.stringContaining('.damaged-')]);
  });
});
