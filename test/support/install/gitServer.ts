import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Repositories on disk, and a `git daemon` on loopback that serves them. */
export class GitServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'kp-git-'));
  #daemon: ChildProcess | undefined;
  #port = 0;

  /** Makes or adds to a repository; returns its commit. */
  commit(name: string, files: Readonly<Record<string, string>>, tag?: string): string {
    const work = join(this.folder, `${name}.work`);
    const bare = join(this.folder, `${name}.git`);
    const git = (cwd: string, ...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], {
        cwd,
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim();
    mkdirSync(work, { recursive: true });
    git(work, 'init', '-q', '-b', 'main');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    git(work, 'add', '-A');
    git(work, 'commit', '-q', '-m', 'Change');
    if (tag) git(work, 'tag', tag);
    git(this.folder, 'init', '-q', '--bare', '-b', 'main', bare);
    git(work, 'push', '-q', '--tags', bare, 'main');
    return git(work, 'rev-parse', 'HEAD');
  }

  fileUrl(name: string): string {
    return `git+${pathToFileURL(join(this.folder, `${name}.git`)).href}`;
  }

  /** `git://127.0.0.1:port/name.git` */
  async url(name: string): Promise<string> {
    if (!this.#daemon) {
      this.#port = await freePort();
      this.#daemon = spawn(
        'git',
        [
          'daemon',
          '--export-all',
          '--reuseaddr',
          '--listen=127.0.0.1',
          `--port=${this.#port}`,
          `--base-path=${this.folder}`,
          this.folder,
        ],
        { stdio: 'ignore', detached: true },
      );
      await listening(this.#port);
    }
    return `git://127.0.0.1:${this.#port}/${name}.git`;
  }

  async dispose(): Promise<void> {
    const { pid } = this.#daemon ?? {};
    if (pid !== undefined && this.#daemon) {
      const ended = new Promise((resolve) => this.#daemon?.once('exit', resolve));
      // It leaves the serving to a child.
      process.kill(-pid, 'SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when something answers there. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isThere) return;
  }
}
