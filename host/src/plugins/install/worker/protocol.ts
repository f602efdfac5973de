import Type, { type Static } from 'typebox';
import type { InstallLimits } from '../limits.ts';

/** What the host asks of the process that does the work of an installation. All paths are absolute. */
export interface FetchRequest {
  /** As npm takes it; folders and files by their absolute path. */
  readonly spec: string;
  /** Gets `package.tgz` and `package/`. */
  readonly folder: string;
  readonly cache: string;
  readonly limits: InstallLimits;
  /** A hash (`sha512-...`) that the archive has to have. */
  readonly integrity?: string;
}

export interface DependenciesRequest {
  /** Holds `package/`; gets `package.json`, `package-lock.json` and `node_modules/`. */
  readonly folder: string;
  readonly cache: string;
  readonly limits: InstallLimits;
  /** Packages whose install scripts run. */
  readonly builds: readonly string[];
  /** Packages that are installed without running theirs. */
  readonly skipBuilds: readonly string[];
}

export interface SearchRequest {
  readonly words: readonly string[];
  readonly limit: number;
  readonly folder: string;
  readonly cache: string;
}

const text = (max: number) => Type.String({ maxLength: max });

export const FetchResult = Type.Object({
  /** Where it came from, as npm says it; without a name and password in it. */
  resolved: text(4096),
  integrity: Type.String({ pattern: '^sha512-[A-Za-z0-9+/=]{88}$' }),
  files: Type.Integer(),
  bytes: Type.Integer(),
});
export type FetchResult = Static<typeof FetchResult>;

/** A package that wants to run install scripts. */
export const PackageBuild = Type.Object({
  name: text(300),
  version: text(300),
  /** `install: node-gyp rebuild`; empty where only their being there is known yet. */
  scripts: Type.Array(text(2000)),
});
export type PackageBuild = Static<typeof PackageBuild>;

export const PlanResult = Type.Object({
  /** Packages that will be installed beside the plugin. */
  packages: Type.Array(Type.Object({ name: text(300), version: text(300) })),
  builds: Type.Array(PackageBuild),
});
export type PlanResult = Static<typeof PlanResult>;

export const SearchResult = Type.Array(
  Type.Object({
    name: text(300),
    version: text(300),
    description: text(2000),
    author: text(300),
    date: text(64),
  }),
);
export type SearchResult = Static<typeof SearchResult>;

/** Worker to host: what it does at the moment. */
export const WorkerProgress = Type.Object({
  stage: Type.Enum(['fetching', 'checking', 'resolving', 'installing', 'building']),
  text: Type.Optional(text(300)),
});
export type WorkerProgress = Static<typeof WorkerProgress>;
