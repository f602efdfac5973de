import type { JsonValue, PluginStorage } from '@kinoport/core';

interface Entry {
  readonly scope: string;
  readonly authorization: string;
}

const STORAGE_KEY = 'credentials';
const LIMIT = 200;

/**
 * Names and passwords that came inside addresses (`https://user:pass@host/...`). They are taken out of the
 * address at once and kept by the protection space that RFC 7617 section 2.2 lets a client assume: everything
 * at or below the folder of the address. So an item's address holds no secret and still opens after a restart.
 */
export class Credentials {
  readonly #storage: PluginStorage;
  #entries: Promise<readonly Entry[]> | undefined;
  #changes: Promise<void> = Promise.resolve();

  constructor(storage: PluginStorage) {
    this.#storage = storage;
  }

  /** The address without user and password, which are kept; a fragment is dropped. */
  async take(address: URL): Promise<URL> {
    const url = new URL(address);
    url.hash = '';
    url.username = '';
    url.password = '';
    if (address.username === '' && address.password === '') return url;
    const entry = { scope: scopeOf(url), authorization: basic(address) };
    const change = this.#changes.then(() => this.#keep(entry));
    this.#changes = change.catch(() => {});
    await change;
    return url;
  }

  /** The Authorization header for an address: of the nearest folder above it that one is known for. */
  async authorizationFor(url: URL): Promise<string | undefined> {
    const address = url.origin + url.pathname;
    let best: Entry | undefined;
    for (const entry of await this.#load()) {
      if (address.startsWith(entry.scope) && entry.scope.length > (best?.scope.length ?? 0)) best = entry;
    }
    return best?.authorization;
  }

  async #keep(entry: Entry): Promise<void> {
    const entries = await this.#load();
    const before = entries.find((e) => e.scope === entry.scope);
    if (before?.authorization === entry.authorization) return;
    const next = [...entries.filter((e) => e !== before), entry].slice(-LIMIT);
    this.#entries = Promise.resolve(next);
    await this.#storage.set(
      STORAGE_KEY,
      next.map((e) => ({ scope: e.scope, authorization: e.authorization })),
    );
  }

  #load(): Promise<readonly Entry[]> {
    if (!this.#entries) {
      const loading = this.#storage.get(STORAGE_KEY).then(parseEntries);
      this.#entries = loading;
      loading.catch(() => {
        if (this.#entries === loading) this.#entries = undefined;
      });
    }
    return this.#entries;
  }
}

function scopeOf(url: URL): string {
  return url.origin + url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1);
}

function basic(url: URL): string {
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseEntries(value: JsonValue | undefined): readonly Entry[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: JsonValue) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return [];
    const { scope, authorization } = one as { readonly scope?: unknown; readonly authorization?: unknown };
    return typeof scope === 'string' && typeof authorization === 'string' ? [{ scope, authorization }] : [];
  });
}
