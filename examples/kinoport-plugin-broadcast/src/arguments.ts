import type { Medium } from './media.ts';
import type { Settings } from './settings.ts';

/** From where on a medium is sent, and how fast. */
export interface Run {
  readonly medium: Medium;
  /** Seconds. */
  readonly from: number;
  readonly rate: number;
}

/** What ffmpeg is to do: read at the speed of the film, encode without delay, send, and tell where it is. */
export function ffmpegArguments(run: Run, settings: Settings, progress: string): readonly string[] {
  const { medium, from, rate } = run;
  const isChanged = rate !== 1;
  const picture = ['scale=trunc(iw/2)*2:trunc(ih/2)*2', ...(isChanged ? [`setpts=PTS/${rate}`] : [])];
  return [
    ...['-hide_banner', '-loglevel', 'warning', '-nostdin'],
    ...['-progress', progress, '-stats_period', '0.2'],
    ...['-readrate', String(rate)],
    ...(from > 0 ? ['-ss', from.toFixed(3)] : []),
    ...['-i', medium.input],
    ...(medium.hasPicture ? ['-map', '0:V:0', '-vf', picture.join(), ...pictureOptions(settings)] : []),
    ...(medium.audio === undefined ? [] : ['-map', `0:a:${medium.audio}`, '-c:a', 'aac', '-ac', '2']),
    ...(medium.audio !== undefined && isChanged ? ['-af', `atempo=${rate}`] : []),
    ...['-f', settings.target.startsWith('rtp:') ? 'rtp_mpegts' : 'mpegts'],
    // Those who listen already know by it that time makes a jump; those who come find the tables soon.
    ...(settings.target.startsWith('rtp:') ? [] : ['-mpegts_flags', 'initial_discontinuity+resend_headers']),
    settings.target,
  ];
}

function pictureOptions({ preset, bitrate }: Settings): readonly string[] {
  return [
    ...['-c:v', 'libx264', '-preset', preset, '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    // A key frame every two seconds: so long has one to wait who switches on.
    ...['-maxrate', `${bitrate}k`, '-bufsize', `${bitrate}k`, '-force_key_frames', 'expr:gte(t,n_forced*2)'],
  ];
}
