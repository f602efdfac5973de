/**
 * npm's own libraries, as far as they are used here: plain JavaScript without types. They are loaded when they are
 * asked for, since together they take 0.4 s and 60 MB.
 */
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';

const require = createRequire(import.meta.url);

/** npm's settings as its libraries take them. */
export type NpmOptions = Readonly<Record<string, unknown>>;

export interface PackageSpec {
  readonly type: 'git' | 'tag' | 'version' | 'range' | 'file' | 'directory' | 'remote' | 'alias';
  readonly name: string | null;
  readonly gitCommittish?: string | null;
}

/** Fetches one package. `integrity` and `resolved` are known once it was fetched. */
export interface Fetcher {
  readonly integrity: { toString(): string } | null;
  readonly resolved: string | null;
  readonly from: string | null;
  /** Called again with another stream when the first one was damaged on its way. */
  tarballStream<T>(handler: (stream: Readable) => Promise<T>): Promise<T>;
}

type FetcherClass = new (spec: string, options: NpmOptions) => Fetcher;

interface Pacote {
  readonly GitFetcher: FetcherClass;
  readonly RegistryFetcher: FetcherClass;
  readonly FileFetcher: FetcherClass;
  readonly DirFetcher: FetcherClass;
  readonly RemoteFetcher: FetcherClass;
}

/** A package in a tree of dependencies. */
export interface TreeNode {
  readonly packageName: string | null;
  readonly version: string;
  readonly path: string;
  readonly location: string;
  readonly isRoot: boolean;
  readonly isLink: boolean;
  readonly hasInstallScript: boolean;
  readonly package: PackageJson;
}

export interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly gypfile?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly bundleDependencies?: readonly string[] | boolean;
  readonly bundledDependencies?: readonly string[] | boolean;
}

interface Tree {
  readonly inventory: { values(): Iterable<TreeNode> };
}

export interface Arborist {
  readonly idealTree: Tree | null;
  buildIdealTree(): Promise<Tree>;
  reify(): Promise<Tree>;
  /** `forceActual`: reads every package's own description, not npm's notes of them. */
  loadActual(options: { readonly forceActual: true }): Promise<Tree>;
  rebuild(options: { readonly nodes: readonly TreeNode[] }): Promise<void>;
}

type ArboristClass = new (options: NpmOptions) => Arborist;

interface NpmConfig {
  load(): Promise<void>;
  readonly flat: NpmOptions;
}

type NpmConfigClass = new (options: {
  readonly definitions: unknown;
  readonly shorthands: unknown;
  readonly flatten: unknown;
  readonly npmPath: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly execPath: string;
  readonly warn: boolean;
}) => NpmConfig;

interface ConfigDefinitions {
  readonly definitions: unknown;
  readonly shorthands: unknown;
  readonly flatten: unknown;
}

type RunScript = (options: {
  readonly event: string;
  readonly path: string;
  readonly pkg: PackageJson;
  readonly stdio: 'pipe';
}) => Promise<unknown>;

type Search = (words: readonly string[], options: NpmOptions) => Promise<readonly unknown[]>;

export const libraries = {
  npa: () => require('npm-package-arg') as (spec: string) => PackageSpec,
  pacote: () => require('pacote') as Pacote,
  Arborist: () => require('@npmcli/arborist') as ArboristClass,
  Config: () => require('@npmcli/config') as NpmConfigClass,
  configDefinitions: () => require('@npmcli/config/lib/definitions') as ConfigDefinitions,
  runScript: () => require('@npmcli/run-script') as RunScript,
  search: () => require('libnpmsearch') as Search,
} as const;
