/** What Node denies is told as what it is, with the errors that Node really throws. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { inRepository } from '../../../support/repository.ts';

const DENIALS = inRepository('host/src/runtime/denials.ts');

/** What becomes of the error that `code` runs into without a permission but that to read. */
async function denied(code: string): Promise<unknown> {
  const script = `
    import fs from 'node:fs';
    import http from 'node:http';
    import net from 'node:net';
    import { explained } from ${JSON.stringify(DENIALS)};
    const failed = (emitter) => new Promise((_, reject) => emitter.once('error', reject));
    const error = await (async () => { ${code} })().then(() => undefined, (each) => each);
    const { code: name, message, hint } = explained(error, { id: 'x', access: { requested: {}, granted: {} } });
    console.log(JSON.stringify({ name, message, hint }));`;
  const args = ['--permission', '--allow-fs-read=*', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  return JSON.parse(stdout);
}

it.each([
  ['fetch of an address', `await fetch('http://127.0.0.1:8080/')`],
  ['fetch of a name', `await fetch('http://localhost:8080/')`],
  ['a request', `await failed(http.get('http://localhost:8080/'))`],
  ['a connection', `await failed(net.connect(9, '127.0.0.1'))`],
  ['a unix socket', `await failed(net.connect('/tmp/nobody.sock'))`],
])('%s is the network', async (_what, code) => {
  expect(await denied(code)).toMatchObject({
    name: 'PERMISSION_DENIED',
    message: expect.stringContaining('may not use the network'),
    hint: expect.stringContaining('"net": ["'),
  });
});

it('a link is a link', async () => {
  expect(await denied(`fs.symlinkSync('/tmp/a', '/tmp/b')`)).toMatchObject({
    message: expect.stringContaining('may not make links'),
  });
});
