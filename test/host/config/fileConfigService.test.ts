import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once, systemClock } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../host/src/config/config.ts';
import { FileConfigService } from '../../../host/src/config/fileConfigService.ts';
import { defaultConfig, type PluginSchemas } from '../../../host/src/config/parseConfig.ts';
import { scratchFolder } from '../storage/scratch.ts';

const services = new Set<FileConfigService>();
afterEach(() => {
  for (const service of services) service.dispose();
  services.clear();
});

function serviceOf(file: string): FileConfigService {
  const service = new FileConfigService({ file, clock: systemClock, debounce: 20 });
  services.add(service);
  return service;
}

function fileWith(text: string): string {
  const file = join(scratchFolder(), 'config.jsonc');
  writeFileSync(file, text);
  return file;
}

const playerIs = (player: string) => (config: Config) => config.player === player;
const plugins: PluginSchemas = {
  schemaOf: (key) =>
    key === 'mpv' ? { type: 'object', properties: { path: { type: 'string', default: 'mpv' } } } : 'unknown',
  ids: ['mpv'],
};

describe('FileConfigService', () => {
  it('has the file in force at once, and defaults where there is none', () => {
    expect(serviceOf(fileWith('{"player":"vlc"}')).current.player).toBe('vlc');
    const missing = serviceOf(join(scratchFolder(), 'config.jsonc'));
    expect(missing.current).toEqual(defaultConfig());
    expect(missing.problems).toEqual([]);
  });

  it('follows the file when it is written in place, replaced by a rename, made, and removed', async () => {
    const file = join(scratchFolder(), 'config.jsonc');
    const service = serviceOf(file);
    const made = once(service.onDidChange, playerIs('one'));
    writeFileSync(file, '{"player":"one"}');
    await made;
    const written = once(service.onDidChange, playerIs('two'));
    writeFileSync(file, '{"player":"two"}');
    await written;
    const renamed = once(service.onDidChange, playerIs('three'));
    writeFileSync(`${file}.new`, '{"player":"three"}');
    renameSync(`${file}.new`, file);
    await renamed;
    const again = once(service.onDidChange, playerIs('four'));
    writeFileSync(file, '{"player":"four"}');
    await again;
    const removed = once(service.onDidChange, playerIs('mpv'));
    rmSync(file);
    await removed;
    expect(service.problems).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('follows a file that is a link to another folder', async () => {
    const target = fileWith('{"player":"one"}');
    const file = join(scratchFolder(), 'config.jsonc');
    symlinkSync(target, file);
    const service = serviceOf(file);
    const written = once(service.onDidChange, playerIs('two'));
    writeFileSync(target, '{"player":"two"}');
    await written;
  });

  it('keeps the last good configuration while the file is broken', async () => {
    const file = fileWith('{"player":"vlc"}');
    const service = serviceOf(file);
    const changes: Config[] = [];
    service.onDidChange((config) => changes.push(config));
    const broken = once(service.onDidChangeProblems, (problems) => problems.length === 1);
    writeFileSync(`${file}.new`, '{"player":');
    renameSync(`${file}.new`, file);
    expect((await broken)[0]).toMatchObject({ code: 'CONFIG_SYNTAX', line: 1, column: 11 });
    expect(service.current.player).toBe('vlc');
    expect(changes).toEqual([]);
    const repaired = once(service.onDidChangeProblems, (problems) => problems.length === 0);
    writeFileSync(`${file}.new`, '{"player":"other"}');
    renameSync(`${file}.new`, file);
    await repaired;
    expect(service.current.player).toBe('other');
    expect(changes).toHaveLength(1);
  });

  it('starts with the defaults when the file is broken from the beginning', () => {
    const service = serviceOf(fileWith('{"player": 1}'));
    expect(service.current).toEqual(defaultConfig());
    expect(service.problems).toEqual([expect.objectContaining({ code: 'CONFIG_INVALID' })]);
  });

  it('does not tell a change that is none', () => {
    const file = fileWith('{"player":"vlc"}');
    const service = serviceOf(file);
    const changes: Config[] = [];
    service.onDidChange((config) => changes.push(config));
    writeFileSync(file, '{ "player": "vlc" } // as before');
    service.reload();
    expect(changes).toEqual([]);
  });

  it("checks plugins' slices once they are known, and fills in their defaults", () => {
    const file = fileWith('{"player":"vlc","plugins":{"mpv":true}}');
    const service = serviceOf(file);
    expect(service.current.plugins.mpv).toEqual({ enabled: true, config: {} });
    const changes: Config[] = [];
    service.onDidChange((config) => changes.push(config));
    service.setPlugins(plugins);
    expect(service.current.plugins.mpv).toEqual({ enabled: true, config: { path: 'mpv' } });
    expect(changes).toEqual([service.current]);
  });

  it('lets a wrong slice have its defaults at the start, and stay as it was later', () => {
    const file = fileWith('{"player":"vlc","plugins":{"mpv":{"config":{"path":1}}, "vcl":true}}');
    const service = serviceOf(file);
    service.setPlugins(plugins);
    expect(service.problems.map((problem) => problem.code)).toEqual([
      'CONFIG_INVALID',
      'CONFIG_UNKNOWN_PLUGIN',
    ]);
    expect(service.current.player).toBe('vlc');
    const problem = expect.objectContaining({ code: 'CONFIG_INVALID', plugin: 'mpv' });
    expect(service.current.plugins).toEqual({ mpv: { enabled: true, config: { path: 'mpv' }, problem } });

    writeFileSync(file, '{"plugins":{"mpv":{"config":{"path":"/opt/mpv"}}}}');
    service.reload();
    expect(service.problems).toEqual([]);
    writeFileSync(file, '{"plugins":{"mpv":{"config":{"path":false}}}}');
    service.reload();
    expect(service.problems).toHaveLength(1);
    expect(service.current.plugins.mpv?.config).toEqual({ path: '/opt/mpv' });
  });

  it('keeps what was in force when the file becomes unreadable', () => {
    const file = fileWith('{"player":"vlc"}');
    const service = serviceOf(file);
    rmSync(file);
    mkdirSync(file);
    service.reload();
    expect(service.problems).toEqual([expect.objectContaining({ code: 'CONFIG_UNREADABLE' })]);
    expect(service.current.player).toBe('vlc');
  });
});
