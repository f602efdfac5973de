import { type DisposableStore, type Streams, toDisposable } from '@kinoport/core';
import type { Demands } from '../plugins/permissions/refusal.ts';
import type { Peer } from '../rpc/peer.ts';
import type { PublishResult } from '../rpc/protocol.ts';
import type { ByteServer } from '../streams/byteServer.ts';

/** `ctx.streams`: a private socket in this process for the bytes, the host's front for everything else. */
export function createStreams(
  peer: Peer,
  demand: Demands,
  runtimeFolder: string,
  owner: DisposableStore,
  onError: (error: unknown) => void,
): Streams {
  let server: ByteServer | undefined;
  return {
    async publish({ read, ...options }) {
      // Here too: what listens is this process, and only some versions of Node would refuse it.
      demand('publish');
      const { newByteServer, newStreamId } = await import('./publisher.ts');
      server ??= owner.add(newByteServer(runtimeFolder, onError));
      const bytes = server;
      const id = options.id ?? newStreamId();
      await bytes.publish(id, read);
      const { socketPath } = bytes;
      const { url } = await peer
        .call<PublishResult>('streams/publish', { ...options, id, socketPath })
        .catch((error) => {
          bytes.unpublish(id);
          throw error;
        });
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
