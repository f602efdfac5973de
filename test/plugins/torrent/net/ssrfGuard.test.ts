import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { isNear, isPublic } from '../../../../plugins/torrent/src/net/addresses.ts';
import { HttpCaller, readAll } from '../../../../plugins/torrent/src/net/httpCaller.ts';
import {
  RefusedAddressError,
  SsrfGuard,
  type SsrfGuardOptions,
} from '../../../../plugins/torrent/src/net/ssrfGuard.ts';

const servers: Server[] = [];
const callers: HttpCaller[] = [];

afterEach(() => {
  for (const caller of callers.splice(0)) caller.dispose();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function callerOf(options: Partial<SsrfGuardOptions>): HttpCaller {
  const caller = new HttpCaller(new SsrfGuard({ enabled: true, ...options }));
  callers.push(caller);
  return caller;
}

/** A resolver that gives these, one list a question, and then the last for ever. */
function resolving(...answers: readonly (readonly string[])[]): NonNullable<SsrfGuardOptions['lookup']> {
  let asked = 0;
  const lookup = (_name: string, _options: object, done: (error: null, found: unknown) => void): void => {
    const found = answers[Math.min(asked++, answers.length - 1)] ?? [];
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return lookup as NonNullable<SsrfGuardOptions['lookup']>;
}

function ask(lookup: LookupFunction, name: string, all: boolean): Promise<unknown> {
  return new Promise((resolve, reject) =>
    lookup(name, { all }, (error, found) => (error ? reject(error) : resolve(found))),
  );
}

describe('an address', () => {
  it.each([
    '127.0.0.1',
    '127.8.9.1',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%lo',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
  ])('%s is of this machine, of its link, or of nobody', (address) => {
    expect(isNear(address)).toBe(true);
    expect(isPublic(address)).toBe(false);
  });

  it.each([
    '10.1.2.3',
    '100.64.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    'fc00::1',
    'fd12::3',
    'fec0::1',
    '::ffff:10.0.0.1',
    '64:ff9b::c0a8:101',
    '2002:c0a8:101::',
  ])('%s is of a private network', (address) => {
    expect(isNear(address)).toBe(false);
    expect(isPublic(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    '%s is of the internet',
    (address) => {
      expect(isNear(address)).toBe(false);
      expect(isPublic(address)).toBe(true);
    },
  );

  it('that a card of this machine has is not, whatever it looks like', () => {
    for (const { address } of Object.values(networkInterfaces()).flatMap((all) => all ?? []))
      expect(isPublic(address)).toBe(false);
  });

  it('is no name', () => {
    expect(isNear('localhost')).toBe(false);
    expect(isPublic('example.org')).toBe(false);
  });
});

describe('a server', () => {
  it('on this machine is asked when it is trusted, at that port only, or when nothing is kept from', async () => {
    const origin = await serve((_request, response) => response.end('here'));
    const url = new URL(origin);
    await expect(callerOf({}).get(url)).rejects.toBeInstanceOf(RefusedAddressError);
    await expect(callerOf({ trusted: ['http://127.0.0.1:1/'] }).get(url)).rejects.toBeInstanceOf(
      RefusedAddressError,
    );
    for (const options of [{ trusted: [`${origin}/announce`] }, { enabled: false }]) {
      const { status, body } = await callerOf(options).get(url);
      expect([status, String(await readAll(body, 100))]).toEqual([200, 'here']);
    }
  });

  it.each(['http://2130706433', 'http://0x7f.1', 'http://017700000001', 'http://[::ffff:127.0.0.1]'])(
    'is known under another form of its address: %s',
    async (url) => {
      expect(callerOf({}).guard.mayBe(url)).toBe(false);
    },
  );

  it('whose name leads to this machine is not asked, were it for one question only', async () => {
    let asked = 0;
    const origin = await serve((_request, response) => {
      asked += 1;
      response.end();
    });
    const { port } = new URL(origin);
    const url = new URL(`http://rebinding.example:${port}/`);
    const caller = callerOf({ lookup: resolving(['127.0.0.1']) });
    await expect(caller.get(url)).rejects.toBeInstanceOf(RefusedAddressError);
    // What was checked is what is connected to, so there is no second question that could be answered otherwise.
    const guard = new SsrfGuard({ enabled: true, lookup: resolving(['8.8.8.8'], ['127.0.0.1']) });
    expect(await ask(guard.lookupOf(url), url.hostname, false)).toBe('8.8.8.8');
    await expect(ask(guard.lookupOf(url), url.hostname, false)).rejects.toBeInstanceOf(RefusedAddressError);
    expect(asked).toBe(0);
  });

  it('of several addresses is asked at those that are allowed', async () => {
    const guard = new SsrfGuard({ enabled: true, lookup: resolving(['10.0.0.1', '8.8.8.8', '::1']) });
    const url = new URL('http://several.example/');
    expect(await ask(guard.lookupOf(url), url.hostname, true)).toEqual([{ address: '8.8.8.8', family: 4 }]);
    expect(await guard.resolve(url)).toBe('8.8.8.8');
    expect(await ask(guard.peerLookup, url.hostname, true)).toHaveLength(2);
  });

  it('does not send on to this machine', async () => {
    let asked = 0;
    const inside = await serve((_request, response) => {
      asked += 1;
      response.end();
    });
    const outside = await serve((_request, response) => response.writeHead(302, { location: inside }).end());
    await expect(callerOf({ trusted: [outside] }).get(new URL(outside))).rejects.toBeInstanceOf(
      RefusedAddressError,
    );
    expect(asked).toBe(0);
    const both = callerOf({ trusted: [outside, inside] });
    expect((await both.get(new URL(outside))).status).toBe(200);
  });

  it('that redirects without an end is left', async () => {
    const origin = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    await expect(callerOf({ enabled: false }).get(new URL(origin))).rejects.toThrow('too often');
  });

  it('that packs its answer is read, within the limit for what it holds', async () => {
    const packed = gzipSync(Buffer.alloc(1_000_000));
    const origin = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
    );
    const caller = callerOf({ enabled: false });
    const whole = await caller.get(new URL(origin));
    expect(await readAll(whole.body, 2_000_000)).toHaveLength(1_000_000);
    const bomb = await caller.get(new URL(origin));
    await expect(readAll(bomb.body, 100_000)).rejects.toThrow('too long');
  });

  it('that has closed a kept connection is asked on another one', async () => {
    let asked = 0;
    const origin = await serve((request, response) => {
      asked += 1;
      response.end('x', () => {
        if (asked === 1) setImmediate(() => request.socket.resetAndDestroy());
      });
    });
    const caller = callerOf({ enabled: false });
    for (let n = 0; n < 3; n += 1) {
      const { body } = await caller.get(new URL(origin));
      expect(String(await readAll(body, 10))).toBe('x');
    }
  });
});
