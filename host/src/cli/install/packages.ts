import { readFileSync } from 'node:fs';

/** How a program is installed on a system. */
export interface InstallAdvice {
  /** The command, as a person would type it. */
  readonly command: string;
  /** Whether {@link installPlayer} can do it itself: Debian and its relatives, as root. */
  readonly automatic: boolean;
}

/** What identifies a system: `os.platform()`, and on Linux the fields of `/etc/os-release`. */
export interface SystemFacts {
  readonly platform: NodeJS.Platform;
  readonly osRelease: string;
  readonly isRoot: boolean;
}

const FLATPAK = 'flatpak install flathub io.mpv.Mpv';

const BY_FAMILY: readonly { readonly ids: readonly string[]; readonly command: string }[] = [
  { ids: ['debian', 'ubuntu'], command: 'apt-get install -y --no-install-recommends mpv' },
  { ids: ['fedora', 'rhel', 'centos'], command: 'dnf install mpv' },
  { ids: ['arch'], command: 'pacman -S mpv' },
  { ids: ['opensuse', 'suse'], command: 'zypper install mpv' },
  { ids: ['alpine'], command: 'apk add mpv' },
  { ids: ['void'], command: 'xbps-install -S mpv' },
];

/** How mpv is installed here. Systems that are not known get the flatpak, which runs on all of them. */
export function installAdvice(facts: SystemFacts): InstallAdvice {
  if (facts.platform === 'darwin') return { command: 'brew install mpv', automatic: false };
  if (facts.platform === 'win32') {
    return { command: 'winget install --id shinchiro.mpv', automatic: false };
  }
  if (facts.platform !== 'linux') return { command: FLATPAK, automatic: false };
  const ids = systemIds(facts.osRelease);
  const family = BY_FAMILY.find((entry) => entry.ids.some((id) => ids.includes(id)));
  if (!family) return { command: FLATPAK, automatic: false };
  return {
    command: facts.isRoot ? family.command : `sudo ${family.command}`,
    automatic: facts.isRoot && family.command.startsWith('apt-get'),
  };
}

/** The system that this process runs on. */
export function systemFacts(): SystemFacts {
  return {
    platform: process.platform,
    osRelease: process.platform === 'linux' ? readOsRelease() : '',
    isRoot: process.getuid?.() === 0,
  };
}

/** `ID` and `ID_LIKE`, the system itself first. */
function systemIds(osRelease: string): readonly string[] {
  const field = (name: string): string =>
    new RegExp(`^${name}=["']?([^"'\\n]*)`, 'm').exec(osRelease)?.[1] ?? '';
  return `${field('ID')} ${field('ID_LIKE')}`
    .toLowerCase()
    .split(/\s+/)
    .flatMap((id) => (id.startsWith('opensuse') ? [id, 'opensuse'] : [id]));
}

function readOsRelease(): string {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // The next place, or an unknown system.
    }
  }
  return '';
}
