import { describe, expect, it } from 'vitest';
import { until } from '../servers/wait.ts';
import { ago, cluster, PROGRAM } from '../unit/observability/cluster-view.ts';
import { SCENES } from './scenes.ts';
import { inBrowser, lookNow } from './tab.ts';

const WORD = "document.querySelector('.word').textContent";
const LOST = "document.getElementById('lost').hidden ? '' : document.getElementById('lost').textContent";
const newTab = inBrowser();

describe('the status page, live', () => {
  it('follows what the daemon says, and leaves alone what the reader did', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.resize(800, 600);
    await page.open(server.url);
    await page.evaluate(`(() => {
      document.getElementById('c0-d1-days').open = true;
      document.querySelector('#c0-d1-days summary').focus();
      window.kept = document.getElementById('c0-d1');
      scrollTo(0, 900);
    })()`);
    server.clusters = SCENES.denied;
    await lookNow(page);
    await until('the new verdict', async () => (await page.evaluate(WORD)) === 'Failing');
    const after = await page.evaluate(`({
      open: [...document.querySelectorAll('details[open]')].map(({ id }) => id),
      focus: document.activeElement.parentElement.id,
      isKept: window.kept === document.getElementById('c0-d1'),
      isNear: Math.abs(document.getElementById('c0-d1').getBoundingClientRect().top) < 2000 && scrollY >= 900,
      title: document.title,
      icon: document.querySelector('link[rel=icon]').getAttribute('href'),
    })`);
    expect(after).toEqual({
      open: ['c0-d1-days'],
      focus: 'c0-d1-days',
      isKept: true,
      isNear: true,
      title: 'Failing · prod-eu · vault-snapshotd',
      icon: 'icon-failing.svg',
    });
    expect(page.complaints).toEqual([]);
  });

  it('comes to be exactly what was served, whatever stood there before', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.open(server.url);
    for (const scene of [SCENES.running, SCENES.started, SCENES.several, SCENES.empty, SCENES.twelve, SCENES.failing]) {
      server.clusters = scene;
      await lookNow(page);
      await until('the page to be as served', () =>
        page.evaluate(
          `fetch('/').then((answer) => answer.text()).then((text) => new DOMParser().parseFromString(text, 'text/html').getElementById('live').outerHTML === document.getElementById('live').outerHTML)`,
        ),
      );
    }
    expect(page.complaints).toEqual([]);
  });

  it('says when the daemon no longer answers, and takes it back when it does', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.open(server.url);
    expect(await page.evaluate(LOST)).toBe('');
    server.status = 503;
    await lookNow(page);
    const said = await until('the alarm', async () => (await page.evaluate<string>(LOST)) || false);
    expect(said).toMatch(/^vault-snapshotd does not answer since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\. .* status 503/);
    expect(await page.evaluate('[document.title, document.querySelector("#lost [role=alert]") !== null]')).toEqual([
      'No answer · All good · prod-eu · vault-snapshotd',
      true,
    ]);
    server.status = 200;
    await lookNow(page);
    await until('the all-clear', async () => (await page.evaluate(LOST)) === '');
    expect(await page.evaluate('document.title')).toBe('All good · prod-eu · vault-snapshotd');
  });

  it('says so when nobody is there at all', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.open(server.url);
    await server.stop();
    await lookNow(page);
    expect(await until('the alarm', async () => (await page.evaluate<string>(LOST)) || false)).toContain('does not answer since');
    // What was good is not said to be so any more.
    expect(await page.evaluate("getComputedStyle(document.querySelector('.word')).textDecorationLine")).toBe('line-through');
  });

  it('loads itself anew when another version of the daemon answers', async () => {
    const { page, server } = await newTab([cluster()]);
    await page.open(server.url);
    await page.evaluate('window.isOld = true');
    server.program = { ...PROGRAM, version: '9.9.9', startedAt: ago(0) };
    await lookNow(page);
    await until('the new page', () => page.evaluate("window.isOld === undefined && document.querySelector('footer')?.textContent.includes('9.9.9')"));
  });

  it('looks by itself every few seconds', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.open(server.url);
    server.clusters = SCENES.stale;
    await until('the new verdict', async () => (await page.evaluate(WORD)) === 'Stale', 20_000);
  });
});
