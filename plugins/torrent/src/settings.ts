import type { JsonObject } from '@kinoport/core';
import type { CacheLimits } from './store/ports.ts';
import type { EngineSettings } from './swarm/ports.ts';

const MB = 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;

/** The plugin's slice of the config, which the host has checked against the manifest. */
export interface Settings {
  readonly accepted: boolean;
  /** Seconds. */
  readonly readAhead: number;
  readonly metadataTimeout: number;
  readonly cache: CacheLimits;
  readonly engine: EngineSettings;
}

export function settingsOf(config: JsonObject): Settings {
  const number = (name: string): number => Number(config[name] ?? 0);
  const words = (name: string): readonly string[] =>
    Array.isArray(config[name]) ? config[name].map(String) : [];
  return {
    accepted: config.accepted === true,
    readAhead: number('readAhead'),
    metadataTimeout: number('metadataTimeout'),
    cache: { size: number('cacheSize') * MB, keep: number('keepDays') * DAY },
    engine: {
      port: number('port'),
      dht: config.dht === true,
      ...(config.dhtBootstrap === undefined ? {} : { dhtBootstrap: words('dhtBootstrap') }),
      trackers: words('trackers'),
      ssrfMitigation: config.ssrfMitigation !== false,
      localPeers: config.localPeers === true,
      portMapping: config.portMapping === true,
      utp: config.utp === true,
      connections: number('connections'),
      upload: config.upload === true,
      uploadLimit: number('uploadLimit') * 1024,
      downloadLimit: number('downloadLimit') * 1024,
    },
  };
}
