import type { SourceContribution } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { routeUri, type SourceDeclaration, schemeOf } from '../../../host/src/plugins/routing.ts';

const declare = (contribution: SourceContribution, builtin = false): SourceDeclaration => ({
  plugin: `plugin-${contribution.id}`,
  builtin,
  contribution,
});

const files = declare({ id: 'files', schemes: ['file', 'http', 'https'], extensions: ['m3u'] }, true);
const any = declare({ id: 'any', schemes: ['*'] });
const torrent = declare({ id: 'torrent', schemes: ['magnet'], extensions: ['torrent'] });
const bytes = declare({
  id: 'bytes',
  schemes: ['magnet', 'infohash'],
  prefixes: ['data:application/x-bittorrent'],
});
const torrentFiles = declare({ id: 'torrent-files', extensions: ['torrent'] });
const imdb = declare({ id: 'imdb', prefixes: ['tt'] });
const web = declare({ id: 'web', schemes: ['http', 'https'] });

const ids = (
  uri: string,
  declarations: readonly SourceDeclaration[],
  routing?: Record<string, string>,
): readonly string[] => routeUri(uri, declarations, routing).map(({ source }) => source);

describe('the scheme of an address', () => {
  it.each([
    ['https://a.example/b', 'https'],
    ['MAGNET:?xt=urn:btih:0', 'magnet'],
    ['/films/a.mkv', 'file'],
    ['C:\\films\\a.mkv', 'file'],
    ['film.mkv', 'file'],
    ['file:///a', 'file'],
  ])('%s', (uri, scheme) => expect(schemeOf(uri)).toBe(scheme));
});

describe('routing', () => {
  it('takes the most specific declaration: prefix, extension, scheme, any', () => {
    const all = [any, files, torrentFiles, imdb];
    expect(ids('tt0111161', all)).toEqual(['imdb', 'files', 'any']);
    expect(ids('/a/b.torrent', all)).toEqual(['torrent-files', 'files', 'any']);
    expect(ids('/a/b.mkv', all)).toEqual(['files', 'any']);
    expect(ids('gopher://a', all)).toEqual(['any']);
  });

  it('knows a source by the type of what an address holds, however long it is', () => {
    const address = `data:application/x-bittorrent;base64,${'QUJD'.repeat(700_000)}`;
    expect(ids(address, [any, files, bytes])).toEqual(['bytes', 'any']);
    expect(ids('data:video/mp4;base64,QUJD', [any, files, bytes])).toEqual(['any']);
    expect(ids(`infohash:${'a'.repeat(40)}`, [files, bytes])).toEqual(['bytes']);
  });

  it('counts an extension in files and on the web, unless the source names one of these schemes itself', () => {
    expect(ids('https://a.example/b.torrent?c=d', [web, torrent])).toEqual(['torrent', 'web']);
    expect(ids('/b.torrent', [torrent])).toEqual(['torrent']);
    expect(ids('ftp://a.example/b.torrent', [torrent])).toEqual([]);
    const remote = declare({ id: 'remote', schemes: ['https'], extensions: ['torrent'] });
    expect(ids('https://a.example/b.TORRENT?c=d.mkv#e', [web, remote])).toEqual(['remote', 'web']);
    expect(ids('/b.torrent', [remote])).toEqual([]);
    expect(ids('https://a.example/?b.torrent', [web, remote])).toEqual(['web', 'remote']);
  });

  it('among equals takes what the config says, then built-in, then the order given', () => {
    expect(ids('http://a', [web, files])).toEqual(['files', 'web']);
    expect(ids('http://a', [web, files], { http: 'web' })).toEqual(['web', 'files']);
    expect(ids('/b.torrent', [torrent, torrentFiles], { '.torrent': 'torrent-files' })).toEqual([
      'torrent-files',
      'torrent',
    ]);
    const second = declare({ id: 'imdb-two', prefixes: ['tt'] });
    expect(ids('tt1', [imdb, second])).toEqual(['imdb', 'imdb-two']);
    expect(ids('tt1', [imdb, second], { 'tt*': 'imdb-two' })).toEqual(['imdb-two', 'imdb']);
  });

  it('does not let the config put a less specific one first', () => {
    expect(ids('/a/b.torrent', [files, torrentFiles], { file: 'files' })).toEqual(['torrent-files', 'files']);
  });

  it('says why', () => {
    expect(routeUri('magnet:?x', [torrent, any])).toEqual([
      { plugin: 'plugin-torrent', source: 'torrent', because: 'scheme:magnet' },
      { plugin: 'plugin-any', source: 'any', because: 'scheme:*' },
    ]);
    expect(routeUri('tt1', [imdb])[0]?.because).toBe('prefix:tt');
    expect(routeUri('/a.m3u', [files])[0]?.because).toBe('extension:m3u');
  });

  it('gives nothing when nobody answers', () => {
    expect(ids('gopher://a', [files, torrent])).toEqual([]);
    expect(ids('not%a%url:\\', [torrent])).toEqual([]);
  });
});
