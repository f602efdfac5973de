import { deserializeError, KinoportError } from '@kinoport/core';
import type { PluginView } from '../api/protocol.ts';
import { setPluginEnabled, setPluginSetting } from '../config/configEdit.ts';
import type { FileConfigService } from '../config/fileConfigService.ts';
import type { PluginSet } from './pluginSet.ts';

/** Switches plugins on and off where the user would: in the config file. */
export class PluginSwitch {
  readonly #file: string;
  readonly #config: Pick<FileConfigService, 'problems' | 'reload'>;
  readonly #plugins: PluginSet;

  constructor(file: string, config: Pick<FileConfigService, 'problems' | 'reload'>, plugins: PluginSet) {
    this.#file = file;
    this.#config = config;
    this.#plugins = plugins;
  }

  /** Starts it too where it has failed. @throws KinoportError `PLUGIN_NOT_FOUND`, `INVALID_ARGUMENT`, of the config, of the start */
  async enable(id: string): Promise<PluginView> {
    await this.#write(id, true);
    const view = this.#plugins.view(id);
    return view.state === 'failed' ? this.#plugins.reload(id) : view;
  }

  /** What uses it is ended in order first. @throws KinoportError `PLUGIN_NOT_FOUND`, `INVALID_ARGUMENT`, of the config */
  async disable(id: string): Promise<PluginView> {
    await this.#write(id, false);
    return this.#plugins.view(id);
  }

  /**
   * Sets a boolean setting of a plugin to `true`, as a viewer agrees to; the plugin has it when this resolves.
   * @throws KinoportError `PLUGIN_NOT_FOUND`, `INVALID_ARGUMENT`, of the config
   */
  async agree(id: string, setting: string): Promise<PluginView> {
    if (!this.#plugins.hasSwitch(id, setting))
      throw new KinoportError(
        'INVALID_ARGUMENT',
        `The plugin "${id}" has no setting "${setting}" to agree to.`,
      );
    const key = this.#writable(id);
    if (setPluginSetting(this.#file, key, setting, true)) this.#config.reload();
    await this.#plugins.refresh();
    return this.#plugins.view(id);
  }

  async #write(id: string, enabled: boolean): Promise<void> {
    const key = this.#writable(id);
    if (this.#plugins.isEnabled(id) !== enabled && setPluginEnabled(this.#file, key, enabled))
      this.#config.reload();
    await this.#plugins.refresh();
  }

  /** How the file calls a plugin, where the file is as it should be. */
  #writable(id: string): string {
    this.#config.reload();
    const [problem] = this.#config.problems;
    if (problem) throw deserializeError(problem);
    // Its id in the file would keep every host from starting once `plugin dev` has ended.
    if (this.#plugins.isVisiting(id)) {
      throw new KinoportError('INVALID_ARGUMENT', `Only "plugin dev" brings "${id}"; no config names it.`, {
        hint: 'Ctrl-C there ends it. To have it without that, name its folder under "plugins" in the config.',
      });
    }
    return this.#plugins.key(id);
  }
}
