import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PluginPermissions, systemClock } from '@kinoport/core';
import { defaultConfig } from '../../../../host/src/config/parseConfig.ts';
import { prepareHome } from '../../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../../host/src/home/resolveHome.ts';
import { createLogger } from '../../../../host/src/log/logger.ts';
import { discoverPlugins } from '../../../../host/src/plugins/discovery.ts';
import { installedRoot } from '../../../../host/src/plugins/install/folders.ts';
import { installedPlugins } from '../../../../host/src/plugins/install/installed.ts';
import { type LockedPlugins, readLockFile } from '../../../../host/src/plugins/install/lockFile.ts';
import {
  PluginInstaller,
  type PrepareRequest,
} from '../../../../host/src/plugins/install/pluginInstaller.ts';
import type { PreparedInstall } from '../../../../host/src/plugins/install/views.ts';
import { Registry } from '../../../support/install/registry.ts';
import { manifest, packageEntries, tarball } from '../../../support/install/tarballs.ts';
import { inRepository } from '../../../support/repository.ts';

/** A home into which plugins are installed by the real worker, from a registry of its own. */
export class InstallBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-install-'));
  readonly home = resolveHome({ KINOPORT_HOME: join(this.folder, 'home') }, process.platform, '');
  readonly registry: Registry;
  readonly npmrc = join(this.folder, 'npmrc');
  readonly installer: PluginInstaller;
  refreshed = 0;
  running: { root: string; error: null } | undefined;

  private constructor(registry: Registry) {
    this.registry = registry;
    prepareHome(this.home);
    writeFileSync(this.npmrc, `registry=${registry.url}\n`);
    const discover: ConstructorParameters<typeof PluginInstaller>[0]['discover'] = (change) =>
      discoverPlugins(defaultConfig(), this.home.config, undefined, change(installedPlugins(this.home)));
    this.installer = new PluginInstaller({
      home: this.home,
      clock: systemClock,
      log: createLogger(() => undefined),
      discover,
      refresh: async () => {
        this.refreshed += 1;
      },
      running: () => this.running,
      worker: inRepository('host/dist/installer.js'),
    });
  }

  static async start(): Promise<InstallBench> {
    return new InstallBench(await Registry.start());
  }

  /** Publishes a plugin or a library. */
  publish(
    name: string,
    change: Readonly<Record<string, unknown>> = {},
    more: {
      readonly files?: Readonly<Record<string, string>>;
      readonly integrity?: string;
      readonly hasInstallScript?: boolean;
    } = {},
  ): void {
    const { files, ...lies } = more;
    this.registry.publish({
      manifest: manifest(name, change),
      tarball: tarball(packageEntries(name, change, files)),
      ...lies,
    });
  }

  prepare(request: string | Partial<PrepareRequest>): Promise<PreparedInstall> {
    const given = typeof request === 'string' ? { spec: request } : request;
    const npmEnvironment = {
      npm_config_userconfig: this.npmrc,
      npm_config_globalconfig: join(this.folder, 'none'),
      npm_config_registry: '',
      ...given.npmEnvironment,
    };
    return this.installer.prepare(
      { ...given, npmEnvironment },
      () => undefined,
      new AbortController().signal,
    );
  }

  async install(
    request: string | Partial<PrepareRequest>,
    answer: {
      readonly builds?: readonly string[];
      readonly skipBuilds?: readonly string[];
      readonly grant?: PluginPermissions;
    } = {},
  ): Promise<string> {
    const { token, permissions } = await this.prepare(request);
    return this.answer(token, { grant: permissions, ...answer });
  }

  answer(
    token: string,
    answer: {
      readonly builds?: readonly string[];
      readonly skipBuilds?: readonly string[];
      readonly grant?: PluginPermissions;
    } = {},
  ): Promise<string> {
    const { builds = [], skipBuilds = [], grant = {} } = answer;
    return this.installer.install(
      { token, builds, skipBuilds, grant },
      () => undefined,
      new AbortController().signal,
    );
  }

  get locked(): LockedPlugins {
    return readLockFile(this.home);
  }

  /** The folder of an installed plugin. */
  root(id: string, ...parts: readonly string[]): string {
    return join(installedRoot(this.home), id, this.locked[id]?.folder ?? 'none', ...parts);
  }

  /** Everything below the folder of installed plugins, folders of what is being prepared included. */
  get traces(): readonly string[] {
    const root = installedRoot(this.home);
    const staging = join(root, '.staging');
    const names = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);
    return [
      ...names(root).filter((name) => name !== '.staging'),
      ...names(staging).map((name) => `.staging/${name}`),
    ];
  }

  /** A folder with files. */
  write(name: string, files: Readonly<Record<string, string>>): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    return folder;
  }

  async dispose(): Promise<void> {
    await this.installer.dispose();
    await this.registry.dispose();
    rmSync(this.home.runtime, { recursive: true, force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
