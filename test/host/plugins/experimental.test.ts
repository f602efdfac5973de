/** Members of the API that refuse until the manifest says that it knows what they are. */
import { afterEach, expect, it } from 'vitest';
import { PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

/** A plugin that reads `ctx.syncs` and `ctx.services`, and tells what each is or threw. */
function reading(experimental: readonly string[]) {
  const { manifest, code } = sourcePlugin(`{ resolve: async (uri) => {
    const data = {};
    for (const name of ['syncs', 'services']) {
      try {
        data[name] = typeof ctx[name].register;
      } catch (error) {
        data[name] = [error.code, error.hint];
      }
    }
    return { kind: 'single', items: [{ ...item(uri), data }] };
  } }`);
  return { manifest: { ...manifest, experimental }, code };
}

const REFUSED = (name: string) => [
  'EXPERIMENTAL_API',
  expect.stringContaining(`"experimental": ["${name}"]`),
];

it.each([
  [[], { syncs: 'function', services: REFUSED('services') }],
  [['services'], { syncs: 'function', services: 'function' }],
])('of a manifest with "experimental": %j', async (experimental, expected) => {
  host = new PluginHost({ a: reading(experimental) });
  const { items } = await host.manager.source('s').resolve('test:x');
  expect(items[0]?.data).toEqual(expected);
});
