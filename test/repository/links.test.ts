/** Links of the documentation lead somewhere. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inRepository, repositoryFiles } from '../support/repository.ts';

const pages = repositoryFiles().filter((path) => path.endsWith('.md') && !path.includes('/templates/'));

/** Without code, in which brackets are no links. */
const prose = (page: string): string =>
  readFileSync(inRepository(page), 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`(?!\])/g, '');

/** The names that a page gives to its headings, as code hosts do. */
function anchors(page: string): ReadonlySet<string> {
  const text = readFileSync(inRepository(page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function broken(page: string): readonly string[] {
  const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
    if (!existsSync(inRepository(target))) return true;
    const isPage = target.endsWith('.md') && statSync(inRepository(target)).isFile();
    return anchor !== undefined && isPage && !anchors(target).has(anchor);
  });
}

describe('links in pages', () => {
  it('are looked at', () => {
    expect(pages.length).toBeGreaterThan(10);
    expect(broken('test/repository/links.fixture.md')).toEqual(['none.md', 'links.fixture.md#none']);
  });

  it.each(pages.filter((page) => !page.includes('.fixture.')))('%s', (page) => {
    expect(broken(page)).toEqual([]);
  });
});
