import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { until, within } from '../waiting.ts';
import type { LabTorrent } from './torrent.ts';

/** Programs that others use for torrents; each is the name of its command. */
export const REAL_CLIENTS = ['transmission-daemon', 'aria2c', 'qbittorrent-nox'] as const;
export type RealClientName = (typeof REAL_CLIENTS)[number];

interface Place {
  readonly folder: string;
  /** Where the files are. */
  readonly data: string;
  readonly torrentFile: string;
  /** Whether the files are there already. */
  readonly has: boolean;
  /** On 127.0.0.1, for peers. */
  readonly port: number;
  /** On 127.0.0.1, for us. */
  readonly control: number;
}

interface Way {
  /** Settings on disk, and the command line. */
  prepare(place: Place): readonly string[];
  /** Gives it the torrent, where the command line does not. */
  add?(place: Place): Promise<boolean>;
}

const WAYS: Readonly<Record<RealClientName, Way>> = {
  'transmission-daemon': {
    prepare({ folder, data, port, control }) {
      writeFileSync(
        join(folder, 'settings.json'),
        JSON.stringify({
          'bind-address-ipv4': '127.0.0.1',
          'bind-address-ipv6': '::1',
          'dht-enabled': false,
          'lpd-enabled': false,
          'utp-enabled': false,
          'port-forwarding-enabled': false,
          'peer-port': port,
          'download-dir': data,
          'incomplete-dir-enabled': false,
          'rpc-bind-address': '127.0.0.1',
          'rpc-port': control,
          'rpc-authentication-required': false,
          'rpc-host-whitelist-enabled': false,
        }),
      );
      return ['--foreground', '--config-dir', folder];
    },
    async add({ torrentFile, data, control }) {
      const url = `http://127.0.0.1:${control}/transmission/rpc`;
      const call = async (session: string): Promise<Response> =>
        fetch(url, {
          method: 'POST',
          headers: { 'x-transmission-session-id': session },
          body: JSON.stringify({
            method: 'torrent-add',
            arguments: { filename: torrentFile, 'download-dir': data },
          }),
        });
      const first = await call('');
      const answer = await call(first.headers.get('x-transmission-session-id') ?? '');
      return (await answer.text()).includes('"success"');
    },
  },
  aria2c: {
    prepare: ({ data, torrentFile, port }) => [
      ...['--no-conf', '--quiet', '--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false'],
      ...['--enable-peer-exchange=false', '--disable-ipv6', '--interface=127.0.0.1'],
      ...['--check-integrity=true', '--allow-overwrite=true', '--seed-ratio=0', '--follow-torrent=false'],
      ...[`--listen-port=${port}`, `--dir=${data}`, torrentFile],
    ],
  },
  'qbittorrent-nox': {
    prepare({ folder, data, port, control }) {
      const config = join(folder, 'qBittorrent/config');
      mkdirSync(config, { recursive: true });
      writeFileSync(
        join(config, 'qBittorrent.conf'),
        [
          '[LegalNotice]',
          'Accepted=true',
          '[BitTorrent]',
          'Session\\DHTEnabled=false',
          'Session\\LSDEnabled=false',
          'Session\\PeXEnabled=false',
          'Session\\BTProtocol=TCP',
          'Session\\Interface=lo',
          'Session\\InterfaceName=lo',
          'Session\\InterfaceAddress=127.0.0.1',
          'Session\\MultiConnectionsPerIp=true',
          'Session\\SSRFMitigation=false',
          `Session\\Port=${port}`,
          `Session\\DefaultSavePath=${data}`,
          '[Network]',
          'PortForwardingEnabled=false',
          '[Preferences]',
          'Connection\\ResolvePeerCountries=false',
          'WebUI\\Enabled=true',
          'WebUI\\Address=127.0.0.1',
          'WebUI\\LocalHostAuth=false',
          'WebUI\\UseUPnP=false',
          `WebUI\\Port=${control}`,
          '',
        ].join('\n'),
      );
      return [`--profile=${folder}`];
    },
    async add({ torrentFile, data, control, has }) {
      const form = new FormData();
      form.set('torrents', new Blob([readFileSync(torrentFile)]), 'lab.torrent');
      form.set('savepath', data);
      form.set('skip_checking', String(has));
      const answer = await fetch(`http://127.0.0.1:${control}/api/v2/torrents/add`, {
        method: 'POST',
        body: form,
      });
      return (await answer.text()).startsWith('Ok');
    },
  },
};

/** One of the clients that others use, as a peer of the lab: on loopback, with a tracker and nothing else. */
export class RealClient {
  readonly name: RealClientName;
  /** What it holds, or has fetched. */
  readonly data: string;
  /** `host:port` that peers connect to. */
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<void>;
  #output = '';

  /**
   * Starts it with a torrent.
   * @param torrent names the tracker
   * @param has whether it has the files; else it fetches them
   */
  static async start(name: RealClientName, torrent: LabTorrent, has = true): Promise<RealClient> {
    const folder = mkdtempSync(join(tmpdir(), 'kp-client-'));
    const data = join(folder, 'data');
    mkdirSync(data);
    if (has) for (const file of torrent.files) copyFileSync(file, join(data, basename(file)));
    const [port, control] = await freePorts();
    const place = {
      folder,
      data,
      torrentFile: torrent.save(join(folder, 'lab.torrent')),
      has,
      port,
      control,
    };
    const client = new RealClient(name, place);
    try {
      const { add } = WAYS[name];
      if (add) await until(`${name} has the torrent`, () => client.#tried(() => add(place)), { every: 50 });
      return client;
    } catch (error) {
      await client.dispose();
      throw new Error(`${name} said: ${client.#output}`, { cause: error });
    }
  }

  private constructor(name: RealClientName, place: Place) {
    this.name = name;
    this.data = place.data;
    this.address = `127.0.0.1:${place.port}`;
    this.#folder = place.folder;
    this.#child = spawn(name, WAYS[name].prepare(place), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOME: place.folder,
        XDG_CONFIG_HOME: place.folder,
        XDG_CACHE_HOME: place.folder,
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-4000);
      });
    this.#ended = new Promise((done) => {
      this.#child.once('error', () => done());
      this.#child.once('close', () => done());
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async dispose(): Promise<void> {
    this.#child.kill('SIGTERM');
    try {
      await within(`the end of ${this.name}`, 500, this.#ended);
    } catch {
      // It tells its tracker first; nobody waits for that here.
      this.#child.kill('SIGKILL');
      await this.#ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #tried(run: () => Promise<boolean>): Promise<boolean> {
    if (this.#child.exitCode !== null || this.#child.pid === undefined)
      throw new Error('It has ended, or never began.');
    return run().catch(() => false);
  }
}

/** Two ports of 127.0.0.1 that nobody has at the moment. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    if (address && typeof address === 'object') ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  const [one = 0, two = 0] = ports;
  return [one, two];
}
