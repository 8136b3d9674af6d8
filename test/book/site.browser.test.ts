import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLessons } from '../../lessons/kit/find-lessons.ts';
import { filesIn, pathFrom } from '../../lessons/kit/hash-files.ts';
import { hasBrowser, openBrowser, openPage, SIZES, type Size, setDark, violations } from './open-browser.ts';
import { type SiteServer, serveSite } from './site-server.ts';

const VITEPRESS = 'book/node_modules/vitepress/bin/vitepress.js';
const MINUTES = 60_000;

/** Runs a program; what it wrote is shown if it fails. */
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

// Needs a browser and the book's own packages: apt-get install chromium, npm ci --prefix book.
describe.skipIf(!hasBrowser || !existsSync(VITEPRESS))('the book in a browser', () => {
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

  describe.each(Object.keys(SIZES) as Size[])('on a %s', (size) => {
    it(
      'shows every page without an error or scrolling sideways, accessible in light and dark, every link leading somewhere',
      async () => {
        const found: string[] = [];
        const ids = new Map<string, Set<string>>();
        const links: { from: string; to: URL }[] = [];
        await inTwos(pagesOf(dist), async (path) => {
          const { context, page, problems } = await open(path, size);
          const { width, here, there } = await page.evaluate(() => {
            for (const details of document.querySelectorAll('details')) details.open = true;
            return {
              width: document.documentElement.scrollWidth,
              here: [...document.querySelectorAll('[id]')].map(({ id }) => id),
              there: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href),
            };
          });
          if (width > SIZES[size].width) problems.push(`is ${width} pixels wide`);
          if (here.length > new Set(here).size) problems.push('has the same id twice');
          problems.push(...(await violations(page)));
          await context.close();
          ids.set(path, new Set(here));
          links.push(...there.map((to) => ({ from: path, to: new URL(to) })));
          found.push(...problems.map((problem) => `${path} ${problem}`));
        });

        for (const { from, to } of links) {
          if (to.origin !== server.origin) continue;
          const there = ids.get(to.pathname.replace(/\/$/, '/index.html'));
          const anchor = decodeURIComponent(to.hash.slice(1));
          if (!there || (anchor !== '' && !there.has(anchor))) found.push(`${from} links to ${to.pathname}${to.hash}`);
        }
        expect(found).toEqual([]);
        expect(links.length).toBeGreaterThan(100);
      },
      10 * MINUTES,
    );

    it(
      'finds a word, and leads to where it stands',
      async () => {
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
      },
      MINUTES,
    );

    it.each(findLessons('lessons').map(({ name }) => name))(
      'shows every picture of lesson %s',
      async (name) => {
        const folder = `runs/book/lessons/${name}/${name}`;
        const drawn = existsSync(folder) ? readdirSync(folder).map((file) => file.replace('.svg', '')) : [];
        const { context, page } = await open(`/lessons/${name}.html`, size);
        const shown = await page.locator('.picture svg').evaluateAll((svgs) =>
          svgs.map((svg) => {
            const { width, height } = svg.getBoundingClientRect();
            return { name: svg.parentElement!.id.replace(/^picture-\d+-/, ''), visible: width > 200 && height > 50 };
          }),
        );
        expect(shown.map((picture) => picture.name).sort()).toEqual(drawn.sort());
        expect(shown.every(({ visible }) => visible)).toBe(true);
        await context.close();
      },
      MINUTES,
    );
  });

  it(
    'gives pictures the colours of the page, not of the system',
    async () => {
      const withPicture = pagesOf(dist).filter((path) => path.startsWith('/lessons/'));
      for (const path of withPicture) {
        const { context, page } = await open(path, 'desktop');
        const chart = page.locator('.picture .chart').first();
        const paper = () => chart.evaluate((svg) => getComputedStyle(svg).getPropertyValue('--paper'));
        if ((await chart.count()) > 0) {
          await setDark(page, false);
          const light = await paper();
          await setDark(page, true);
          expect([light, await paper()]).toEqual(['#ffffff', '#15191f']);
          return await context.close();
        }
        await context.close();
      }
      expect.fail('no lesson has a chart');
    },
    MINUTES,
  );

  it(
    'has menus on a phone that are accessible and lead to the lessons',
    async () => {
      const { context, page, problems } = await open('/lessons/01-the-configuration.html', 'phone');
      await page.locator('.VPLocalNav .menu').click();
      expect(await violations(page)).toEqual([]);
      await page.locator('.VPSidebar').getByText('7. Attention').click();
      await page.waitForURL('**/lessons/07-attention.html');
      await page.locator('.VPNavBarHamburger').click();
      expect(await violations(page)).toEqual([]);
      expect(problems).toEqual([]);
      await context.close();
    },
    MINUTES,
  );

  it(
    'works below a base path',
    async () => {
      const out = resolve('runs/book/below-base');
      run([VITEPRESS, 'build', 'book', '--outDir', out], { BOOK_BASE: '/project/' });
      const below = await serveSite(out, '/project/');
      for (const path of ['index.html', 'lessons/07-attention.html', 'reference/index.html']) {
        const { context, page, problems } = await openPage(browser, `${below.origin}/project/${path}`, 'desktop');
        const links = await page
          .locator('a[href]')
          .evaluateAll((all) => all.map((a) => new URL((a as HTMLAnchorElement).href).pathname));
        expect(links.filter((link) => !link.startsWith('/project/'))).toEqual([]);
        expect(problems).toEqual([]);
        await context.close();
      }
      below.close();
    },
    5 * MINUTES,
  );
});

/** Does `work` for every item, two at a time. */
async function inTwos<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
