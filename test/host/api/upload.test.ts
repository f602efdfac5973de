/** A file handed over to the local API of a running host. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostEndpoint } from '../../../host/src/api/protocol.ts';
import { makeTorrent } from '../../support/lab/swarm/torrent.ts';
import { CliHome } from '../plugins/support/cliHome.ts';

let home: CliHome;
let host: HostEndpoint;
let torrent: Awaited<ReturnType<typeof makeTorrent>>;

beforeAll(async () => {
  home = new CliHome();
  home.config({});
  const film = join(home.folder, 'Film.mkv');
  writeFileSync(film, 'not much of a film');
  torrent = await makeTorrent(film, { pieceLength: 16_384 });
  await home.run('plugin', 'list');
  host = JSON.parse(home.read('data/host.json')) as HostEndpoint;
});
afterAll(() => home.dispose());

async function post(
  body: Uint8Array<ArrayBuffer>,
  { query = '?name=film.torrent', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<readonly [number, unknown]> {
  const response = await fetch(`http://127.0.0.1:${host.port}/v1/upload${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${host.token}`, ...headers },
    body,
  });
  return [response.status, await response.json()];
}

const failed = (code: string) => ({ error: { code } });
const bytes = (): Uint8Array<ArrayBuffer> => Uint8Array.from(torrent.bytes);

describe('a .torrent that is handed over', () => {
  it('is answered with what is in it, and not kept', async () => {
    const [status, found] = await post(bytes());
    expect(status).toBe(200);
    expect(found).toMatchObject({
      kind: 'single',
      source: 'torrent',
      items: [{ key: `btih:${torrent.infohash}/0`, uri: expect.stringMatching(/^magnet:/), title: 'Film' }],
    });
    expect(await post(bytes(), { headers: { 'content-type': 'application/x-bittorrent' } })).toEqual([
      200,
      found,
    ]);
    expect(readdirSync(join(home.folder, 'cache/uploads'))).toEqual([]);
  });

  it('is refused when it is too large, garbage, nothing, or something else', async () => {
    const refused = async (code: string, status: number, ...given: Parameters<typeof post>) => {
      const [is, answer] = await post(...given);
      expect(answer).toMatchObject(failed(code));
      expect(is).toBe(status);
    };
    await refused('UPLOAD_TOO_LARGE', 413, new Uint8Array(10 * 1024 * 1024 + 1));
    await refused('TORRENT_INVALID', 400, new Uint8Array(10 * 1024 * 1024).fill(100));
    await refused('TORRENT_INVALID', 400, bytes().subarray(0, 50));
    await refused('INVALID_ARGUMENT', 400, new Uint8Array());
    await refused('INVALID_ARGUMENT', 400, bytes(), { query: '' });
    await refused('INVALID_ARGUMENT', 400, bytes(), { query: '?name=a.torrent&name=b.torrent' });
    await refused('INVALID_ARGUMENT', 400, bytes(), { query: '?name=film.mkv' });
    expect(readdirSync(join(home.folder, 'cache/uploads'))).toEqual([]);
  });

  it('is taken from nobody without the token, nor from a foreign page', async () => {
    expect(await post(bytes(), { headers: { authorization: 'Bearer x' } })).toMatchObject([
      401,
      failed('API_UNAUTHORIZED'),
    ]);
    expect(await post(bytes(), { headers: { origin: 'http://example.org' } })).toMatchObject([
      403,
      failed('API_FORBIDDEN'),
    ]);
  });
});
