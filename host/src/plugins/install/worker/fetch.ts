import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KinoportError } from '@kinoport/core';
import { checkArchive, unpackArchive } from './archive.ts';
import { installFailure, SPEC_HINT, withoutSecrets } from './failures.ts';
import { type Fetcher, libraries, type NpmOptions, type PackageSpec } from './libraries.ts';
import { npmSettings } from './npmSettings.ts';
import type { FetchRequest, FetchResult, WorkerProgress } from './protocol.ts';

/**
 * Fetches a package into `package.tgz`, checks it, and unpacks it into `package/`. Runs nothing of it.
 * @throws KinoportError `PLUGIN_SPEC_INVALID`, `PLUGIN_PACKAGE_NOT_FOUND`, `PLUGIN_FETCH_FAILED`, `GIT_NOT_FOUND`,
 *   `PLUGIN_INTEGRITY`, and those of the archive
 */
export async function fetchPackage(
  request: FetchRequest,
  progress: (progress: WorkerProgress) => void,
): Promise<FetchResult> {
  const { spec, folder, limits } = request;
  const what = withoutSecrets(spec);
  try {
    const parsed = parseSpec(spec);
    progress({ stage: 'fetching', text: what });
    const settings = await npmSettings(folder, request.cache);
    const fetcher = fetcherFor(parsed, spec, {
      ...settings,
      preferOnline: true,
      // Only what is packed here needs it.
      ...(parsed.type === 'git' || parsed.type === 'directory' ? { Arborist: libraries.Arborist() } : {}),
      ...(request.integrity === undefined ? {} : { integrity: request.integrity }),
    });
    const file = join(folder, 'package.tgz');
    const { sha512, bytes: size } = await fetcher.tarballStream((stream) =>
      save(stream, file, limits.archiveBytes),
    );
    if (size === 0) throw new KinoportError('PLUGIN_ARCHIVE_BROKEN', `${what} is empty.`);
    verify(fetcher, request.integrity, sha512, what);
    progress({ stage: 'checking', text: what });
    const { files, bytes } = await checkArchive(file, limits);
    await unpackArchive(file, join(folder, 'package'), limits);
    const resolved = withoutSecrets(fetcher.resolved ?? spec);
    return { resolved, integrity: `sha512-${sha512}`, files, bytes };
  } catch (error) {
    throw installFailure(error, what, 'PLUGIN_FETCH_FAILED');
  }
}

function parseSpec(spec: string): PackageSpec {
  const parsed = libraries.npa()(spec);
  if (parsed.type === 'alias') {
    throw new KinoportError(
      'PLUGIN_SPEC_INVALID',
      `"${withoutSecrets(spec)}" gives a package another name.`,
      {
        hint: 'Give the package by its own name.',
      },
    );
  }
  // git would take it for an option.
  if (parsed.gitCommittish?.startsWith('-')) {
    throw new KinoportError('PLUGIN_SPEC_INVALID', `"${withoutSecrets(spec)}" names no branch.`, {
      hint: SPEC_HINT,
    });
  }
  return parsed;
}

function fetcherFor(parsed: PackageSpec, spec: string, options: NpmOptions): Fetcher {
  const { GitFetcher, RemoteFetcher, FileFetcher, DirFetcher, RegistryFetcher } = libraries.pacote();
  switch (parsed.type) {
    case 'git':
      return new GitFetcher(spec, options);
    case 'remote':
      return new RemoteFetcher(spec, options);
    case 'file':
      return new FileFetcher(spec, options);
    case 'directory':
      return new DirFetcher(spec, options);
    default:
      return new RegistryFetcher(spec, options);
  }
}

async function save(
  stream: Readable,
  file: string,
  limit: number,
): Promise<{ readonly sha512: string; readonly bytes: number }> {
  const hash = createHash('sha512');
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      if (bytes <= limit) done(null, chunk);
      else {
        done(
          new KinoportError('PLUGIN_ARCHIVE_TOO_LARGE', `The package is larger than ${limit} bytes.`, {
            hint: 'Nothing was installed. Its author should put large files elsewhere.',
          }),
        );
      }
    },
  });
  await pipeline(stream, counter, createWriteStream(file, { mode: 0o600 }));
  return { sha512: hash.digest('base64'), bytes };
}

/** npm's libraries have compared the bytes with the registry's hash; what is on the disk now is what counts. */
function verify(fetcher: Fetcher, wanted: string | undefined, sha512: string, what: string): void {
  const known = [fetcher.integrity?.toString(), wanted]
    .flatMap((text) => text?.split(/\s+/) ?? [])
    .filter((hash) => hash.startsWith('sha512-'));
  if (known.every((hash) => hash.split('?')[0] === `sha512-${sha512}`)) return;
  throw new KinoportError('PLUGIN_INTEGRITY', `${what} is not what its hash promises.`, {
    hint: 'Nothing was installed. Somebody changed it on its way or on its server; ask its author.',
  });
}
