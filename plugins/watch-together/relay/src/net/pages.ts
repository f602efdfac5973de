import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PRODUCT } from '@kinoport/core';
import { invitationLink, parseRoomCode } from '../../../src/protocol/index.ts';

const STYLE = `:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;
padding:0 1rem}strong{font-size:2.5rem;letter-spacing:.2em}code{display:block;padding:.7rem 1rem;border:1px solid;
border-radius:.4rem;overflow-wrap:anywhere;user-select:all;-webkit-user-select:all}`;

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex',
  'Cache-Control': 'no-store',
} as const;

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
${body}
</html>
`;
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

export interface PagesOptions {
  /** `https://relay.example/films`: what links begin with; none: what the request says. */
  readonly publicUrl: string | undefined;
  readonly secure: boolean;
  /** What `/health` tells. */
  readonly health: () => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>;
}

/** What a relay answers to plain requests. Whether there is a room of a code, no page tells. */
export class Pages {
  readonly #options: PagesOptions;
  readonly #prefix: string;

  constructor(options: PagesOptions) {
    this.#options = options;
    this.#prefix = options.publicUrl ? new URL(options.publicUrl).pathname.replace(/\/+$/, '') : '';
  }

  /** The path below the relay's own address, whether or not a proxy has cut that off. */
  pathOf(url: string | undefined): string {
    const path = (url ?? '/').replace(/[?#].*$/s, '');
    return this.#prefix !== '' && path.startsWith(`${this.#prefix}/`)
      ? path.slice(this.#prefix.length)
      : path;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, { Allow: 'GET, HEAD' }, '');
      return;
    }
    const path = this.pathOf(request.url);
    const code = path.startsWith('/r/') ? parseRoomCode(path.slice(3).replace(/\/$/, '')) : undefined;
    if (path === '/health') {
      const health = JSON.stringify(await this.#options.health());
      const json = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
      send(response, health.includes('"draining"') ? 503 : 200, json, health);
    } else if (code) send(response, 200, HEADERS, this.#room(request, code));
    else if (path === '/')
      send(
        response,
        200,
        HEADERS,
        page(`${PRODUCT.name} relay`, `<p>A relay of ${PRODUCT.name}: rooms for watching together.`),
      );
    else send(response, 404, HEADERS, page('Not found', '<p>There is nothing here.'));
  }

  #room(request: IncomingMessage, code: string): string {
    const link = invitationLink(this.#options.publicUrl ?? this.#origin(request), code);
    const command = `npx ${PRODUCT.command} room join ${link}`;
    return page(
      `Room ${code}`,
      `<h1>You are invited to watch together</h1>
<p>Code of the room: <p><strong>${code}</strong>
<p>Type this in a terminal, with your copy of the film at its end:
<p><code>${escaped(command)} FILE</code>
<p>It needs Node.js and ${PRODUCT.name}, which npx fetches.`,
    );
  }

  #origin({ headers: { host = '' } }: IncomingMessage): string {
    const known = /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host);
    return `${this.#options.secure ? 'https' : 'http'}://${known ? host : 'localhost'}`;
  }
}
