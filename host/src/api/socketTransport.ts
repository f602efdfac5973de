import { KinoportError } from '@kinoport/core';
import type { WebSocket } from 'ws';
import { backlogError, MAX_BACKLOG_BYTES, type Message, parseMessage } from '../rpc/messages.ts';
import type { Transport } from '../rpc/transport.ts';
import { Turns } from '../rpc/turns.ts';

/** JSON-RPC, one message a WebSocket text frame. */
export function socketTransport(socket: WebSocket): Transport {
  return {
    listen: (heard, onViolation) => {
      const turns = new Turns<Message | undefined>({
        take: (message) => {
          if (message) heard(message);
          else onViolation(new KinoportError('INVALID_ARGUMENT', 'A frame was not a JSON-RPC message.'));
        },
        hold: () => socket.pause(),
        release: () => socket.resume(),
      });
      socket.on('message', (data, isBinary) => turns.push(isBinary ? undefined : parseMessage(String(data))));
    },
    send: (message, taken, isUrgent = false) => {
      // A list of everything that was ever watched may be long, so that a frame has no limit of its own.
      const text = JSON.stringify(message);
      if (!isUrgent && socket.bufferedAmount > MAX_BACKLOG_BYTES) throw backlogError();
      socket.send(text, taken ?? (() => undefined));
    },
    onClose: (listener) => {
      socket.on('close', listener);
      socket.on('error', listener);
    },
    flush: () => undefined,
    destroy: () => socket.terminate(),
  };
}
