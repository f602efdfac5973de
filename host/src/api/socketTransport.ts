import { KinoportError } from '@kinoport/core';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import { parseMessage } from '../rpc/lineCodec.ts';
import type { Transport } from '../rpc/peer.ts';

class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  readonly #onViolation: (error: KinoportError) => void;

  constructor(socket: WebSocket, onViolation: (error: KinoportError) => void) {
    super();
    this.#socket = socket;
    this.#onViolation = onViolation;
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (data: unknown, isBinary: boolean): void => {
      const message = isBinary ? undefined : parseMessage(String(data));
      if (message) callback(message);
      else this.#onViolation(new KinoportError('INVALID_ARGUMENT', 'A frame was not a JSON-RPC message.'));
    };
    this.#socket.on('message', onMessage);
    return { dispose: () => this.#socket.off('message', onMessage) };
  }
}

class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {
    this.#socket.close();
  }
}

/** JSON-RPC, one message a WebSocket text frame. */
export function socketTransport(socket: WebSocket): Transport {
  return {
    reader: (onViolation) => new SocketReader(socket, onViolation),
    writer: new SocketWriter(socket),
    onClose: (listener) => {
      socket.on('close', listener);
      socket.on('error', listener);
    },
    destroy: () => socket.terminate(),
  };
}
