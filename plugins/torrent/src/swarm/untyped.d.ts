/** What has no types of its own; webtorrent.ts says what of it is used. */
declare module 'webtorrent' {
  const WebTorrent: unknown;
  export default WebTorrent;
}

declare module 'bittorrent-protocol' {
  const Wire: unknown;
  export default Wire;
}

declare module 'bencode' {
  const bencode: unknown;
  export default bencode;
}

declare module 'bittorrent-tracker' {
  export const Client: unknown;
}

declare module 'bittorrent-lsd' {
  const Lsd: unknown;
  export default Lsd;
}

declare module 'bittorrent-dht' {
  export const Client: unknown;
}
