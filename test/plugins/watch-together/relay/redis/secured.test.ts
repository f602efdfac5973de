/** A Redis that is reached with TLS only, and a user of it who may do what a relay does and no more. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../../../support/system.ts';
import { Peer } from '../peer.ts';
import { freePort, RedisServer, RelayProcess } from './servers.ts';

let folder: string;
const path = (name: string): string => join(folder, name);
const openssl = (...words: readonly string[]): unknown =>
  execFileSync('openssl', [...words], { cwd: folder, stdio: 'ignore' });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-tls-'));
});
afterEach(() => {
  delete process.env.NODE_EXTRA_CA_CERTS;
  rmSync(folder, { recursive: true, force: true });
});

/** An authority of one's own, and a certificate of it for 127.0.0.1. */
function certify(): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=own authority');
  openssl('req', ...key, '-keyout', 'key.pem', '-out', 'request', '-subj', '/CN=redis');
  writeFileSync(path('names'), 'subjectAltName=IP:127.0.0.1');
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'request', ...authority, '-out', 'cert.pem', '-days', '2');
}

const RIGHTS = ['+@read', '+@write', '+@pubsub', '+@scripting', '+@connection', '+time', '+info'];

describe.skipIf(needs('redis-server'))('a relay', () => {
  it('keeps rooms in a Redis with TLS and users, whose authority it is told of', async () => {
    certify();
    const port = await freePort();
    const tls = ['--tls-cert-file', path('cert.pem'), '--tls-key-file', path('key.pem')];
    const user = ['--user', 'relay', 'on', '>open:@/%sesame', '~kinoport:*', '&kinoport:*', ...RIGHTS];
    await using _redis = await RedisServer.start(
      ...['--port', '0', '--tls-port', String(port), ...tls],
      ...['--tls-ca-cert-file', path('ca.pem'), '--tls-auth-clients', 'no', ...user],
      ...['--user', 'default', 'off'],
    );
    writeFileSync(path('password'), 'open:@/%sesame\n');
    const words = ['--redis', `rediss://relay@127.0.0.1:${port}`, '--redis-password-file', path('password')];
    {
      await using refused = await RelayProcess.start(...words);
      expect(refused.log.join()).toMatch(/cannot be reached: .*certificate.*\(RELAY_START_FAILED\)/s);
    }
    process.env.NODE_EXTRA_CA_CERTS = path('ca.pem');
    await using first = await RelayProcess.start(...words);
    await using second = await RelayProcess.start(...words);
    await using ann = await Peer.greet(first.url);
    await using bob = await Peer.greet(second.url);
    const { room } = await ann.create({ password: 'secret' });
    const joined = await bob.join(room.code, { password: 'secret' });
    expect(joined.room.locked).toBe(true);
    bob.send({ type: 'chat', id: 2, text: 'hello' });
    expect((await ann.next('chat')).text).toBe('hello');
    expect([...first.log, ...second.log].join()).not.toMatch(/fault|sesame|NOPERM/);
  });
});
