// @ts-check
/** @import { MakeConformance } from '@kinoport/core/conformance' */
import { connect, createServer } from 'node:net';
import { systemClock } from '@kinoport/core';
import { readOptions } from './relay/src/program/options.ts';
import { startRelay } from './relay/src/program/relay.ts';

/**
 * For `kinoport plugin test`: a relay on loopback, and a way to it for each of two people that can be cut.
 * @type {MakeConformance}
 */
export default async function conformance({ own }) {
  const limits = ['--rooms-per-address', '0', '--connections-per-address', '0'];
  const options = readOptions(['--port', '0', '--silent', ...limits], {});
  if (!options) throw new Error('The relay has no options.');
  const relay = await startRelay(options, { clock: systemClock, log: () => undefined });
  own(relay);
  const [first, second] = [await wayTo(relay.port, own), await wayTo(relay.port, own)];
  return {
    config: { relay: first.address },
    syncs: {
      room: {
        people: [
          { cut: first.cut, heal: first.heal },
          {
            invitation: (invitation) => invitation.replace(first.address, second.address),
            cut: second.cut,
            heal: second.heal,
          },
        ],
      },
    },
  };
}

/**
 * A port that leads to another one, as long as it is not cut.
 * @param {number} port
 * @param {Parameters<MakeConformance>[0]['own']} own
 */
async function wayTo(port, own) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  let isCut = false;
  const server = createServer((socket) => {
    if (isCut) return socket.destroy();
    const onward = connect(port, '127.0.0.1');
    for (const [end, other] of /** @type {const} */ ([
      [socket, onward],
      [onward, socket],
    ])) {
      sockets.add(end);
      end.on('error', () => other.destroy());
      end.once('close', () => {
        sockets.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
    return undefined;
  });
  const sever = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  own({
    dispose() {
      server.close();
      sever();
    },
  });
  const address = server.address();
  return {
    address: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    cut() {
      isCut = true;
      sever();
    },
    heal() {
      isCut = false;
    },
  };
}
