import { isInstalled } from './swarm/installed.ts';

/** A way to reach peers. */
export interface Way {
  readonly name: 'TCP' | 'uTP' | 'WebRTC';
  readonly isThere: boolean;
  /** Why it is not there. */
  readonly reason?: 'off' | 'not installed' | 'does not load';
  /** The npm package that it needs. */
  readonly package?: string;
}

/** By which ways peers are reached with these settings, as webtorrent found it when it was loaded. */
export async function waysToPeers(isUtpOn: boolean): Promise<readonly Way[]> {
  // It takes its time to load, and activation shall not wait for it.
  const { loadWebtorrent } = await import('./swarm/webtorrent.ts');
  const { UTP_SUPPORT, WEBRTC_SUPPORT } = await loadWebtorrent();
  const utp = native('uTP', 'utp-native', 'utp-native', UTP_SUPPORT);
  return [
    { name: 'TCP', isThere: true },
    isUtpOn ? utp : { name: 'uTP', isThere: false, reason: 'off' },
    native('WebRTC', 'node-datachannel', 'node-datachannel/polyfill', WEBRTC_SUPPORT),
  ];
}

function native(name: Way['name'], packageName: string, module: string, isThere: boolean): Way {
  if (isThere) return { name, isThere };
  const reason = isInstalled(module) ? 'does not load' : 'not installed';
  return { name, isThere, reason, package: packageName };
}
