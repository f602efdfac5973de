import { type ErrorCode, KinoportError, PRODUCT } from '@kinoport/core';

interface NpmError extends Error {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly stderr?: unknown;
  readonly syscall?: unknown;
}

const NOT_FOUND = new Set(['E404', 'E410', 'ETARGET', 'ENOVERSIONS', 'ENOENT', 'EGITPATHSPEC', 'ENOTDIR']);
const BROKEN = /^(Z_|TAR_|ERR_STREAM|EISDIR$)/;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM']);

/** What a library of npm threw, as an error of the product that says what it was about. */
export function installFailure(error: unknown, what: string, fallback: ErrorCode): KinoportError {
  if (error instanceof KinoportError) return error;
  const { code, message, stderr, syscall } = (
    error instanceof Error ? error : new Error(String(error))
  ) as NpmError;
  const name = typeof code === 'string' ? code : '';
  const said = withoutSecrets([message, lastLines(stderr)].filter(Boolean).join('\n')).slice(0, 1000);
  const make = (as: ErrorCode, text: string, hint: string): KinoportError =>
    new KinoportError(as, text, { hint, data: { reason: name }, cause: error });
  if (name === 'EINTEGRITY') {
    return make(
      'PLUGIN_INTEGRITY',
      `${what} is not what its hash promises: ${said}`,
      'Nothing was installed. Somebody changed it on its way or on its server; ask its author.',
    );
  }
  const noProgram = name === 'ENOENT' && /^spawn .*git/i.test(String(syscall));
  if (name === 'ENOGIT' || noProgram) {
    return make(
      'GIT_NOT_FOUND',
      `${what} comes from a git repository, and git is not installed.`,
      'Install git (the package "git"), or install the plugin from a tarball or the registry.',
    );
  }
  if (name.startsWith('EALLOW')) {
    return make(
      'PLUGIN_DEPENDENCIES_FAILED',
      `${what} depends on a file or folder of its author's: ${said}`,
      'Its author has to publish that as a package.',
    );
  }
  if (NOT_FOUND.has(name)) {
    return make(
      'PLUGIN_PACKAGE_NOT_FOUND',
      `${what} was not found: ${said}`,
      `Look at the name and the version; "${PRODUCT.command} plugin search" lists what the registry has.`,
    );
  }
  if (BROKEN.test(name)) {
    return make(
      'PLUGIN_ARCHIVE_BROKEN',
      `${what} is no package that can be unpacked: ${said}`,
      'Fetch or pack it again ("npm pack" makes such a file).',
    );
  }
  if (NO_ROOM.has(name)) {
    return make(
      'HOME_NOT_WRITABLE',
      `${what} could not be written: ${said}`,
      'Make room, or make the folder writable for your user.',
    );
  }
  if (name === 'EUNSUPPORTEDPROTOCOL' || name === 'EINVALIDPACKAGENAME' || name === 'EINVALIDTAGNAME') {
    return make('PLUGIN_SPEC_INVALID', `${what} is nothing that can be installed: ${said}`, SPEC_HINT);
  }
  const hint =
    fallback === 'PLUGIN_FETCH_FAILED'
      ? 'Look at the network, and at the registry and proxy that "npm config list" shows.'
      : 'Nothing was installed.';
  return make(fallback, `${what}: ${said}`, hint);
}

export const SPEC_HINT =
  'Give a package (name, name@version), a folder (./plugin), a tarball (./plugin.tgz, https://...) or a git address (git+https://...).';

/** Addresses in messages may carry a name and a password or token. */
export function withoutSecrets(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, '$1');
}

function lastLines(text: unknown): string {
  if (typeof text !== 'string' && !Buffer.isBuffer(text)) return '';
  return String(text).trim().split('\n').slice(-5).join('\n');
}
