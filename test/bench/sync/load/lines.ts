import { connect, type Socket } from 'node:net';

/** Bytes of payload that went over a connection. */
export interface Wire {
  readonly read: number;
  readonly written: number;
}

/** What a simulated client of either protocol speaks through: whole messages as text. */
export interface TextWire {
  send(text: string): void;
  end(): void;
  readonly wire: Wire;
}

/**
 * Connections of one source address. It has some 28 000 ports, and the fewer of them are left the longer the kernel
 * looks for one.
 */
const PER_ADDRESS = 4000;
/** Milliseconds for a server to take a connection. */
const PATIENCE = 20_000;

/** Connects from one of several loopback addresses, as one has too few ports for all. */
export function connectFrom(index: number, port: number): Promise<Socket> {
  const localAddress = `127.0.0.${1 + Math.floor(index / PER_ADDRESS)}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true, timeout: PATIENCE });
    socket.once('connect', () => resolve(socket.setTimeout(0).off('error', reject)));
    socket.once('timeout', () => socket.destroy(new Error('The server does not take the connection.')));
    socket.once('error', reject);
  });
}

/** One message a line, as Syncplay speaks. */
export class Lines implements TextWire {
  readonly #socket: Socket;
  #rest = '';

  constructor(socket: Socket, receive: (text: string) => void, closed: () => void) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.once('close', closed);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      const lines = (this.#rest + chunk).split('\r\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') receive(line);
    });
  }

  get wire(): Wire {
    return { read: this.#socket.bytesRead, written: this.#socket.bytesWritten };
  }

  send(text: string): void {
    this.#socket.write(`${text}\r\n`);
  }

  end(): void {
    this.#socket.destroy();
  }
}
