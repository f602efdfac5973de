import type { Disposable, Event } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** Longest name of a secret, in characters. */
export const LONGEST_SECRET_NAME = 200;
/** Longest value, in bytes of UTF-8. */
export const LARGEST_SECRET = 16 * 1024;
/** How many secrets one plugin may have. */
export const MOST_SECRETS = 100;

/** A secret of a plugin was set, or removed. */
export interface SecretChange {
  /** Id of the plugin. */
  readonly plugin: string;
  readonly name: string;
}

/**
 * Small texts of plugins that must not lie about in files. What one plugin has no other sees.
 * Every method @throws KinoportError `SECRETS_LOCKED` while the keyring that they are sealed with cannot be read.
 */
export interface SecretStore extends Disposable {
  get(plugin: string, name: string): Promise<string | undefined>;
  /** All secrets of a plugin by name. */
  all(plugin: string): Promise<Readonly<Record<string, string>>>;
  /**
   * On disk when it resolves; `undefined` removes.
   * @throws KinoportError `INVALID_ARGUMENT`, `STORAGE_LIMIT`, `HOME_NOT_WRITABLE`
   */
  set(plugin: string, name: string, value: string | undefined): Promise<void>;
  /** Forgets everything of a plugin. @throws KinoportError `HOME_NOT_WRITABLE` */
  clear(plugin: string): Promise<void>;
  readonly onDidChange: Event<SecretChange>;
}

export const SecretStore: InjectionToken<SecretStore> = Symbol('SecretStore');
