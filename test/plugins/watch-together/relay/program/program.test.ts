/** The relay as a program: its command line, signals and certificates. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { reachableAt } from '../../../../../plugins/watch-together/relay/src/program/addresses.ts';
import { connectionsPossible } from '../../../../../plugins/watch-together/relay/src/program/descriptors.ts';
import { readOptions } from '../../../../../plugins/watch-together/relay/src/program/options.ts';
import { CLOSE } from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { inRepository } from '../../../../support/repository.ts';
import { Peer } from '../peer.ts';

describe('the command line', () => {
  it('is by default for this machine alone', () => {
    expect(readOptions([], {})).toMatchObject({ host: '127.0.0.1', port: 3001, maxRooms: 10_000 });
    expect(readOptions(['--help'], {})).toBeUndefined();
  });

  it.each([
    ['--port', '70000'],
    ['--port', '1.5'],
    ['--port', '-1'],
    ['--host', 'localhost'],
    ['--tls-cert', 'cert.pem'],
    ['--public-url', 'relay.example'],
    ['--create-token', 'secret'],
    ['--max-rooms', '0'],
    ['film.mkv', '--silent'],
  ])('is refused: %s %s', (...argv) => {
    expect(() => readOptions(argv, {})).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('lets nobody in from elsewhere without TLS, unless told to', () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.7'])
      expect(() => readOptions(['--host', host], {})).toThrow(
        expect.objectContaining({ code: 'RELAY_INSECURE' }),
      );
    for (const more of [
      ['--insecure'],
      ['--trusted-proxy', '10.0.0.0/8'],
      ['--tls-cert', 'c', '--tls-key', 'k'],
    ])
      expect(readOptions(['--host', '0.0.0.0', ...more], {})?.host).toBe('0.0.0.0');
  });

  it('takes the token out of a file or a variable', () => {
    const read = (file: string | number) => (file === 0 ? 'of input\n' : `of ${file}\n`);
    expect(readOptions(['--create-token-file', 'f'], {}, read)?.createToken).toBe('of f');
    expect(readOptions(['--create-token-file', '-'], {}, read)?.createToken).toBe('of input');
    expect(readOptions([], { KINOPORT_RELAY_CREATE_TOKEN: 'of variable' })?.createToken).toBe('of variable');
    expect(() => readOptions(['--create-token-file', 'f'], {}, () => ' \n')).toThrow('1 to 256');
  });
});

it.each([
  [
    '127.0.0.1',
    undefined,
    'http://127.0.0.1:3001',
    ['Only this machine can reach it: http://127.0.0.1:3001'],
  ],
  ['0.0.0.0', undefined, 'http://192.0.2.7:3001', [expect.stringContaining('192.0.2.7'), expect.anything()]],
  [
    '::',
    undefined,
    'http://192.0.2.7:3001',
    [expect.anything(), expect.stringContaining('[2001:db8::7]'), expect.anything()],
  ],
  ['127.0.0.1', 'https://relay.example', 'https://relay.example', [expect.anything(), expect.anything()]],
])('a relay at %s, public %s, is reached at %s', (host, publicUrl, address, lines) => {
  const common = { netmask: '', mac: '', cidr: null } as const;
  const interfaces = {
    lo: [{ ...common, address: '127.0.0.1', family: 'IPv4', internal: true } as const],
    eth0: [
      { ...common, address: '192.0.2.7', family: 'IPv4', internal: false } as const,
      { ...common, address: '2001:db8::7', family: 'IPv6', internal: false, scopeid: 0 } as const,
      { ...common, address: 'fe80::7', family: 'IPv6', internal: false, scopeid: 2 } as const,
    ],
  };
  expect(
    reachableAt({ host, port: 3001, secure: false, interfaces, ...(publicUrl ? { publicUrl } : {}) }),
  ).toEqual({ address, lines });
});

it.each([
  ['Max open files            1024                 524288               files', 724],
  ['Max open files            64                   64                   files', 1],
  ['Max open files            unlimited            unlimited            files', Number.POSITIVE_INFINITY],
  ['', Number.POSITIVE_INFINITY],
])('with %j there are %d connections', (limits, connections) => {
  expect(connectionsPossible(`Limit Soft Hard Units\n${limits}\n`)).toBe(connections);
});

describe('the process', () => {
  const folders: string[] = [];
  const processes: ReturnType<typeof spawn>[] = [];

  afterEach(async () => {
    for (const child of processes.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), 'relay-'));
    folders.push(made);
    return made;
  }

  /** The built program; `url` is where it says that it is. */
  async function run(...argv: readonly string[]) {
    const child = spawn(
      process.execPath,
      [inRepository('plugins/watch-together/dist/relay.js'), '--port', '0', ...argv],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    processes.push(child);
    const log: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const url = /https?:\/\/\S+/.exec(line)?.[0] ?? line;
    return { child, log, url };
  }

  /** A certificate for 127.0.0.1 of a given name. */
  function certificate(into: string, name: string): void {
    const [key, cert] = [join(into, 'new.key'), join(into, 'new.crt')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
    copyFileSync(key, join(into, 'key.pem'));
    copyFileSync(cert, join(into, 'cert.pem'));
  }

  async function nameOf(url: string): Promise<unknown> {
    const { port } = new URL(url);
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  }

  it('ends with SIGTERM: members are told, and it says nothing of them', async () => {
    const { child, log, url } = await run();
    await using ann = await Peer.greet(url);
    await ann.create({ name: 'Ann Secret' });
    child.kill('SIGTERM');
    expect((await ann.next('goodbye')).reason).toBe('draining');
    expect((await ann.closed).code).toBe(CLOSE.RESTART);
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(log.map((line) => JSON.parse(line).event)).toEqual(['started', 'draining', 'ended']);
    expect(log.join()).not.toContain('Secret');
  });

  it('reads its certificate again with SIGHUP, and keeps the old one when the new one is none', async () => {
    const files = folder();
    certificate(files, 'first');
    const tls = ['--tls-cert', join(files, 'cert.pem'), '--tls-key', join(files, 'key.pem')];
    const { child, log, url } = await run(...tls);
    expect(url).toMatch(/^https:/);
    expect(await nameOf(url)).toBe('first');
    await using ann = await Peer.greet(url, { rejectUnauthorized: false });
    await ann.create();
    certificate(files, 'second');
    child.kill('SIGHUP');
    await expect.poll(() => log.join()).toContain('certificate read again');
    expect(await nameOf(url)).toBe('second');
    writeFileSync(join(files, 'cert.pem'), 'no certificate');
    child.kill('SIGHUP');
    await expect.poll(() => log.join()).toContain('certificate not read again');
    expect(await nameOf(url)).toBe('second');
    ann.send({ type: 'time', t1: 1 });
    await ann.next('time');
  });

  it.skipIf(process.platform !== 'linux')('refuses those for whom it has no descriptors', async () => {
    const relay = [process.execPath, inRepository('plugins/watch-together/dist/relay.js'), '--port', '0'];
    const child = spawn('/bin/sh', ['-c', 'ulimit -n 310 && exec "$@"', 'sh', ...relay], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    processes.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const url = /http:\/\/\S+/.exec(line)?.[0] ?? '';
    const peers = await Promise.all(Array.from({ length: 10 }, () => Peer.greet(url)));
    await expect(Peer.connect(url)).rejects.toThrow('503');
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  });

  it('says when its port is taken', async () => {
    const { url } = await run();
    const { port } = new URL(url);
    const child = spawn(
      process.execPath,
      [inRepository('plugins/watch-together/dist/relay.js'), '--port', port],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    processes.push(child);
    const [said] = (await once(child.stderr, 'data')) as [Buffer];
    expect(String(said)).toMatch(/listens at 127\.0\.0\.1:\d+ already\.\n.*--port/s);
    expect(await once(child, 'close')).toEqual([1, null]);
  });
});
