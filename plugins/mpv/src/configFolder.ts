import { posix, win32 } from 'node:path';

/** What the places of mpv's own files depend on. */
export interface ConfigSurroundings {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Inside a flatpak mpv has folders of its own. */
  readonly flatpak?: boolean;
}

/** The viewer's mpv configuration folders, the one that wins first. Source: mpv's manual, section "FILES". */
export function configFolders(where: ConfigSurroundings): readonly string[] {
  const { platform, home, environment } = where;
  if (where.flatpak) return [posix.join(home, '.var/app/io.mpv.Mpv/config/mpv')];
  if (environment.MPV_HOME) return [environment.MPV_HOME];
  if (platform === 'win32') {
    return [win32.join(environment.APPDATA ?? win32.join(home, 'AppData', 'Roaming'), 'mpv')];
  }
  return [
    posix.join(environment.XDG_CONFIG_HOME || posix.join(home, '.config'), 'mpv'),
    posix.join(home, '.mpv'),
  ];
}

/** Where mpv keeps watch-later files when its config names no folder: newer versions first, then 0.35 and older. */
export function watchLaterFolders(where: ConfigSurroundings): readonly string[] {
  const { platform, home, environment } = where;
  const join = platform === 'win32' ? win32.join : posix.join;
  const inConfig = configFolders(where).map((folder) => join(folder, 'watch_later'));
  if (where.flatpak)
    return [posix.join(home, '.var/app/io.mpv.Mpv/.local/state/mpv/watch_later'), ...inConfig];
  if (platform === 'win32') {
    const local = environment.LOCALAPPDATA ?? win32.join(home, 'AppData', 'Local');
    return [win32.join(local, 'mpv', 'watch_later'), ...inConfig];
  }
  if (environment.MPV_HOME) return inConfig;
  const state = environment.XDG_STATE_HOME || posix.join(home, '.local/state');
  return [posix.join(state, 'mpv', 'watch_later'), ...inConfig];
}
