// @ts-check
/** @import { MakeConformance } from '@kinoport/core/conformance' */
import { createSocket } from 'node:dgram';

/**
 * For `kinoport plugin test`: a listener on this machine, so that nothing is sent to others.
 * @type {MakeConformance}
 */
export default async ({ own }) => {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(undefined)));
  own({ dispose: () => void socket.close() });
  const target = `udp://127.0.0.1:${socket.address().port}?pkt_size=1316`;
  return { config: { target, preset: 'ultrafast', bitrate: 1000 } };
};
