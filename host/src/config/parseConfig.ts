import { readFileSync } from 'node:fs';
import { type ErrorCode, type JsonObject, KinoportError, PRODUCT, serializeError } from '@kinoport/core';
import type { Config, ConfigProblem, PluginSetting } from './config.ts';
import { schemaDefaults } from './defaults.ts';
import { formatPath, type JsonPath, JsonText, type TextPosition } from './jsonText.ts';
import { type HostConfigFile, HostConfigSchema } from './schema.ts';
import { type Mistake, suggest, validate } from './validator.ts';

/** What is known of the plugins; comes from discovery, which itself needs the config's plugin paths first. */
export interface PluginSchemas {
  /**
   * The manifest's `configuration` of the plugin that the config names by `key` (an id or a path);
   * `undefined`: it has nothing to configure (or its manifest is broken, which is reported elsewhere);
   * `'unknown'`: there is no such plugin.
   */
  schemaOf(key: string): JsonObject | undefined | 'unknown';
  /** Ids that could have been meant, for the hint. */
  readonly ids?: readonly string[];
}

export interface ParsedConfig {
  /**
   * The file with all defaults filled in. With problems: what can be in force all the same. A mistake in the
   * host's part gives all defaults; one in a plugin's slice gives that slice its defaults; an unknown plugin
   * is left out.
   */
  readonly config: Config;
  /** In order of their places; empty when `config` is what the file says. */
  readonly problems: readonly ConfigProblem[];
}

export interface ParseConfigOptions {
  /** Absent: plugins' slices are not checked, and get no defaults. */
  readonly plugins?: PluginSchemas;
}

/** Reads the text of a config file. Never throws; `file` only names it. */
export function parseConfig(text: string, file: string, options: ParseConfigOptions = {}): ParsedConfig {
  if (text.trim() === '') return { config: defaultConfig(), problems: [] };
  const json = new JsonText(text);
  if (json.syntaxError !== undefined) {
    const { expected, ...place } = json.syntaxError;
    const message = `Expected ${expected}.`;
    const hint = 'The file is JSON with comments; trailing commas are allowed.';
    return {
      config: defaultConfig(),
      problems: [problem('CONFIG_SYNTAX', file, place, message, { hint, data: { expected } })],
    };
  }
  const host = validate(HostConfigSchema, json.value());
  if (host.mistakes.length > 0) {
    const problems = host.mistakes.map((mistake) => invalid(json, file, mistake, []));
    return { config: defaultConfig(), problems: problems.sort(byPlace) };
  }
  // Checked a line above; TypeBox and the validator read the same schema.
  const { $schema: _, plugins, ...rest } = host.value as HostConfigFile;
  const problems: ConfigProblem[] = [];
  const settings = Object.entries(plugins).flatMap(([key, value]): [string, PluginSetting][] => {
    const slice = checkPlugin(json, file, key, settingOf(value), options.plugins);
    problems.push(...slice.problems);
    return slice.setting === undefined ? [] : [[key, slice.setting]];
  });
  return { config: { ...rest, plugins: Object.fromEntries(settings) }, problems: problems.sort(byPlace) };
}

/** Reads a config file; one that is not there is all defaults. Never throws. Needs no host. */
export function readConfigFile(file: string, options: ParseConfigOptions = {}): ParsedConfig {
  const read = readConfigText(file);
  return typeof read === 'string'
    ? parseConfig(read, file, options)
    : { config: defaultConfig(), problems: [read] };
}

/** The text of a config file (empty when there is none), or why it cannot be read. */
export function readConfigText(file: string): string | ConfigProblem {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') return '';
    const reason = code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'permission denied' : code;
    const hint = `Make it readable for your user; \`${PRODUCT.command} config path\` says which file it is.`;
    return problem('CONFIG_UNREADABLE', file, { line: 1, column: 1 }, `Cannot be read (${reason}).`, {
      hint,
    });
  }
}

/** A plugin that the config names by `key` and that cannot be loaded, as a mistake at that place. */
export function pluginProblem(file: string, key: string, error: KinoportError): ConfigProblem {
  const text = readConfigText(file);
  const place = new JsonText(typeof text === 'string' ? text : '').positionOfKey(['plugins', key]);
  const { code, message, hint } = error;
  return problem(code, file, place, message, hint === undefined ? {} : { hint });
}

