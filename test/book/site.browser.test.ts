import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesIn, pathFrom } from '../../lessons/kit/hash-files.ts';
import {
  hasBrowser,
  type OpenPage,
  openBrowser,
  openPage,
  openTab,
  SIZES,
  type Size,
  setDark,
  violations,
  visit,
} from './open-browser.ts';
import { type SiteServer, serveSite } from './site-server.ts';

const VITEPRESS = 'book/node_modules/vitepress/bin/vitepress.js';
const MINUTES = 60_000;

/** Runs a program. If it fails, the error shows what it wrote. */
function run(args: readonly string[], env: Record<string, string> = {}): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
}

function pagesOf(dist: string): string[] {
  const paths = filesIn(dist).map((file) => `/${pathFrom(dist, file)}`);
  return paths.filter((path) => path.endsWith('.html'));
}

/** The names of the pictures that the lesson of a page drew. */
function drawnFor(page: string): string[] {
  const name = /^\/lessons\/(.*)\.html$/.exec(page)?.[1];
  const files = name === undefined ? [] : filesIn(`runs/book/lessons/${name}/${name}`);
  return files.map((file) => basename(file, '.svg'));
}

/** The contents of a page with everything unfolded. */
function survey() {
  for (const details of document.querySelectorAll('details')) details.open = true;
  return {
    width: document.documentElement.scrollWidth,
    ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href),
    pictures: [...document.querySelectorAll('.picture svg')].map((svg) => {
      const { width, height } = svg.getBoundingClientRect();
      return { name: svg.parentElement!.id.replace(/^picture-\d+-/, ''), visible: width > 200 && height > 50 };
    }),
  };
}

// Needs a browser and the book's own packages: apt-get install chromium, npm ci --prefix book.
describe.skipIf(!hasBrowser || !existsSync(VITEPRESS))('the book in a browser', { timeout: 10 * MINUTES }, () => {
  const dist = resolve('book/dist');
  let server: SiteServer;
  let browser: Browser;

  beforeAll(async () => {
    run(['--import', 'tsx', 'book/build/main.ts']);
    server = await serveSite(dist);
    browser = await openBrowser();
  }, 15 * MINUTES);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const open = (path: string, size: Size) => openPage(browser, `${server.origin}${path}`, size);

  it('shows every page, on a phone and on a desktop: no errors, no scrolling sideways, accessible, all pictures, no dead links', async () => {
    const found: string[] = [];
    const idsOf = new Map<string, Set<string>>();
    const allLinks: { from: string; to: URL }[] = [];
    const kindOf = (path: string) => path.split('/')[1];
    const isFirstOfKind = (path: string) => pagesOf(dist).find((page) => kindOf(page) === kindOf(path)) === path;
    await inTwos(browser, pagesOf(dist), async (path, { page, problems }) => {
      await page.setViewportSize(SIZES.phone);
      await visit(page, `${server.origin}${path}`);
      for (const [size, { width, height }] of Object.entries(SIZES)) {
        await page.setViewportSize({ width, height });
        const shown = await page.evaluate(survey);
        if (shown.width > width) problems.push(`is ${shown.width} pixels wide on a ${size}`);
        if (shown.ids.length > new Set(shown.ids).size) problems.push('has the same id twice');
        for (const name of drawnFor(path)) {
          if (!shown.pictures.some((picture) => picture.name === name && picture.visible))
            problems.push(`lacks picture ${name} on a ${size}`);
        }
        // A wide screen adds menus with colours of their own, which are the same on all pages of a kind.
        const colours = size === 'phone' || isFirstOfKind(path);
        problems.push(...(await violations(page, { colours })).map((violation) => `on a ${size}: ${violation}`));
        idsOf.set(path, new Set(shown.ids));
        allLinks.push(...shown.links.map((to) => ({ from: path, to: new URL(to) })));
      }
      found.push(...problems.splice(0).map((problem) => `${path} ${problem}`));
    });

    for (const { from, to } of allLinks) {
      if (to.origin !== server.origin) continue;
      const there = idsOf.get(to.pathname.replace(/\/$/, '/index.html'));
      const anchor = decodeURIComponent(to.hash.slice(1));
      if (!there || (anchor !== '' && !there.has(anchor))) found.push(`${from} links to ${to.pathname}${to.hash}`);
    }
    expect(found).toEqual([]);
    // There was something to check.
    expect(allLinks.length).toBeGreaterThan(100);
    expect(pagesOf(dist).flatMap(drawnFor).length).toBeGreaterThan(5);
  });

  it.each(Object.keys(SIZES) as Size[])('finds a word, and leads to where it stands, on a %s', async (size) => {
    const { context, page, problems } = await open('/', size);
    await page.locator('.DocSearch-Button').click();
    await page.locator('.search-input').fill('softmax');
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.locator('.VPLocalSearchBox .result').first().click();
    await page.locator('.VPDoc').waitFor();
    expect(await page.locator('main').innerText()).toMatch(/softmax/i);
    expect(problems).toEqual([]);
    await context.close();
  });

  it('gives pictures the colours of the page, not of the system', async () => {
    const path = pagesOf(dist).find((page) => drawnFor(page).length > 0)!;
    const { context, page } = await open(path, 'desktop');
    const chart = page.locator('.picture .chart').first();
    const papers: string[] = [];
    for (const dark of [false, true]) {
      await setDark(page, dark);
      papers.push(await chart.evaluate((svg) => getComputedStyle(svg).getPropertyValue('--paper')));
    }
    expect(papers).toEqual(['#ffffff', '#15191f']);
    await context.close();
  });

  it('has menus on a phone that are accessible and lead to the lessons', async () => {
    const { context, page, problems } = await open('/lessons/02-the-configuration.html', 'phone');
    await page.locator('.VPLocalNav .menu').click();
    expect(await violations(page)).toEqual([]);
    await page.locator('.VPSidebar').getByText('9. Attention').click();
    await page.waitForURL('**/lessons/09-attention.html');
    await page.locator('.VPNavBarHamburger').click();
    expect(await violations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await context.close();
  });

  it('works below a base path', async () => {
    const out = resolve('runs/book/below-base');
    run([VITEPRESS, 'build', 'book', '--outDir', out], { BOOK_BASE: '/project/' });
    const below = await serveSite(out, '/project/');
    for (const path of ['index.html', 'lessons/09-attention.html', 'reference/index.html']) {
      const { context, page, problems } = await openPage(browser, `${below.origin}/project/${path}`, 'desktop');
      const { links } = await page.evaluate(survey);
      expect(links.filter((link) => !new URL(link).pathname.startsWith('/project/'))).toEqual([]);
      expect(problems).toEqual([]);
      await context.close();
    }
    below.close();
  });
});

/** Does `work` for every path, two at a time, each of them in a tab of its own. */
async function inTwos(
  browser: Browser,
  paths: readonly string[],
  work: (path: string, tab: OpenPage) => Promise<void>,
): Promise<void> {
  const queue = [...paths];
  const worker = async () => {
    const tab = await openTab(browser, 'phone');
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) await work(path, tab);
    await tab.context.close();
  };
  await Promise.all([worker(), worker()]);
}
