import { KinoportError } from '@kinoport/core';

const RETRY_HINT = 'Check the connection and try again; where you stopped is kept.';

/** The coded error of a status that is no success. */
export function statusError(status: number, url: URL): KinoportError {
  const data = { status, host: url.host };
  const who = `The server ${url.host}`;
  if (status === 401 || status === 407)
    return new KinoportError('SOURCE_FORBIDDEN', `${who} asks for a name and a password (${status}).`, {
      hint: 'Give them in the address, https://name:password@host/..., or get a new link.',
      data,
    });
  if (status === 403)
    return new KinoportError('SOURCE_FORBIDDEN', `${who} refuses to hand out the file (403).`, {
      hint: 'The link may have expired: get a new one.',
      data,
    });
  if (status === 404 || status === 410)
    return new KinoportError('SOURCE_NOT_FOUND', `${who} has nothing at this address (${status}).`, {
      hint: 'Check the address, or get a new link.',
      data,
    });
  return new KinoportError('SOURCE_FAILED', `${who} answered with an error (${status}).`, {
    hint: status >= 500 || status === 429 ? 'Try again in a while.' : 'Check the address.',
    data,
  });
}

/** A server that did not answer. No message of the system's is passed on: it may hold the address. */
export function unreachableError(url: URL, error: unknown): KinoportError {
  const reason = errorCode(error);
  const details = { data: { host: url.host, reason: reason ?? null }, cause: error };
  if (reason === 'ENOTFOUND')
    return new KinoportError('SOURCE_UNREACHABLE', `There is no server called ${url.hostname}.`, {
      hint: 'Check the address and your connection.',
      ...details,
    });
  if (isCertificateError(error))
    return new KinoportError(
      'SOURCE_UNREACHABLE',
      `The certificate of ${url.host} is not valid (${reason}).`,
      {
        hint: 'Check the date of this machine; if it is right, the server is not to be trusted.',
        ...details,
      },
    );
  return new KinoportError(
    'SOURCE_UNREACHABLE',
    `The server ${url.host} cannot be reached${reason === undefined ? '' : ` (${reason})`}.`,
    { hint: RETRY_HINT, ...details },
  );
}

export function timeoutError(url: URL, seconds: number): KinoportError {
  return new KinoportError(
    'SOURCE_UNREACHABLE',
    `The server ${url.host} did not answer within ${seconds} s.`,
    {
      hint: RETRY_HINT,
      data: { host: url.host, reason: 'timeout' },
    },
  );
}

export function changedError(url: URL): KinoportError {
  return new KinoportError('SOURCE_CHANGED', `The file on ${url.host} is another one now.`, {
    hint: 'Play the address again to open the new file.',
    data: { host: url.host },
  });
}

export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function isCertificateError(error: unknown): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(errorCode(error) ?? '');
}
