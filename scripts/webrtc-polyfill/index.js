// What webtorrent finds where there is no WebRTC. The build puts plugins/torrent/src/swarm/webrtc.ts in its place, which
// looks for the native part when it runs.
export const RTCPeerConnection = undefined;
export const RTCSessionDescription = undefined;
export const RTCIceCandidate = undefined;
export default {};
