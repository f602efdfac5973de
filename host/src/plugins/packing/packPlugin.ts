import { copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, sep } from 'node:path';
import { KinoportError } from '@kinoport/core';
import { readFetched, warningsOf } from '../install/candidate.ts';
import { INSTALL_LIMITS } from '../install/limits.ts';
import { type PermissionWords, permissionWords } from '../install/permissionWords.ts';
import { checkArchive, unpackArchive } from '../install/worker/archive.ts';
import { type LoadedManifest, readManifest } from '../manifest.ts';
import { isFullTrust } from '../permissions/border.ts';
import { npmPack } from './npmPack.ts';

/** A tarball that others can install, and what they will be told of it. */
export interface PackedPlugin {
  /** Absolute path of the tarball. */
  readonly file: string;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Bytes of the tarball. */
  readonly size: number;
  /** By path, bytes each. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly permissions: readonly PermissionWords[];
  readonly fullTrust: boolean;
  /** What others will be warned of, or miss. */
  readonly warnings: readonly string[];
}

/**
 * Packs the plugin in `root` into the folder `into`; a tarball of that name there is replaced. What comes out is looked
 * at as an installation looks at it.
 * @throws KinoportError `PACK_FAILED`, `PACK_REFUSED`, of the manifest, and those of `plugin install` about archives
 */
export async function packPlugin(root: string, into: string): Promise<PackedPlugin> {
  checkDependencies(readManifest(root));
  const scratch = await mkdtemp(join(tmpdir(), 'kinoport-pack-'));
  try {
    const tarball = await npmPack(root, scratch);
    await checkArchive(tarball, INSTALL_LIMITS);
    const unpacked = join(scratch, 'unpacked');
    await unpackArchive(tarball, unpacked, INSTALL_LIMITS);
    const manifest = readFetched(unpacked, basename(tarball));
    const packed = await described(manifest, tarball, unpacked);
    const file = join(into, basename(tarball));
    await place(tarball, file);
    return { ...packed, file };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What lies on this machine only, nobody else can install. */
function checkDependencies({ root, package: pack }: LoadedManifest): void {
  const { dependencies = {} } = pack as { readonly dependencies?: Readonly<Record<string, unknown>> };
  const local = Object.entries(dependencies).find(([, range]) =>
    /^(file|link|workspace):|^\.{0,2}\//.test(String(range)),
  );
  if (!local) return;
  throw new KinoportError(
    'PACK_REFUSED',
    `${join(root, 'package.json')} at /dependencies/${local[0]}: "${String(local[1])}" is on this machine only.`,
    { hint: 'Publish the dependency and name its version, or bundle its code.' },
  );
}

async function described(
  manifest: LoadedManifest,
  tarball: string,
  unpacked: string,
): Promise<Omit<PackedPlugin, 'file'>> {
  const { name, version, kinoport } = manifest.package;
  const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { path: relative(unpacked, path).split(sep).join('/'), size: (await stat(path)).size };
      }),
  );
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const permissions = kinoport.permissions ?? {};
  const isPrivate = (manifest.package as { readonly private?: unknown }).private === true;
  return {
    id: manifest.id,
    name,
    version,
    size: (await stat(tarball)).size,
    files,
    permissions: permissionWords(permissions),
    fullTrust: isFullTrust(permissions),
    warnings: [
      ...warningsOf(manifest),
      ...(isPrivate ? ['It is "private": npm will not publish it.'] : []),
      ...(files.some(({ path }) => /^licen[cs]e/i.test(path))
        ? []
        : ['It has no LICENSE: nobody knows what is allowed.']),
      ...(files.some(({ path }) => /^readme/i.test(path)) ? [] : ['It has no README.']),
    ],
  };
}

async function place(tarball: string, file: string): Promise<void> {
  try {
    await copyFile(tarball, file);
  } catch (cause) {
    throw new KinoportError('FILE_NOT_WRITABLE', `${file} cannot be written.`, {
      hint: 'Call it in a folder that you may write to.',
      cause,
    });
  }
}
