import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // Only this machine can be reached. A request to another host fails, and the failure is reported.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
export type Size = keyof typeof SIZES;

export const hasBrowser = existsSync(CHROMIUM);

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

export interface OpenPage {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything that has gone wrong on the page so far. */
  readonly problems: string[];
}

/** Opens a page, and waits until it is ready. */
export async function openPage(browser: Browser, url: string, size: Size): Promise<OpenPage> {
  const opened = await openTab(browser, size);
  await visit(opened.page, url);
  return opened;
}

/** Opens an empty page. */
export async function openTab(browser: Browser, size: Size): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: 'light', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => {
    // Prefetching is aborted when the next page is opened.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') problems.push(`failed: ${request.url()}: ${reason}`);
  });
  page.on('response', (response) => {
    if (!response.ok()) problems.push(`${response.status()}: ${response.url()}`);
  });
  return { context, page, problems };
}

/** Loads another page in the same tab and waits until it is ready. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!);
  await page.evaluate(async () => {
    await document.fonts.ready;
  });
  // Fading colours would be measured half-way.
  await page.addStyleTag({
    content: '*, ::before, ::after { transition: none !important; animation: none !important; }',
  });
  // Its value, a large object, would be sent here.
  await page.evaluate(`${axe.source}; undefined`);
}

export async function setDark(page: Page, dark: boolean): Promise<void> {
  await page.evaluate((on) => document.documentElement.classList.toggle('dark', on), dark);
}

/** Rules about colours, which take more time than all others together. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe finds in a page: in its structure and, in light and in dark, in its colours, unless these are the same as elsewhere. */
export async function violations(page: Page, { colours = true } = {}): Promise<string[]> {
  if (!colours) {
    const rules = Object.fromEntries(COLOURS.map((rule) => [rule, { enabled: false }]));
    return violationsOf(page, 'structure', { rules });
  }
  const light = await violationsOf(page, 'light', {});
  await setDark(page, true);
  const dark = await violationsOf(page, 'dark', { runOnly: COLOURS });
  await setDark(page, false);
  return [...light, ...dark];
}

async function violationsOf(page: Page, what: string, rules: axe.RunOptions): Promise<string[]> {
  const { violations } = await page.evaluate((options) => {
    const inPage = (globalThis as unknown as { axe: typeof axe }).axe;
    return inPage.run(document, { resultTypes: ['violations'], ...options });
  }, rules);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${what}: ${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
