import type { JsonObject } from '@kinoport/core';

/** The plugin's slice of the config, validated by the host against the manifest. */
export interface PluginSettings {
  /** Address of the relay that rooms are opened at. */
  readonly relay?: string;
  /** What its operator asks of those who open rooms. */
  readonly createToken?: string;
  readonly matchPrivacy: 'hashed' | 'plain' | 'none';
  readonly policy: 'precise' | 'classic';
}

export function readSettings(config: JsonObject): PluginSettings {
  const { relay, createToken, matchPrivacy, policy } = config;
  return {
    ...(typeof relay === 'string' && relay !== '' ? { relay } : {}),
    ...(typeof createToken === 'string' && createToken !== '' ? { createToken } : {}),
    matchPrivacy: matchPrivacy === 'plain' || matchPrivacy === 'none' ? matchPrivacy : 'hashed',
    policy: policy === 'classic' ? 'classic' : 'precise',
  };
}
