import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinoportError, manifestSchema, type PluginPermissions, PRODUCT } from '@kinoport/core';
import Type, { type Static } from 'typebox';
import type { Home } from '../../home/home.ts';
import { notWritable } from '../../home/prepareHome.ts';
import { checkedSchema } from '../validation.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const hash = Type.String({ pattern: '^sha512-[A-Za-z0-9+/=]{88}$' });
const text = Type.String({ maxLength: 8192 });
const closed = { additionalProperties: false } as const;

const LockedPluginSchema = Type.Object(
  {
    /** What was asked for, for updates. */
    spec: text,
    name: text,
    version: text,
    /** Where it came from. */
    resolved: text,
    /** Hash of the archive. */
    integrity: hash,
    /** Name of its folder below that of its id. */
    folder: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._+-]{0,200}$' }),
    /** Hash of its files as they were installed. */
    contents: hash,
    /** Hash of its `package-lock.json`, which has those of its dependencies. */
    dependencies: Type.Union([hash, Type.Null()]),
    permissions: Type.Unsafe<PluginPermissions>(manifestSchema.properties.kinoport.properties.permissions),
    /** Packages whose install scripts were allowed. */
    builds: Type.Array(text, { maxItems: 1000 }),
    /** Packages that were installed without running theirs. */
    skipBuilds: Type.Array(text, { maxItems: 1000 }),
  },
  closed,
);
export type LockedPlugin = Readonly<Static<typeof LockedPluginSchema>>;

const LockFileSchema = Type.Object(
  {
    version: Type.Literal(1),
    plugins: Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }), LockedPluginSchema, closed),
  },
  closed,
);

/** By id, in the order of their installation. */
export type LockedPlugins = Readonly<Record<string, LockedPlugin>>;

const checked = checkedSchema<Static<typeof LockFileSchema>>(() => LockFileSchema);

export function lockFilePath(home: Home): string {
  return join(home.config, 'plugins.lock.json');
}

/**
 * The installed plugins; none when there is no file.
 * @throws KinoportError `PLUGIN_LOCK_INVALID`
 */
export function readLockFile(home: Home): LockedPlugins {
  const file = lockFilePath(home);
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw invalid(file, 'cannot be read', error);
  }
  if (content.length > MAX_BYTES) throw invalid(file, `is longer than ${MAX_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(file, 'is not JSON', error);
  }
  const problem = checked.problem(value);
  if (problem) throw invalid(file, `${problem.path} ${problem.message}`);
  return (value as Static<typeof LockFileSchema>).plugins;
}

/**
 * Writes the file; it is whole at every moment. What could not be read again is not written: it would be the end of every
 * installed plugin.
 * @throws KinoportError `HOME_NOT_WRITABLE`, `PLUGIN_INSTALL_FAILED`
 */
export function writeLockFile(home: Home, plugins: LockedPlugins): void {
  const file = lockFilePath(home);
  const problem = checked.problem({ version: 1, plugins });
  if (problem) {
    throw new KinoportError(
      'PLUGIN_INSTALL_FAILED',
      `What was installed cannot be written down: ${problem.path} ${problem.message}.`,
      { hint: 'Nothing was installed. Report it to the author of the plugin.', data: { file } },
    );
  }
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(handle, `${JSON.stringify({ version: 1, plugins }, undefined, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw notWritable(file, error);
  }
}

function invalid(file: string, what: string, cause?: unknown): KinoportError {
  return new KinoportError('PLUGIN_LOCK_INVALID', `${file} ${what}.`, {
    hint: `Put it right, or remove it and install the plugins again ("${PRODUCT.command} plugin install").`,
    data: { file },
    cause,
  });
}
