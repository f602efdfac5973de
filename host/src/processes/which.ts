import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';

/** Where a program would be found; a command with a separator in it is a path and only checked. */
export async function which(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  const windows = platform === 'win32';
  const { delimiter, join } = windows ? path.win32 : path.posix;
  const isPath = command.includes('/') || (windows && command.includes('\\'));
  const folders = isPath ? [''] : variable(env, 'PATH', windows).split(delimiter).filter(Boolean);
  const suffixes = windows
    ? ['', ...(variable(env, 'PATHEXT', windows) || '.COM;.EXE;.BAT;.CMD').split(';')]
    : [''];
  for (const folder of folders) {
    for (const suffix of suffixes) {
      const candidate = folder === '' ? command + suffix : join(folder, command + suffix);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

/** Names of variables have no case on Windows. */
function variable(env: Readonly<Record<string, string | undefined>>, name: string, windows: boolean): string {
  const key = windows ? Object.keys(env).find((each) => each.toUpperCase() === name) : name;
  return (key === undefined ? undefined : env[key]) ?? '';
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
