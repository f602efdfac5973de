import type { MpvEndpoint } from './endpoint.ts';

export interface LaunchOptions {
  readonly endpoint: MpvEndpoint;
  /** The Lua file that keeps the journal. */
  readonly tracker: string;
  /** The first item, for the journal. */
  readonly itemToken: string;
  readonly start: number;
  readonly fullscreen: boolean;
  /** No screen to show a window on. */
  readonly headless: boolean;
  readonly profile?: string;
  /** From the config, then the viewer's own; the last wins. */
  readonly args: readonly string[];
}

/**
 * mpv's command line. The viewer's mpv.conf stays in force. The item itself is loaded over the socket, so that
 * neither its address nor its title stands in the process list, and no event of it is lost.
 */
export function launchArguments(options: LaunchOptions): readonly string[] {
  const { endpoint } = options;
  return [
    '--idle=yes',
    // `always` and not `yes`: a script that fills the playlist (autoload) must not skip to its next file.
    '--keep-open=always',
    '--force-window=yes',
    // Never --no-terminal or --input-terminal=no: with them SIGTERM kills mpv 0.35.1 without a last word.
    '--really-quiet',
    // Lets the one line through that says why mpv does not start; it never holds an address.
    '--msg-level=all=fatal',
    '--ytdl=no',
    '--save-position-on-quit=no',
    '--resume-playback=no',
    '--audio-fallback-to-null=yes',
    ...(options.headless ? ['--vo=null'] : []),
    ...(options.fullscreen ? ['--fullscreen=yes'] : []),
    `--input-ipc-server=${endpoint.socket}`,
    `--script=${options.tracker}`,
    // -append takes one pair as it stands, commas and all.
    `--script-opts-append=kinoport-journal=${endpoint.journal}`,
    `--script-opts-append=kinoport-session=${endpoint.session}`,
    `--script-opts-append=kinoport-item=${options.itemToken}`,
    `--script-opts-append=kinoport-start=${options.start.toFixed(3)}`,
    // Between two items the window does not ask to drop files on it.
    '--script-opts-append=osc-idlescreen=no',
    ...(options.profile === undefined ? [] : [`--profile=${options.profile}`]),
    ...options.args,
  ];
}

/** Whether there is no screen for a window. Elsewhere than on Linux and the BSDs there always is one. */
export function isHeadless(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (platform === 'win32' || platform === 'darwin') return false;
  return !environment.DISPLAY && !environment.WAYLAND_DISPLAY;
}
