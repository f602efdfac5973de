import { deserializeError, type JsonObject, KinoportError } from '@kinoport/core';
import type { PluginView } from '../api/protocol.ts';
import { setPluginEnabled, setPluginSettings } from '../config/configEdit.ts';
import type { FileConfigService } from '../config/fileConfigService.ts';
import { secretNames } from '../config/secretProperties.ts';
import { validate } from '../config/validator.ts';
import type { PluginSet } from './pluginSet.ts';
import { booleanSettings } from './settings.ts';

/** Switches plugins on and off where the user would: in the config file. */
export class PluginSwitch {
  readonly #file: string;
  readonly #config: Pick<FileConfigService, 'current' | 'problems' | 'reload'>;
  readonly #plugins: PluginSet;

  constructor(
    file: string,
    config: Pick<FileConfigService, 'current' | 'problems' | 'reload'>,
    plugins: PluginSet,
  ) {
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
    if (!booleanSettings(this.#plugins.settingsSchema(id)).includes(setting))
      throw new KinoportError(
        'INVALID_ARGUMENT',
        `The plugin "${id}" has no setting "${setting}" to agree to.`,
      );
    return this.#set(id, { [setting]: true });
  }

  /**
   * Changes settings of a plugin; it has them when this resolves. What its schema refuses is not written.
   * @throws KinoportError `PLUGIN_NOT_FOUND`, `INVALID_ARGUMENT`, of the config
   */
  async configure(id: string, settings: JsonObject): Promise<PluginView> {
    const schema = this.#plugins.settingsSchema(id) ?? {};
    const known = Object.keys(schema.properties ?? {});
    const names = Object.keys(settings);
    const secrets = secretNames(schema);
    for (const name of names) {
      if (known.includes(name) && !secrets.includes(name)) continue;
      throw new KinoportError('INVALID_ARGUMENT', `The plugin "${id}" has no setting "${name}" to change.`);
    }
    const before = this.#config.current.plugins[this.#writable(id)]?.config ?? {};
    const { mistakes } = validate(schema, { ...before, ...settings });
    const mistake = mistakes.find(({ path }) => names.includes(String(path[0])));
    if (mistake) {
      const name = mistake.path.join('.');
      throw new KinoportError('INVALID_ARGUMENT', `The setting "${name}" ${mistake.text}.`, {
        ...(mistake.hint === undefined ? {} : { hint: mistake.hint }),
      });
    }
    return this.#set(id, settings);
  }

  async #set(id: string, settings: JsonObject): Promise<PluginView> {
    if (setPluginSettings(this.#file, this.#writable(id), settings)) this.#config.reload();
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
