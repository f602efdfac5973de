import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  DisposableStore,
  Emitter,
  type JsonObject,
  type JsonValue,
  KinoportError,
  type PluginContext,
  type PublishOptions,
  systemClock,
} from '@kinoport/core';
import { FilesSource } from '../../../../plugins/files/src/source.ts';

export interface Harness {
  readonly source: FilesSource;
  readonly folder: string;
  readonly published: Map<string, PublishOptions>;
  readonly stored: Map<string, JsonValue>;
  /** Everything that was logged, as one text. */
  readonly logged: () => string;
  /** All bytes of a published stream, as a player would read them. */
  readonly read: (id: string, start?: number, end?: number, signal?: AbortSignal) => Promise<Buffer>;
  readonly restart: () => Promise<FilesSource>;
  readonly dispose: () => Promise<void>;
}

/** The source with real files, processes and sockets; only the host's side of `ctx` is stood in for. */
export async function harness(options: { clock?: Clock; config?: JsonObject } = {}): Promise<Harness> {
  const folder = await mkdtemp(join(tmpdir(), 'kinoport-files-'));
  const cache = await mkdtemp(join(tmpdir(), 'kinoport-files-cache-'));
  const owned = new DisposableStore();
  const published = new Map<string, PublishOptions>();
  const stored = new Map<string, JsonValue>();
  const lines: string[] = [];
  const write = (message: string, data?: JsonObject): void => {
    lines.push(`${message} ${JSON.stringify(data ?? {})}`);
  };
  const unused = (): never => {
    throw new KinoportError('INTERNAL', 'Not part of this test.');
  };
  const changes = new Emitter<JsonObject>();
  const ctx: PluginContext = {
    plugin: { id: 'files', version: '0.1.0', root: folder },
    generation: 1,
    folders: { data: cache, cache, runtime: cache },
    clock: options.clock ?? systemClock,
    players: { register: unused },
    sources: { register: unused },
    syncs: { register: unused },
    commands: { register: unused },
    services: { register: unused, call: unused },
    secrets: { get: unused, set: unused },
    attention: { request: unused, clear: unused },
    diagnostics: { register: unused },
    get playback(): never {
      return unused();
    },
    config: { value: options.config ?? {}, onDidChange: changes.event },
    storage: {
      get: async (key) => stored.get(key),
      set: async (key, value) => {
        if (value === undefined) stored.delete(key);
        else stored.set(key, JSON.parse(JSON.stringify(value)));
      },
      keys: async () => [...stored.keys()],
    },
    streams: {
      publish: async (stream) => {
        const id = stream.id ?? 'subtitle';
        published.set(id, stream);
        return { id, url: `http://127.0.0.1/${id}`, dispose: () => void published.delete(id) };
      },
    },
    processes: {
      run: (command, args) =>
        new Promise((resolve) => {
          execFile(command, args, (error, stdout, stderr) => {
            resolve({ exitCode: error ? 1 : 0, signal: null, stdout, stderr });
          });
        }),
      spawn: unused,
      spawnCommand: unused,
      which: async (command) => command,
    },
    log: { debug: write, info: write, warn: write, error: write },
    subscriptions: owned,
  };
  let source = owned.add(new FilesSource(ctx));
  return {
    get source() {
      return source;
    },
    folder,
    published,
    stored,
    logged: () => lines.join('\n'),
    async read(id, start = 0, end, signal = new AbortController().signal) {
      const stream = published.get(id);
      if (!stream) throw new Error(`no stream ${id}`);
      const parts: Uint8Array[] = [];
      for await (const chunk of stream.read(start, end ?? stream.size, signal)) parts.push(chunk);
      return Buffer.concat(parts);
    },
    async restart() {
      await owned.disposeOf(source);
      source = owned.add(new FilesSource(ctx));
      return source;
    },
    async dispose() {
      await owned.dispose();
      await rm(folder, { recursive: true, force: true });
      await rm(cache, { recursive: true, force: true });
    },
  };
}
