import { execFile, spawn } from 'node:child_process';
import type { ProcessExit, Processes } from '@kinoport/core';

/** `ctx.processes` of this machine, without a host. `pids` are those that were started and have not ended. */
export class LocalProcesses implements Processes {
  readonly pids = new Set<number>();

  run(command: string, args: readonly string[]): ReturnType<Processes['run']> {
    return new Promise((resolve) => {
      const child = execFile(command, [...args], (_error, stdout, stderr) => {
        resolve({ exitCode: child.exitCode, signal: child.signalCode, stdout, stderr });
      });
    });
  }

  spawnCommand(): Promise<never> {
    throw new Error('There is no host that knows commands of the plugin.');
  }

  async spawn(command: string, args: readonly string[]): ReturnType<Processes['spawn']> {
    const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4096);
    });
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('close', (exitCode, signal) => {
        if (child.pid !== undefined) this.pids.delete(child.pid);
        resolve({ exitCode, signal, output });
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const pid = child.pid ?? -1;
    this.pids.add(pid);
    return { pid, exited, kill: async (signal = 'SIGTERM') => void child.kill(signal) };
  }

  async which(command: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.run('which', [command]);
    return exitCode === 0 ? stdout.trim() : undefined;
  }
}
