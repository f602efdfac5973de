// The programs beside Node that the tests use, and how to get them.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Names of programs; a package has the same name, but for those of `PACKAGES`. */
export const PROGRAMS = ['mpv', 'ffmpeg', 'tmux'];

/** What some tests meet. Installed in CI alone: a package of these starts a service on a real system. */
export const SERVICES = ['transmission-daemon', 'aria2c', 'qbittorrent-nox', 'redis-server'];

const PACKAGES = { aria2c: 'aria2' };

const MANAGERS = [
  { program: 'apt-get', command: (names) => `sudo apt-get install ${names}` },
  { program: 'dnf', command: (names) => `sudo dnf install ${names}` },
  { program: 'pacman', command: (names) => `sudo pacman -S ${names}` },
  { program: 'zypper', command: (names) => `sudo zypper install ${names}` },
  { program: 'apk', command: (names) => `sudo apk add ${names}` },
  { program: 'brew', command: (names) => `brew install ${names}` },
  {
    program: 'winget',
    command: (names) =>
      names
        .split(' ')
        .map((name) => `winget install ${name}`)
        .join(' ; '),
  },
];

/** Whether a program is on PATH. */
export function isInstalled(program) {
  const endings = process.platform === 'win32' ? (process.env.PATHEXT ?? '.EXE').split(';') : [''];
  return (process.env.PATH ?? '').split(delimiter).some((folder) =>
    endings.some((ending) => {
      const path = join(folder, program + ending);
      try {
        accessSync(path, constants.X_OK);
        return folder !== '' && statSync(path).isFile();
      } catch {
        return false;
      }
    }),
  );
}

/** The command that installs programs on this system; in words where we know none. */
export function installCommand(programs) {
  const manager = MANAGERS.find(({ program }) => isInstalled(program));
  const names = packagesOf(programs).join(' ');
  return manager ? manager.command(names) : `this system's package manager (${names})`;
}

/** Whether `installWithApt` may be tried: Debian or a relative, and root. */
export function canInstall() {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) return false;
  try {
    return /^(ID|ID_LIKE)=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** Installs programs by apt-get. @returns whether apt-get said that it did */
export function installWithApt(programs) {
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  return (
    apt('update', '-qq') && apt('install', '-y', '-qq', '--no-install-recommends', ...packagesOf(programs))
  );
}

function packagesOf(programs) {
  return programs.map((program) => PACKAGES[program] ?? program);
}