/** What is in force without a config file. */
export function defaultConfig(): Config {
  // The defaults of the schema make a whole file, which a test compares with the validator's.
  const { plugins: _, ...rest } = schemaDefaults(HostConfigSchema) as unknown as HostConfigFile;
  return { ...rest, plugins: {} };
}

/** The slice of a plugin that the config does not name: its schema's defaults. */
export function defaultPluginSetting(schema: JsonObject | undefined): PluginSetting {
  return { enabled: true, config: schema === undefined ? {} : pluginDefaults(schema) };
}

function checkPlugin(
  json: JsonText,
  file: string,
  key: string,
  setting: PluginSetting,
  plugins: PluginSchemas | undefined,
): { readonly setting?: PluginSetting; readonly problems: readonly ConfigProblem[] } {
  if (plugins === undefined) return { setting, problems: [] };
  const schema = plugins.schemaOf(key);
  if (schema === 'unknown') {
    const place = json.positionOfKey(['plugins', key]);
    const hint = suggest(key, plugins.ids ?? []);
    const message = `There is no plugin "${key}".`;
    const data = { path: formatPath(['plugins', key]) };
    return { problems: [problem('CONFIG_UNKNOWN_PLUGIN', file, place, message, { hint, data })] };
  }
  // What is switched off need not be set up.
  if (!setting.enabled) return { setting, problems: [] };
  try {
    const { value, mistakes } = validate(pluginSchema(schema), setting.config);
    const path = ['plugins', key, 'config'];
    const problems = mistakes.map((mistake) => invalid(json, file, mistake, path));
    const config = mistakes.length === 0 ? (value as JsonObject) : pluginDefaults(schema ?? {});
    return { setting: { ...setting, config }, problems };
  } catch (error) {
    const { code, message, hint } = serializeError(error);
    const place = json.positionOfKey(['plugins', key]);
    return { setting, problems: [problem(code, file, place, `Plugin "${key}": ${message}`, { hint })] };
  }
}

/** A key that the plugin's schema does not name is a typing error, unless its author allows others. */
function pluginSchema(schema: JsonObject | undefined): JsonObject {
  const known = closedSchemas.get(schema ?? NOTHING_TO_SET);
  if (known !== undefined) return known;
  const closed = { type: 'object', additionalProperties: false, ...schema };
  closedSchemas.set(schema ?? NOTHING_TO_SET, closed);
  return closed;
}

const NOTHING_TO_SET: JsonObject = {};
const closedSchemas = new WeakMap<JsonObject, JsonObject>();

function pluginDefaults(schema: JsonObject): JsonObject {
  return schemaDefaults(schema);
}

function settingOf(value: HostConfigFile['plugins'][string]): PluginSetting {
  if (typeof value === 'boolean') return { enabled: value, config: {} };
  const { enabled = true, config = {}, alias } = value;
  return { enabled, config, ...(alias === undefined ? {} : { alias }) };
}

function invalid(json: JsonText, file: string, mistake: Mistake, prefix: JsonPath): ConfigProblem {
  const path = [...prefix, ...mistake.path];
  const place = mistake.isKey ? json.positionOfKey(path) : json.positionOf(path);
  const name = formatPath(path);
  const message = `${name === '' ? 'The file' : name} ${mistake.text}.`;
  const data = { path: name, expected: mistake.text };
  const hint = mistake.hint ?? `"${PRODUCT.command} config schema" tells what may stand there.`;
  return problem('CONFIG_INVALID', file, place, message, { hint, data });
}

function problem(
  code: ErrorCode | (string & Record<never, never>),
  file: string,
  place: TextPosition,
  message: string,
  details: { readonly hint?: string; readonly data?: JsonObject },
): ConfigProblem {
  const error = new KinoportError(code, `${file}:${place.line}:${place.column}: ${message}`, details);
  const { stack: _, ...data } = error.toJSON();
  return { ...data, file, line: place.line, column: place.column };
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return a.line - b.line || a.column - b.column;
}
