import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginView } from '../../../host/src/api/protocol.ts';
import type { Fixture } from '../../host/plugins/support/pluginHost.ts';
import type { CommandRun } from '../../support/lab/commandRun.ts';
import { LabHome } from '../../support/lab/home.ts';
import { until } from '../../support/lab/waiting.ts';

/** `kinoport serve` in a home of its own, with plugins of the bench in it, spoken to as a client does. */
export class RealHost {
  readonly home: LabHome;
  #run: CommandRun | undefined;

  constructor(environment: NodeJS.ProcessEnv = {}) {
    this.home = new LabHome({ environment });
  }

  plugin(name: string, { manifest = {}, code }: Fixture): string {
    const root = join(this.home.folder, name);
    mkdirSync(root, { recursive: true });
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({
        name: `kinoport-plugin-${name}`,
        version: '1.0.0',
        type: 'module',
        main: './index.js',
        engines: { kinoport: '^0.1.0' },
        kinoport: manifest,
      }),
    );
    writeFileSync(join(root, 'index.js'), `import { definePlugin } from '@kinoport/core';\n${code}`);
    return root;
  }

  /** Resolves when it is up; its plugins may have yet to start. */
  async start(...plugins: readonly string[]): Promise<void> {
    const file = join(this.home.folder, 'config.jsonc');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { plugins: Record<string, unknown> };
    for (const name of plugins) config.plugins[`./${name}`] = true;
    writeFileSync(file, JSON.stringify(config));
    this.#run = this.home.start('serve');
    await until('a host', () => this.home.host, { every: 1 });
  }

  async call<T>(method: string, params: object): Promise<T> {
    return (await this.home.call(method, params)) as T;
  }

  view(id: string): Promise<PluginView> {
    return this.call<PluginView>('plugins.get', { id });
  }

  get pid(): Promise<number> {
    return this.home.hostPid();
  }

  async dispose(): Promise<void> {
    await this.home.dispose();
    await this.#run?.ended;
  }
}
