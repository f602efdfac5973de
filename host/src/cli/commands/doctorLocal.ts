import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toKinoportError } from '@kinoport/core';
import { prepareHome } from '../../home/prepareHome.ts';
import type { CliContext } from '../context.ts';
import { checkConfig } from './config.ts';
import type { Check } from './doctor.ts';

export function checkNode(): Check {
  // An older Node does not get this far.
  return { name: 'Node.js', status: 'ok', message: `${process.versions.node} (${process.execPath})` };
}

export function checkHome(ctx: CliContext): Check {
  try {
    prepareHome(ctx.home);
    return { name: 'Home', status: 'ok', message: ctx.home.data };
  } catch (error) {
    return failed('Home', error);
  }
}

export async function checkConfigFile(ctx: CliContext): Promise<readonly Check[]> {
  const problems = await checkConfig(ctx);
  if (problems.length === 0) {
    const there = existsSync(ctx.home.configFile) ? '' : ' (not there; the defaults are in force)';
    return [{ name: 'Config', status: 'ok', message: `${ctx.home.configFile}${there}` }];
  }
  return problems.map((problem) => failed('Config', problem));
}

/** Reads, and changes nothing: the host is the one that writes. */
export async function checkDatabase(ctx: CliContext): Promise<Check> {
  const file = ctx.home.databaseFile;
  if (!existsSync(file))
    return { name: 'Database', status: 'ok', message: `${file} (made at the first start)` };
  const { databaseError } = await import('../../storage/databaseErrors.ts');
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    const database = new Sqlite(file, { readonly: true, timeout: 2000 });
    try {
      database.prepare('SELECT count(*) FROM sqlite_master').get();
    } finally {
      database.close();
    }
    return { name: 'Database', status: 'ok', message: file };
  } catch (error) {
    return failed('Database', databaseError(error, file));
  }
}

export function checkScreen(ctx: CliContext): Check {
  const { DISPLAY, WAYLAND_DISPLAY } = ctx.environment;
  if (process.platform === 'win32' || process.platform === 'darwin') {
    return { name: 'Screen', status: 'ok', message: 'the desktop' };
  }
  const display = WAYLAND_DISPLAY || DISPLAY;
  if (display) return { name: 'Screen', status: 'ok', message: display };
  return {
    name: 'Screen',
    status: 'warning',
    message: 'There is none: films run without a picture.',
    hint: 'Run it from a desktop, or set DISPLAY or WAYLAND_DISPLAY.',
  };
}

export function checkSound(ctx: CliContext): Check {
  if (process.platform !== 'linux') return { name: 'Sound', status: 'ok', message: "the system's" };
  const { PULSE_SERVER, XDG_RUNTIME_DIR } = ctx.environment;
  const sockets = ['pipewire-0', 'pulse/native'].map((name) => join(XDG_RUNTIME_DIR ?? '/nonexistent', name));
  const found = PULSE_SERVER || sockets.find((path) => existsSync(path)) || alsaCard();
  if (found) return { name: 'Sound', status: 'ok', message: found };
  return {
    name: 'Sound',
    status: 'warning',
    message: 'There is no sound device: films run silent.',
    hint: 'Start PipeWire or PulseAudio, or set PULSE_SERVER.',
  };
}

export async function checkFfprobe(ctx: CliContext): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)('ffprobe', ['-version'], {
      env: ctx.environment,
      timeout: 5000,
    });
    return { name: 'ffprobe', status: 'ok', message: /version (\S+)/.exec(stdout)?.[1] ?? 'found' };
  } catch {
    return {
      name: 'ffprobe',
      status: 'warning',
      message: 'Not found: the length of a file is known only once it plays.',
      hint: 'It is part of ffmpeg.',
    };
  }
}

/** A check that failed with an error. */
export function failed(name: string, error: unknown): Check {
  const isData = typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
  const { code, message, hint } = isData
    ? (error as { readonly code: string; readonly message: string; readonly hint?: string })
    : toKinoportError(error);
  return { name, status: 'failed', message, code, ...(hint === undefined ? {} : { hint }) };
}

function alsaCard(): string | undefined {
  try {
    return /\]: (.+)$/m.exec(readFileSync('/proc/asound/cards', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
