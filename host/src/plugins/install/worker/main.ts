/**
 * The work of installing plugins, in a process of its own: npm's libraries, archives from strangers and install scripts
 * come near neither the host's memory nor its event loop, and giving up is to end the process.
 */
import { Socket } from 'node:net';
import { systemClock } from '@kinoport/core';
import { Peer, pipeTransport } from '../../../rpc/peer.ts';
import { installDependencies, planDependencies } from './dependencies.ts';
import { fetchPackage } from './fetch.ts';
import type { DependenciesRequest, FetchRequest, SearchRequest, WorkerProgress } from './protocol.ts';
import { searchPackages } from './search.ts';

const peer = new Peer(pipeTransport(new Socket({ fd: 3, readable: true, writable: true })), {
  clock: systemClock,
  name: 'the host',
});
const progress = (params: WorkerProgress): void => {
  peer.notify('progress', params).catch(() => undefined);
};

// Both ends are of one build: the requests are what the types say.
peer.handle('fetch', (params) => fetchPackage(params as FetchRequest, progress));
peer.handle('plan', (params) => planDependencies(params as DependenciesRequest, progress));
peer.handle('install', async (params) => {
  await installDependencies(params as DependenciesRequest, progress);
  return {};
});
peer.handle('search', (params) => searchPackages(params as SearchRequest));
peer.onDidClose(() => {
  // With everything that was started from here: git, install scripts and what those started.
  try {
    if (process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL');
  } catch {
    // It leads no group of its own.
  }
  process.exit(0);
});
process.on('SIGINT', () => undefined);
peer.listen();
