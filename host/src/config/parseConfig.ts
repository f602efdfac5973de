import { readFileSync } from 'node:fs';
import { type ErrorCode, type JsonObject, KinoportError, PRODUCT, serializeError } from '@kinoport/core';
import type { Config, ConfigProblem, PluginSetting } from './config.ts';
import { schemaDefaults } from './defaults.ts';
import { formatPath, type JsonPath, JsonText, type TextPosition } from './jsonText.ts';
import { type HostConfigFile, HostConfigSchema } from './schema.ts';
import { secretNames, withoutSecrets } from './secretProperties.ts';
import { type Mistake, suggest, validate } from './validator.ts';

/** What is known of the plugins; comes from discovery, which itself needs the config's plugin paths first. */
export interface PluginSchemas {
  /**
   * The manifest's `configuration` of the plugin that the config names by `key` (an id or a path);
   * `undefined`: it has nothing to configure (or its manifest is broken, which is reported elsewhere);
   * `'unknown'`: there is no such plugin.
   */
  schemaOf(key: string): JsonObject | undefined | 'unknown';
  /** The id of the plugin that the config names by `key`, for what is said about it. */
  idOf?(key: string): string;
  /** Ids that could have been meant, for the hint. */
  readonly ids?: readonly string[];
  /** Ids of all players and sources. Absent: not known, and not checked. */
  readonly players?: readonly string[];
  readonly sources?: readonly string[];
}

export interface ParsedConfig {
  /**
   * The file with all defaults filled in. With problems: what can be in force all the same. A mistake in the
   * host's part gives all defaults; one in a plugin's slice gives that slice its defaults, and the problem with
   * them; an unknown plugin is left out.
   */
  readonly config: Config;
  /** False: a mistake in the host's part, or one of syntax; nothing of the file counts. */
  readonly usable: boolean;
  /** In order of their places; empty when `config` is what the file says. */
  readonly problems: readonly ConfigProblem[];
}

export interface ParseConfigOptions {
  /** Absent: plugins' slices are not checked, and get no defaults. */
  readonly plugins?: PluginSchemas;
}

/** Reads the text of a config file. Never throws; `file` only names it. */
export function parseConfig(text: string, file: string, options: ParseConfigOptions = {}): ParsedConfig {
  if (text.trim() === '') return { config: defaultConfig(), usable: true, problems: [] };
  const json = new JsonText(text);
  if (json.syntaxError !== undefined) {
    const { expected, ...place } = json.syntaxError;
    const message = `Expected ${expected}.`;
    const hint = 'The file is JSON with comments; trailing commas are allowed.';
    return {
      config: defaultConfig(),
      usable: false,
      problems: [problem('CONFIG_SYNTAX', file, place, message, { hint, data: { expected } })],
    };
  }
  const host = validate(HostConfigSchema, json.value());
  if (host.mistakes.length > 0) {
    const problems = host.mistakes.map((mistake) => invalid(json, file, mistake, []));
    return { config: defaultConfig(), usable: false, problems: problems.sort(byPlace) };
  }
  // Checked a line above; TypeBox and the validator read the same schema.
  const { $schema: _, plugins, ...rest } = host.value as HostConfigFile;
  const problems: ConfigProblem[] = unknownIds(json, file, rest, options.plugins);
  const settings = Object.entries(plugins).flatMap(([key, value]): [string, PluginSetting][] => {
    const slice = checkPlugin(json, file, key, settingOf(value), options.plugins);
    problems.push(...slice.problems);
    return slice.setting === undefined ? [] : [[key, slice.setting]];
  });
  return {
    config: { ...rest, plugins: Object.fromEntries(settings) },
    usable: true,
    problems: problems.sort(byPlace),
  };
}

