import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type DisposableStore, type Streams, toDisposable } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { PublishResult } from '../rpc/protocol.ts';
import { type ByteServer, createByteServer } from '../streams/byteServer.ts';

/** `ctx.streams`: a private socket in this process for the bytes, the host's front for everything else. */
export function createStreams(
  peer: Peer,
  runtimeFolder: string,
  owner: DisposableStore,
  onError: (error: unknown) => void,
): Streams {
  const name = randomBytes(8).toString('hex');
  const socketPath =
    process.platform === 'win32' ? `\\\\.\\pipe\\kinoport-${name}` : join(runtimeFolder, `${name}.bytes`);
  let server: ByteServer | undefined;
  return {
    async publish({ read, ...options }) {
      server ??= owner.add(createByteServer({ socketPath, onError }));
      const bytes = server;
      const id = options.id ?? randomBytes(16).toString('hex');
      await bytes.publish(id, read);
      const { url } = await peer.call<PublishResult>('streams/publish', { ...options, id, socketPath });
      const disposable = owner.add(
        toDisposable(async () => {
          bytes.unpublish(id);
          if (!peer.isClosed) await peer.call('streams/unpublish', { id });
        }),
      );
      return { id, url, dispose: () => owner.disposeOf(disposable) };
    },
  };
}
