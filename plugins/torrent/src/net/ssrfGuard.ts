import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isNear, isPublic, literalOf } from './addresses.ts';

/** A server that a torrent names is not asked, since it is none of the internet. */
export class RefusedAddressError extends Error {
  readonly host: string;

  constructor(host: string) {
    super(`${host} is of this machine or of a private network.`);
    this.host = host;
  }
}

export interface SsrfGuardOptions {
  /** Off, every address may be asked. */
  readonly enabled: boolean;
  /** URLs whose host and port may be asked wherever they are: the user's own. */
  readonly trusted?: readonly string[];
  /** The machine's resolver as a rule. */
  readonly lookup?: typeof lookup;
}

/**
 * Keeps whoever made a torrent or a link from having this machine send requests where only this machine gets: to its own
 * servers, and into its private networks (server-side request forgery). Names are resolved once, and what was checked is
 * what is connected to: a name that leads elsewhere a moment later gains nothing.
 */
export class SsrfGuard {
  readonly isEnabled: boolean;
  readonly #trusted: ReadonlySet<string>;
  readonly #lookup: typeof lookup;

  constructor({ enabled, trusted = [], lookup: resolve = lookup }: SsrfGuardOptions) {
    this.isEnabled = enabled;
    this.#trusted = new Set(trusted.filter((url) => URL.canParse(url)).map((url) => placeOf(new URL(url))));
    this.#lookup = resolve;
  }

  /** False when no request to this URL can be allowed; of a name only its resolution tells. */
  mayBe(url: string): boolean {
    if (!this.isEnabled) return true;
    if (!URL.canParse(url)) return false;
    const at = new URL(url);
    const literal = literalOf(at.hostname);
    return literal === undefined || isPublic(literal) || this.#isTrusted(at);
  }

  /** For `connect` and what builds on it; it is not called for addresses, which `mayBe` is for. */
  lookupOf(url: URL): LookupFunction {
    return this.#checked(this.isEnabled && !this.#isTrusted(url) ? isPublic : () => true);
  }

  /** For what makes connections without a word of their port: all of a host that is trusted is. */
  get lookup(): LookupFunction {
    return (hostname, options, done) => {
      const isTrusted = [...this.#trusted].some((place) => place.startsWith(`${hostname.toLowerCase()}:`));
      this.#checked(this.isEnabled && !isTrusted ? isPublic : () => true)(hostname, options, done);
    };
  }

  /** The same for peers: only this machine and its link are none of a stranger's business. */
  get peerLookup(): LookupFunction {
    return this.#checked(this.isEnabled ? (address) => !isNear(address) : () => true);
  }

  /** Whether a peer that a stranger names may be connected to; a name, if that resolves to nothing else. */
  mayBePeer(host: string): boolean {
    return !this.isEnabled || !isNear(host);
  }

  /** An address of IPv4, for what is sent by UDP. @throws RefusedAddressError, or what the resolver says */
  resolve(url: URL): Promise<string> {
    if (!this.mayBe(url.href)) return Promise.reject(new RefusedAddressError(url.hostname));
    return new Promise((resolve, reject) => {
      this.lookupOf(url)(url.hostname, { family: 4 }, (error, address) => {
        if (error || typeof address !== 'string') reject(error ?? new RefusedAddressError(url.hostname));
        else resolve(address);
      });
    });
  }

  #isTrusted(url: URL): boolean {
    return this.#trusted.has(placeOf(url));
  }

  #checked(isAllowed: (address: string) => boolean): LookupFunction {
    return (hostname, options, done) => {
      const found = (error: Error | null, addresses: readonly LookupAddress[]): void => {
        const allowed = error ? [] : addresses.filter(({ address }) => isAllowed(address));
        const [first] = allowed;
        if (!first) done(error ?? new RefusedAddressError(hostname), '');
        else if (options.all) done(null, allowed);
        else done(null, first.address, first.family);
      };
      this.#lookup(hostname, { ...options, all: true }, found);
    };
  }
}

const PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
};

/** Of one machine and port, whatever the protocol: trackers answer to several. */
function placeOf({ hostname, port, protocol }: URL): string {
  return `${hostname.toLowerCase()}:${port || (PORTS[protocol] ?? '80')}`;
}
