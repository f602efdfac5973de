import { posix, win32 } from 'node:path';

/** Where mpv stands when it is not on PATH, likely places first. */
export function knownPlaces(
  platform: NodeJS.Platform,
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (platform === 'win32') {
    const local = environment.LOCALAPPDATA ?? win32.join(home, 'AppData', 'Local');
    const programFiles = [
      environment.ProgramFiles ?? 'C:\\Program Files',
      environment['ProgramFiles(x86)'] ?? 'C:\\Program Files (x86)',
    ];
    return [
      ...programFiles.flatMap((folder) => [
        win32.join(folder, 'mpv', 'mpv.exe'),
        win32.join(folder, 'MPV Player', 'mpv.exe'),
      ]),
      win32.join(local, 'Programs', 'mpv', 'mpv.exe'),
      win32.join(local, 'Microsoft', 'WinGet', 'Links', 'mpv.exe'),
      win32.join(environment.SCOOP ?? win32.join(home, 'scoop'), 'apps', 'mpv', 'current', 'mpv.exe'),
      win32.join(environment.ProgramData ?? 'C:\\ProgramData', 'chocolatey', 'bin', 'mpv.exe'),
      'C:\\mpv\\mpv.exe',
    ];
  }
  if (platform === 'darwin') {
    return [
      '/Applications/mpv.app/Contents/MacOS/mpv',
      posix.join(home, 'Applications/mpv.app/Contents/MacOS/mpv'),
      '/opt/homebrew/bin/mpv',
      '/usr/local/bin/mpv',
      '/opt/local/bin/mpv',
    ];
  }
  return [
    '/usr/bin/mpv',
    '/usr/local/bin/mpv',
    posix.join(home, '.local/bin/mpv'),
    posix.join(home, '.nix-profile/bin/mpv'),
    '/run/current-system/sw/bin/mpv',
    '/snap/bin/mpv',
  ];
}
