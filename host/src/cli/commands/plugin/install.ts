import { isKinoportError, KinoportError, type PluginPermissions, toKinoportError } from '@kinoport/core';
import type { PluginView } from '../../../api/protocol.ts';
import type { PreparedInstall } from '../../../plugins/install/views.ts';
import type { PackageBuild } from '../../../plugins/install/worker/protocol.ts';
import { withHost } from '../../connection/connectHost.ts';
import type { HostConnection } from '../../connection/hostConnection.ts';
import { type CliContext, type CommonOptions, isInteractive, outputFor } from '../../context.ts';
import { errorView, type Output } from '../../terminal/output.ts';
import { ask } from '../../terminal/prompt.ts';
import { buildText, preparedText, progressText } from './installText.ts';
import { npmEnvironment, packageSpec } from './packageSpec.ts';

export interface InstallOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly allowBuild?: readonly string[];
  readonly skipBuild?: readonly string[];
  readonly integrity?: string;
}

/** `plugin install <spec>` */
export async function runInstall(ctx: CliContext, spec: string, options: InstallOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const resolved = packageSpec(spec, ctx.cwd);
  needAnswers(options);
  return withHost(ctx, async (host) => {
    const { integrity } = options;
    const request = { spec: resolved, ...(integrity === undefined ? {} : { integrity }) };
    const done = await new Installation(ctx, host, output, options).run(request);
    if (output.json) output.value(done);
    else if (done.changed) output.info(`Installed ${done.id} ${done.version}.`);
    else output.info(`${done.id} ${done.version} is installed already.`);
    return 0;
  });
}

/** `plugin update [id]` */
export async function runUpdate(
  ctx: CliContext,
  id: string | undefined,
  options: InstallOptions,
): Promise<number> {
  const output = outputFor(ctx, options);
  return withHost(ctx, async (host) => {
    const plugins = await host.call('plugins.list', {});
    const installed = plugins.filter(
      ({ origin, id: own }) => origin === 'installed' && (id === undefined || own === id),
    );
    // One that is there in another way, or not at all: the host says which.
    const ids = installed.length === 0 && id !== undefined ? [id] : installed.map(({ id: own }) => own);
    let exitCode = 0;
    const results: unknown[] = [];
    for (const update of ids) {
      try {
        const done = await new Installation(ctx, host, output, options).run({ update });
        results.push(done);
        output.info(
          done.changed
            ? `Updated ${done.id} to ${done.version}.`
            : `${done.id} ${done.version} is the newest.`,
        );
      } catch (error) {
        if (ids.length === 1 || isKinoportError(error, 'ABORTED', 'HOST_UNREACHABLE')) throw error;
        const known = toKinoportError(error);
        output.error(known);
        results.push({ id: update, error: errorView(known) });
        exitCode = known.exitCode;
      }
    }
    if (output.json) output.value(results);
    else if (ids.length === 0) output.info('No plugin is installed.');
    return exitCode;
  });
}

/** @throws KinoportError `NOT_INTERACTIVE` */
function needAnswers({ yes }: InstallOptions): void {
  if (yes || isInteractive()) return;
  throw new KinoportError(
    'NOT_INTERACTIVE',
    'What a plugin asks for has to be allowed, and there is no terminal to ask on.',
    {
      hint: 'Look at what it asks for on a terminal first; --yes allows it unasked.',
    },
  );
}

interface Done {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly resolved: string;
  readonly integrity: string;
  readonly permissions: PluginPermissions;
  readonly dependencies: PreparedInstall['dependencies'];
  readonly changed: boolean;
  readonly state: PluginView['state'];
}

/** One plugin on its way: shown, asked about, put in place. */
class Installation {
  readonly #host: HostConnection;
  readonly #ctx: CliContext;
  readonly #output: Output;
  readonly #options: InstallOptions;
  readonly #builds: Set<string>;
  readonly #skipBuilds: Set<string>;

  constructor(ctx: CliContext, host: HostConnection, output: Output, options: InstallOptions) {
    this.#ctx = ctx;
    this.#host = host;
    this.#output = output;
    this.#options = options;
    this.#builds = new Set(options.allowBuild);
    this.#skipBuilds = new Set(options.skipBuild);
  }

