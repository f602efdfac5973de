import type { PluginPermissions } from '@kinoport/core';
import type { PermissionWords } from './permissionWords.ts';
import type { PackageBuild, SearchResult } from './worker/protocol.ts';

/** What would be installed, and what it asks for. */
export interface PreparedInstall {
  /** Stands for it in `plugins.install`; good for 30 minutes. */
  readonly token: string;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly spec: string;
  /** Where it came from: an address or a path. */
  readonly resolved: string;
  /** sha512 of the archive. */
  readonly integrity: string;
  readonly files: number;
  /** Unpacked, without dependencies. */
  readonly bytes: number;
  readonly permissions: PluginPermissions;
  readonly permissionWords: readonly PermissionWords[];
  /** Those that the installed version has not been granted; all of them when there is none. */
  readonly newPermissionWords: readonly PermissionWords[];
  /** Whether it may start programs or load native code, which nothing holds back. */
  readonly fullTrust: boolean;
  readonly dependencies: readonly { readonly name: string; readonly version: string }[];
  /** Packages that want to run install scripts. */
  readonly builds: readonly PackageBuild[];
  /** Those that were not decided on for the installed version. */
  readonly newBuilds: readonly PackageBuild[];
  readonly installed: {
    readonly version: string;
    /** The very same archive. */
    readonly isSame: boolean;
    readonly builds: readonly string[];
    readonly skipBuilds: readonly string[];
  } | null;
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** What the registry has. */
export type SearchHit = SearchResult[number] & {
  /** The id under which it is installed. */
  readonly installed: string | null;
};

/** What was removed, and what of it was kept. */
export interface RemovedPlugin {
  readonly id: string;
  readonly version: string;
  /** Folder of the plugin's own data that was kept. */
  readonly keptData: string | null;
}
