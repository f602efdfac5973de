import type { GetOptions, HttpAnswer, HttpClient } from './client.ts';
import type { Credentials } from './credentials.ts';

/** Statuses with which a server of signed links says that the link is too old. */
const EXPIRED = new Set([401, 403, 404, 410]);

/**
 * One address to read from many times. Where it redirected to is remembered, so that a seek costs one round
 * trip; when that place no longer answers, the address itself is asked again.
 */
export class HttpTarget {
  readonly address: URL;
  readonly #client: HttpClient;
  readonly #credentials: Credentials;
  #location: URL | undefined;

  constructor(client: HttpClient, credentials: Credentials, address: URL) {
    this.#client = client;
    this.#credentials = credentials;
    this.address = address;
  }

  /** @throws KinoportError as `HttpClient.get` */
  async get(options: Omit<GetOptions, 'authorization'>): Promise<HttpAnswer> {
    const authorization = await this.#credentials.authorizationFor(this.address);
    const location = this.#location;
    if (location) {
      const foreign = location.origin !== this.address.origin;
      const answer = await this.#client.get(location, { ...options, ...(foreign ? {} : { authorization }) });
      if (!EXPIRED.has(answer.status)) return answer;
      answer.close();
      this.#location = undefined;
    }
    const answer = await this.#client.get(this.address, { ...options, authorization });
    if (answer.status < 300 && answer.url.href !== this.address.href) this.#location = answer.url;
    return answer;
  }
}
