import type { InjectionToken } from 'tsyringe';

/** Where everything of this user lives. All paths are absolute; `prepareHome` makes the folders. */
export interface Home {
  /** Folder of the config file. */
  readonly config: string;
  readonly configFile: string;
  /** Database, plugins' data, players' journals. */
  readonly data: string;
  readonly databaseFile: string;
  readonly cache: string;
  readonly logs: string;
  /** Mode 0700, short enough for unix sockets. */
  readonly runtime: string;
  /** Held locked (SQLite's own file lock) by the one running host. */
  readonly lockFile: string;
  /** Written by the running host, mode 0600: where its API listens, and the token. */
  readonly endpointFile: string;
}

export const Home: InjectionToken<Home> = Symbol('Home');
