import type { Duplex } from 'node:stream';
import type { KinoportError } from '@kinoport/core';
import { LineReader, LineWriter } from './lineCodec.ts';
import type { Message } from './messages.ts';

/** What carries the messages of a peer. */
export interface Transport {
  /** Begins to read. `onViolation` is told of a broken protocol, once, and nothing is heard after it. */
  listen(heard: (message: Message) => void, onViolation: (error: KinoportError) => void): void;
  /**
   * `taken` is called when the message has gone out of this process, or cannot. One that is urgent goes however much
   * waits already.
   * @throws KinoportError `PLUGIN_PROTOCOL`, `PLUGIN_UNRESPONSIVE`; then nothing is sent and `taken` not called
   */
  send(message: Message, taken?: (error?: Error | null) => void, isUrgent?: boolean): void;
  onClose(listener: () => void): void;
  /** Sends at once what may have been kept back for a moment. */
  flush(): void;
  destroy(): void;
}

/** JSON lines over a pipe. */
export function pipeTransport(stream: Duplex): Transport {
  const writer = new LineWriter(stream);
  let reader: LineReader | undefined;
  return {
    listen: (heard, onViolation) => {
      reader = new LineReader(stream, onViolation);
      reader.listen(heard);
    },
    send: (message, taken, isUrgent) => writer.send(message, taken, isUrgent),
    onClose: (listener) => {
      stream.on('close', listener);
      stream.on('end', listener);
      stream.on('error', listener);
    },
    flush: writer.flush,
    destroy: () => {
      reader?.dispose();
      writer.flush();
      stream.destroy();
    },
  };
}