/** Reads a config file; one that is not there is all defaults. Never throws. Needs no host. */
export function readConfigFile(file: string, options: ParseConfigOptions = {}): ParsedConfig {
  const read = readConfigText(file);
  return typeof read === 'string'
    ? parseConfig(read, file, options)
    : { config: defaultConfig(), usable: false, problems: [read] };
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
  const of = { plugin: key };
  try {
    const inFile = secretsInFile(json, file, key, setting, schema, plugins);
    const { value, mistakes } = checkSlice(setting.config, schema);
    const path = ['plugins', key, 'config'];
    const problems = [
      ...inFile,
      ...mistakes.map((mistake) => ({ ...invalid(json, file, mistake, path), ...of })),
    ];
    const [first] = problems.sort(byPlace);
    if (first === undefined) return { setting: { ...setting, config: value }, problems };
    return { setting: { ...setting, config: pluginDefaults(schema ?? {}), problem: first }, problems };
  } catch (error) {
    const { code, message, hint } = serializeError(error);
    const place = json.positionOfKey(['plugins', key]);
    const fault = { ...problem(code, file, place, `Plugin "${key}": ${message}`, { hint }), ...of };
    return { setting: { ...setting, problem: fault }, problems: [fault] };
  }
}

/**
 * What a plugin's schema says about its slice of the file; secrets are no part of it and are passed over.
 * @throws KinoportError `PLUGIN_MANIFEST_INVALID` when the schema itself is none
 */
export function checkSlice(
  config: JsonObject,
  schema: JsonObject | undefined,
): { readonly value: JsonObject; readonly mistakes: readonly Mistake[] } {
  const secrets = new Set(secretNames(schema));
  const own = Object.fromEntries(Object.entries(config).filter(([name]) => !secrets.has(name)));
  const { value, mistakes } = validate(pluginSchema(schema), own);
  return { value: value as JsonObject, mistakes };
}

function secretsInFile(
  json: JsonText,
  file: string,
  key: string,
  { config }: PluginSetting,
  schema: JsonObject | undefined,
  plugins: PluginSchemas,
): ConfigProblem[] {
  const id = plugins.idOf?.(key) ?? key;
  return secretNames(schema)
    .filter((name) => Object.hasOwn(config, name))
    .map((name) => {
      const path = ['plugins', key, 'config', name];
      const message = `${formatPath(path)} is a secret, which does not belong into this file.`;
      const hint = `Move it to where secrets are kept: "${PRODUCT.command} config secret ${id} ${name} --move".`;
      const place = json.positionOfKey(path);
      const found = problem('CONFIG_SECRET_IN_FILE', file, place, message, {
        hint,
        data: { path: formatPath(path) },
      });
      return { ...found, plugin: key };
    });
}

/** A player and sources that nobody contributes. What else the file says holds all the same. */
function unknownIds(
  json: JsonText,
  file: string,
  { player, routing }: Pick<HostConfigFile, 'player' | 'routing'>,
  plugins: PluginSchemas | undefined,
): ConfigProblem[] {
  const unknown = (
    code: 'PLAYER_UNKNOWN' | 'SOURCE_UNKNOWN',
    path: JsonPath,
    id: string,
    known: readonly string[] | undefined,
  ): ConfigProblem[] => {
    if (known === undefined || known.includes(id)) return [];
    const what = code === 'PLAYER_UNKNOWN' ? 'player' : 'source';
    const name = formatPath(path);
    const message = `${name} is "${id}", and no plugin contributes a ${what} of that id.`;
    const data = { path: name, known: [...known] };
    return [problem(code, file, json.positionOf(path), message, { hint: suggest(id, known), data })];
  };
  return [
    ...unknown('PLAYER_UNKNOWN', ['player'], player, plugins?.players),
    ...Object.entries(routing).flatMap(([what, id]) =>
      unknown('SOURCE_UNKNOWN', ['routing', what], id, plugins?.sources),
    ),
  ];
}

/** A key that the plugin's schema does not name is a typing error, unless its author allows others. */
function pluginSchema(schema: JsonObject | undefined): JsonObject {
  const known = closedSchemas.get(schema ?? NOTHING_TO_SET);
  if (known !== undefined) return known;
  const closed = { type: 'object', additionalProperties: false, ...withoutSecrets(schema ?? {}) };
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
  const { enabled = true, config = {}, alias, permissions } = value;
  return {
    enabled,
    config,
    ...(alias === undefined ? {} : { alias }),
    ...(permissions === undefined ? {} : { permissions }),
  };
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
