/** The names under which the product is known. Nothing else in the repository spells them out in code. */
export const PRODUCT = {
  name: 'Kinoport',
  command: 'kinoport',
  /** Key of a plugin's manifest in its `package.json`, and of the engine in `engines`. */
  manifestKey: 'kinoport',
  envPrefix: 'KINOPORT_',
  npmScope: '@kinoport',
  /** Third-party packages carry this prefix, and it as a keyword without the hyphen at its end. */
  pluginPrefix: 'kinoport-plugin-',
  configFile: 'config.jsonc',
  /** Version of the public API that a manifest's `engines.kinoport` is matched against. */
  apiVersion: '0.1.0',
  minimumNode: '22.19.0',
} as const;
