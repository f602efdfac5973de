import type { BORDER } from '../../../../host/src/plugins/permissions/border.ts';

export type ProbeId = (typeof BORDER)[number]['id'];

/**
 * What a plugin tries, by the row of the table: the body of an async function over `it`, the places and processes of
 * the test. It ends when it was not stopped, and throws when it was.
 */
export const PROBES: Readonly<Record<ProbeId, string>> = {
  read: `fs.readFileSync(it.secret)`,
  write: `fs.writeFileSync(it.outside + '/written', 'x')`,
  'make-link': `fs.symlinkSync(it.outside, ctx.folders.data + '/link')`,
  'processes-list': `fs.readFileSync('/proc/' + it.victim + '/cmdline')`,
  program: `(await import('node:child_process')).execFileSync(process.execPath, ['--version'])`,
  worker: `const { Worker } = await import('node:worker_threads');
    const worker = new Worker('0', { eval: true });
    await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))`,
  addon: `process.dlopen({ exports: {} }, it.addon)`,
  wasi: `const { WASI } = await import('node:wasi'); new WASI({ version: 'preview1', preopens: { '/': it.outside } })`,
  inspector: `const inspector = await import('node:inspector'); inspector.open(0, '127.0.0.1'); inspector.close()`,
  report: `const v8 = await import('node:v8');
    try { process.report.writeReport(it.outside + '/report.json') } catch (error) {
      if (error.code !== 'ERR_ACCESS_DENIED') throw error;
      v8.writeHeapSnapshot(it.outside + '/heap.heapsnapshot');
    }`,
  environment: `if (process.env.BORDER_SECRET === undefined) throw new KinoportError('PERMISSION_DENIED', 'The plugin "probe" may not see it.')`,
  'sockets-list': `fs.readdirSync(it.runtime)`,
  poison: `fs.writeFileSync(it.compiled + '/cache', 'x')`,
  database: `const { DatabaseSync } = await import('node:sqlite');
    new DatabaseSync(it.outside + '/database').exec('CREATE TABLE t (x)')`,
  tcp: `await new Promise((resolve, reject) => net.connect(it.port, '127.0.0.1', resolve).once('error', reject))`,
  listen: `await new Promise((resolve, reject) => {
      const server = net.createServer().once('error', reject).listen(0, '127.0.0.1', () => server.close(resolve));
    })`,
  udp: `const socket = (await import('node:dgram')).createSocket('udp4');
    await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.send('x', it.port, '127.0.0.1', (error) => { socket.close(); if (error) reject(error); else resolve(); });
    })`,
  dns: `await (await import('node:dns/promises')).lookup('localhost')`,
  fetch: `await (await fetch('http://127.0.0.1:' + it.port)).text()`,
  'player-socket': `await new Promise((resolve, reject) => {
      const socket = net.connect(it.player, () => {
        socket.write(JSON.stringify({ command: ['run', 'touch', it.outside + '/started-by-player'] }) + '\\n');
      });
      socket.once('data', resolve).once('error', reject);
    })`,
  'follow-link': `fs.readFileSync(ctx.plugin.root + '/link/secret')`,
  signal: `process.kill(it.victim, 'SIGTERM')`,
  exists: `fs.realpathSync(it.secret)`,
};

/** A plugin without a permission, whose service \`probe\` tries one row of the table a method. */
export const PROBE_MANIFEST = {
  experimental: ['services'],
  contributes: { services: [{ id: 'probe' }] },
} as const;

export const PROBE_CODE = `import fs from 'node:fs';
import net from 'node:net';
import { definePlugin, KinoportError } from '@kinoport/core';
export default definePlugin({ activate(ctx) {
  ctx.services.register('probe', {
${Object.entries(PROBES)
  .map(([id, body]) => `    ${JSON.stringify(id)}: async (it) => { ${body}; return null; },`)
  .join('\n')}
  });
} });`;
