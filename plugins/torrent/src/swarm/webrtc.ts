/**
 * Stands for `webrtc-polyfill` in the bundle. Where somebody has installed node-datachannel its WebRTC is used; it has
 * a native part of which there is none for many machines, so it is no dependency.
 */
interface WebRtc {
  readonly RTCPeerConnection?: unknown;
  readonly RTCSessionDescription?: unknown;
  readonly RTCIceCandidate?: unknown;
}

// Not a literal, so that the bundler leaves it to be found at run time.
const NAME = 'node-datachannel/polyfill';

let found: WebRtc = {};
try {
  found = (await import(NAME)) as WebRtc;
} catch {
  // Not installed, or not for this machine: webtorrent goes on without WebRTC.
}

export const { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate } = found;
export default found;
