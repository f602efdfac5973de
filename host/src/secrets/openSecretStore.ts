import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, PRODUCT } from '@kinoport/core';
import type { Home } from '../home/home.ts';
import type { Logger } from '../log/logger.ts';
import { FileSecretStore } from './fileSecretStore.ts';
import { systemKeyring } from './keyring.ts';
import type { SecretStore } from './secretStore.ts';

export interface OpenSecretStoreOptions {
  readonly home: Pick<Home, 'data'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The secrets of a home. A home in one folder (`KINOPORT_HOME`) can be carried to another machine, so nothing of it
 * lies in a keyring.
 */
export function openSecretStore({ home, clock, log, environment }: OpenSecretStoreOptions): SecretStore {
  const portable = (environment[`${PRODUCT.envPrefix}HOME`] ?? '') !== '';
  // One user may have several homes, by XDG_DATA_HOME for instance.
  const account = `secrets-${createHash('sha256').update(home.data).digest('hex').slice(0, 12)}`;
  return new FileSecretStore({
    file: join(home.data, 'secrets.json'),
    clock,
    log,
    ...(portable ? {} : { keyring: systemKeyring(PRODUCT.command, account, clock) }),
  });
}
