import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { type Clock, Emitter, KinoportError, PRODUCT } from '@kinoport/core';
import { notWritable } from '../home/prepareHome.ts';
import type { Logger } from '../log/logger.ts';
import type { Keyring } from './keyring.ts';
import {
  DamagedSecretFile,
  readSecretFile,
  type Secrets,
  seal,
  unseal,
  writeSecretFile,
} from './secretFile.ts';
import {
  LARGEST_SECRET,
  LONGEST_SECRET_NAME,
  MOST_SECRETS,
  type SecretChange,
  type SecretStore,
} from './secretStore.ts';

export interface FileSecretStoreOptions {
  readonly file: string;
  /** Keeps the key that the file is sealed with. Absent: the file's mode is its only guard. */
  readonly keyring?: Keyring;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Opened {
  readonly secrets: Secrets;
  /** Absent: the file is not sealed. */
  readonly key?: Buffer;
}

const KEY_BYTES = 32;

/**
 * {@link SecretStore} in one file of mode 0600, sealed with a key in the system's keyring where there is one. One entry
 * in the keyring, because Windows takes 1280 characters in each and macOS may ask for each. Written by one process only:
 * the host.
 */
export class FileSecretStore implements SecretStore {
  readonly #options: FileSecretStoreOptions;
  readonly #changed = new Emitter<SecretChange>();
  #opened: Opened | undefined;
  /** Asked for once: a keyring that is not there may take its time to say so. */
  #newKey: Promise<Buffer | undefined> | undefined;
  /** One thing after another: readings wait for the writing before them. */
  #turn: Promise<unknown> = Promise.resolve();

  readonly onDidChange = this.#changed.event;

  constructor(options: FileSecretStoreOptions) {
    this.#options = options;
  }

  async get(plugin: string, name: string): Promise<string | undefined> {
    const secrets = await this.all(plugin);
    return Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  }

  all(plugin: string): Promise<Readonly<Record<string, string>>> {
    return this.#inTurn(async () => {
      const { secrets } = await this.#open();
      return (Object.hasOwn(secrets, plugin) ? secrets[plugin] : undefined) ?? {};
    });
  }

  async set(plugin: string, name: string, value: string | undefined): Promise<void> {
    check(name, value);
    await this.#inTurn(async () => {
      const opened = await this.#open();
      const before = new Map(
        Object.entries(Object.hasOwn(opened.secrets, plugin) ? (opened.secrets[plugin] ?? {}) : {}),
      );
      if (before.get(name) === value) return;
      if (value === undefined) before.delete(name);
      else before.set(name, value);
      if (before.size > MOST_SECRETS) {
        throw new KinoportError('STORAGE_LIMIT', `"${plugin}" keeps more than ${MOST_SECRETS} secrets.`, {
          hint: 'Remove those that are not needed any more.',
        });
      }
      await this.#write(opened, plugin, before);
      this.#changed.fire({ plugin, name });
    });
  }

  async clear(plugin: string): Promise<void> {
    await this.#inTurn(async () => {
      const opened = await this.#open();
      const names = Object.hasOwn(opened.secrets, plugin) ? Object.keys(opened.secrets[plugin] ?? {}) : [];
      if (names.length === 0) return;
      await this.#write(opened, plugin, new Map());
      for (const name of names) this.#changed.fire({ plugin, name });
    });
  }

  /** What is being written is written. */
  async dispose(): Promise<void> {
    this.#changed.dispose();
    await this.#turn;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #open(): Promise<Opened> {
    this.#opened ??= await this.#read();
    return this.#opened;
  }

  async #read(): Promise<Opened> {
    const { file } = this.#options;
    try {
      const content = await readSecretFile(file);
      if (content === undefined) return { secrets: {} };
      if ('plain' in content) return { secrets: content.plain };
      const key = await this.#storedKey();
      return { secrets: unseal(content.sealed, key), key };
    } catch (error) {
      if (error instanceof DamagedSecretFile) return this.#moveAside(error);
      throw error instanceof KinoportError ? error : notWritable(file, error);
    }
  }

  /** @throws KinoportError `SECRETS_LOCKED` */
  async #storedKey(): Promise<Buffer> {
    const { keyring, file } = this.#options;
    let reason = `with ${PRODUCT.envPrefix}HOME no keyring is asked`;
    if (keyring) {
      try {
        const key = keyOf(await keyring.read());
        if (key) return key;
        reason = 'it holds no such key';
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    throw new KinoportError(
      'SECRETS_LOCKED',
      `The secrets are sealed with a key in the keyring of the system, which cannot be had (${reason}).`,
      {
        hint: `Unlock the keyring, or run from the desktop it belongs to. To begin anew, remove ${file}.`,
        data: { file },
      },
    );
  }

  async #moveAside({ message }: DamagedSecretFile): Promise<Opened> {
    const { file, clock, log } = this.#options;
    const stamp = new Date(clock.wall()).toISOString().replaceAll(/[-:.]/g, '');
    const movedAside = `${file}.damaged-${stamp}`;
    await rename(file, movedAside);
    log.error('the file of secrets was damaged; it was moved aside and a new one begun', {
      message,
      movedAside,
    });
    return { secrets: {} };
  }

  async #write(opened: Opened, plugin: string, values: ReadonlyMap<string, string>): Promise<void> {
    const { file } = this.#options;
    const others = Object.entries(opened.secrets).filter(([id]) => id !== plugin);
    const own: typeof others = values.size === 0 ? [] : [[plugin, Object.fromEntries(values)]];
    const secrets = Object.fromEntries([...others, ...own]);
    this.#newKey ??= this.#makeKey();
    const key = opened.key ?? (await this.#newKey);
    try {
      await writeSecretFile(file, key ? seal(secrets, key) : { version: 1, plain: secrets });
    } catch (error) {
      throw notWritable(file, error);
    }
    this.#opened = { secrets, ...(key ? { key } : {}) };
  }

  /** A key that the keyring has given back once, so that it can be relied on. */
  async #makeKey(): Promise<Buffer | undefined> {
    const { keyring, log } = this.#options;
    if (!keyring) return undefined;
    try {
      // One that is there already may seal a file that was moved aside.
      const known = keyOf(await keyring.read());
      if (known) return known;
      const key = randomBytes(KEY_BYTES);
      await keyring.write(key.toString('base64'));
      if (keyOf(await keyring.read())?.equals(key)) return key;
      throw new Error('it did not keep what it was given');
    } catch (error) {
      log.info('there is no keyring that works; secrets are kept in a file that only the user can read', {
        reason: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
  }
}

function keyOf(text: string | null): Buffer | undefined {
  const key = text === null ? undefined : Buffer.from(text, 'base64');
  return key?.length === KEY_BYTES ? key : undefined;
}

function check(name: string, value: string | undefined): void {
  if (name === '' || name.length > LONGEST_SECRET_NAME) {
    throw new KinoportError(
      'INVALID_ARGUMENT',
      `The name of a secret has 1 to ${LONGEST_SECRET_NAME} characters.`,
    );
  }
  if (value !== undefined && Buffer.byteLength(value) > LARGEST_SECRET) {
    throw new KinoportError('STORAGE_LIMIT', `A secret has at most ${LARGEST_SECRET} bytes.`, {
      hint: 'Keep large data in files in the data folder.',
    });
  }
}
