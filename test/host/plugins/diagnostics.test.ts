/** What plugins tell `kinoport doctor` about themselves. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome } from './support/cliHome.ts';

interface Check {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  readonly plugin?: string;
  readonly label?: string;
  readonly value?: string;
}

let home: CliHome;

const code = (register: string): string => `
  import { definePlugin, KinoportError } from '@kinoport/core';
  export default definePlugin({ activate(ctx) { ${register} } });`;

const REPORTERS: Readonly<Record<string, string>> = {
  tells: `ctx.diagnostics.register(({ signal }) => [
    { label: 'Signal', value: signal.constructor.name },
    { label: 'Cable', value: 'loose\\u001b[31m, é', ok: false, hint: 'Push it in.', secret: 'not passed on' },
  ]);`,
  hangs: `ctx.diagnostics.register(() => new Promise(() => {}));`,
  throws: `ctx.diagnostics.register(async () => { throw new Error('no idea'); });`,
  refuses: `ctx.diagnostics.register(() => { throw new KinoportError('LOGIN_EXPIRED', 'Log in first.'); });`,
  lies: `ctx.diagnostics.register(() => [{ label: '', value: 7 }]);`,
  talks: `ctx.diagnostics.register(() => Array(21).fill({ label: 'a', value: 'b' }));`,
  knots: `ctx.diagnostics.register(() => [{ label: 'a', value: 5n }]);`,
  mute: `ctx.diagnostics.register(() => undefined);`,
};

beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home.dispose());

async function doctor(names: readonly string[]): Promise<(plugin: string) => readonly Check[]> {
  home.config({
    plugins: { torrent: { enabled: false }, ...Object.fromEntries(names.map((name) => [`./${name}`, true])) },
  });
  const { stdout } = await home.run('doctor', '--json');
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
  return (plugin) => checks.filter((check) => check.plugin === plugin);
}

describe('doctor', () => {
  it('shows what plugins tell, and refuses what is none of it, each by itself', async () => {
    for (const [name, register] of Object.entries(REPORTERS))
      home.plugin(name, { contributes: { diagnostics: true } }, code(register));
    const of = await doctor(Object.keys(REPORTERS));

    expect(of('tells')).toEqual([
      {
        name: 'Plugin',
        status: 'ok',
        message: 'tells, Signal: AbortSignal',
        ...{ plugin: 'tells', label: 'Signal', value: 'AbortSignal' },
      },
      {
        name: 'Plugin',
        status: 'warning',
        message: 'tells, Cable: loose [31m, é',
        hint: 'Push it in.',
        ...{ plugin: 'tells', label: 'Cable', value: 'loose\u001b[31m, é' },
      },
    ]);
    const codes = { hangs: 'PLUGIN_CALL_TIMEOUT', throws: 'INTERNAL', refuses: 'LOGIN_EXPIRED' };
    const garbage = ['lies', 'talks', 'mute'].map((name) => [name, 'PLUGIN_PROTOCOL'] as const);
    for (const [name, expected] of [...Object.entries(codes), ...garbage, ['knots', undefined] as const])
      expect(of(name), name).toMatchObject([
        { status: 'warning', ...(expected === undefined ? {} : { code: expected }) },
      ]);
    expect(of('throws')[0]?.message).toContain('no idea');
  });

  it('starts no plugin that does not say it has something to tell', async () => {
    home.plugin('shy', { activationEvents: [] }, code(''));
    home.plugin('bold', {}, code(REPORTERS.tells ?? ''));
    home.plugin('idle', { contributes: { diagnostics: true } }, code(''));
    home.plugin('tells', { contributes: { diagnostics: true } }, code(REPORTERS.tells ?? ''));
    const of = await doctor(['shy', 'bold', 'idle', 'tells']);
    expect([...of('shy'), ...of('bold')]).toEqual([]);
    expect(of('idle')).toMatchObject([{ status: 'warning', code: 'PLUGIN_NOT_REGISTERED' }]);
    const [plugins = []] = await home.json<readonly { readonly id: string; readonly pid: number | null }[]>(
      'plugin',
      'list',
    );
    expect(plugins.filter(({ id }) => ['shy', 'bold'].includes(id)).map(({ pid }) => pid)).toEqual([
      null,
      null,
    ]);
    expect((await home.run('doctor')).stdout).toMatch(/tells, Cable: loose \[31m, é\n +Push it in\./);
    const reload = await home.run('plugin', 'reload', 'bold');
    expect(reload.stderr).toContain('PLUGIN_NOT_REGISTERED');
  });
});
