import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { ClusterView } from '../../src/observability/view.ts';
import { type BrowserPage, Chromium } from '../servers/chromium.ts';
import { PageServer } from './page-server.ts';

/** One browser for all tests of a file. Yields a way to a new tab and a server of its own. */
export function inBrowser(): (clusters: readonly ClusterView[]) => Promise<{ readonly page: BrowserPage; readonly server: PageServer }> {
  let directory: string;
  let browser: Chromium;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'snap-browser-'));
    browser = await Chromium.start(directory);
  });
  afterAll(async () => {
    await browser?.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  return async (clusters) => {
    const server = await PageServer.start(clusters);
    onTestFinished(() => server.stop());
    return { page: await browser.newPage(), server };
  };
}

/** As if the reader came back to the tab: the page looks at once, not some seconds later. */
export async function lookNow(page: BrowserPage): Promise<void> {
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
}