  async run(request: {
    readonly spec?: string;
    readonly update?: string;
    readonly integrity?: string;
  }): Promise<Done> {
    const progress = showProgress(this.#host, this.#output);
    try {
      const npm = npmEnvironment(this.#ctx.environment);
      const prepared = await this.#host.call('plugins.prepareInstall', { ...request, npmEnvironment: npm });
      progress.clear();
      try {
        return await this.#decide(prepared);
      } catch (error) {
        await this.#host.call('plugins.cancelInstall', { token: prepared.token }).catch(() => undefined);
        throw error;
      }
    } finally {
      progress.dispose();
    }
  }

  async #decide(prepared: PreparedInstall): Promise<Done> {
    const { token, id, version, name, resolved, integrity, permissions, dependencies, installed } = prepared;
    const result = { id, version, name, resolved, integrity, permissions, dependencies };
    if (installed?.isSame) {
      const { state, error } = await this.#host.call('plugins.get', { id });
      if (error?.code !== 'PLUGIN_ALTERED' && prepared.newPermissionWords.length === 0) {
        await this.#host.call('plugins.cancelInstall', { token });
        return { ...result, changed: false, state };
      }
    }
    const isAsked = !installed || prepared.newPermissionWords.length > 0;
    if (isAsked || this.#output.verbose) for (const line of preparedText(prepared)) this.#output.info(line);
    if (isAsked) await this.#askFor(prepared);
    for (const build of installed?.builds ?? []) this.#builds.add(build);
    for (const build of installed?.skipBuilds ?? [])
      if (!this.#builds.has(build)) this.#skipBuilds.add(build);
    await this.#askBuilds(prepared.builds);
    const { state } = await this.#install(token, permissions);
    return { ...result, changed: true, state };
  }

  async #askFor({ id }: PreparedInstall): Promise<void> {
    if (this.#options.yes) return;
    needAnswers(this.#options);
    const answer = await ask(`\nInstall ${id} and allow this? [y/N] `);
    if (isYes(answer)) return;
    throw new KinoportError('PERMISSION_NOT_GRANTED', 'It was not allowed, and nothing was installed.');
  }

  async #askBuilds(builds: readonly PackageBuild[]): Promise<void> {
    const open = builds.filter(({ name }) => !this.#builds.has(name) && !this.#skipBuilds.has(name));
    for (const build of open) {
      this.#output.note(buildText(build));
      if (this.#options.yes || !isInteractive()) continue;
      const answer = await ask('They can do whatever you can. Run them? [y]es, [s]kip them, [N]o: ');
      if (isYes(answer)) this.#builds.add(build.name);
      else if (/^s(kip)?$/i.test(answer.trim())) this.#skipBuilds.add(build.name);
    }
    const refused = open.filter(({ name }) => !this.#builds.has(name) && !this.#skipBuilds.has(name));
    if (refused.length === 0) return;
    const names = refused.map(({ name }) => name);
    throw new KinoportError(
      'PLUGIN_BUILD_NOT_ALLOWED',
      `Install scripts of ${names.join(', ')} were not allowed, and nothing was installed.`,
      {
        hint: `Allow them by name (${names.map((name) => `--allow-build ${name}`).join(' ')}), or install without running them: --skip-build.`,
        data: { builds: names },
      },
    );
  }

  async #install(token: string, grant: PluginPermissions): Promise<PluginView> {
    for (;;) {
      const decided = { builds: [...this.#builds], skipBuilds: [...this.#skipBuilds] };
      try {
        return await this.#host.call('plugins.install', { token, grant, ...decided });
      } catch (error) {
        // What a package really has is known once it is there.
        const builds = isKinoportError(error, 'PLUGIN_BUILD_NOT_ALLOWED') ? buildsOf(error) : [];
        if (builds.length === 0) throw error;
        await this.#askBuilds(builds);
      }
    }
  }
}

function buildsOf({ data }: KinoportError): readonly PackageBuild[] {
  const builds = (data as { readonly builds?: unknown } | undefined)?.builds;
  return Array.isArray(builds) ? (builds as PackageBuild[]) : [];
}

function isYes(answer: string): boolean {
  return /^(y|yes|j|ja)$/i.test(answer.trim());
}

/** A line that changes, where there is a terminal; lines with `-v` elsewhere. */
function showProgress(host: HostConnection, output: Output): { clear(): void; dispose(): void } {
  const isLive = process.stderr.isTTY === true && !output.quiet;
  let isShown = false;
  const clear = (): void => {
    if (isShown) process.stderr.write('\r\x1b[K');
    isShown = false;
  };
  const listening = host.onDidInstallProgress((progress) => {
    if (isLive) {
      process.stderr.write(`\r\x1b[K${progressText(progress).slice(0, (process.stderr.columns ?? 80) - 1)}`);
      isShown = true;
    } else if (output.verbose) output.note(progressText(progress));
  });
  return {
    clear,
    dispose: () => {
      clear();
      void listening.dispose();
    },
  };
}
