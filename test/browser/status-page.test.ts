import { describe, expect, it } from 'vitest';
import type { ClusterView } from '../../src/observability/view.ts';
import { cluster, DENIED, destination, round } from '../unit/observability/cluster-view.ts';
import { SCENES } from './scenes.ts';
import { inBrowser } from './tab.ts';

const newTab = inBrowser();
const ALL: readonly { readonly name: string; readonly clusters: readonly ClusterView[] }[] = Object.entries(SCENES).map(([name, clusters]) => ({
  name,
  clusters,
}));

const EVIL = '"><img src=x onerror=alert(1)><script>alert(1)</script>\u202etxt.exe';
const HOSTILE = cluster({
  name: EVIL,
  roleReason: EVIL,
  vaultAddress: `https://${'x'.repeat(200)}${EVIL}`,
  vaultVersion: EVIL,
  destinations: [destination(EVIL, { location: `/${'very-long-name-without-end'.repeat(9)}${EVIL}`, trouble: { ...DENIED, message: EVIL, advice: EVIL } })],
  history: [round(60_000, { outcome: 'partial', missed: [EVIL], trouble: { ...DENIED, message: EVIL } })],
});

/** The least contrast of any text against what lies behind it, and whose that is. */
const LEAST_CONTRAST = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, alpha = 1] = parse(getComputedStyle(one).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [...document.body.querySelectorAll('*')]
    .filter((one) => !one.closest('svg') && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((one) => {
      const pair = [light(parse(getComputedStyle(one).color).slice(0, 3)), light(behind(one))].sort((a, b) => b - a);
      return { ratio: (pair[0] + 0.05) / (pair[1] + 0.05), text: one.className + ': ' + one.textContent.slice(0, 40) };
    });
  return { count: found.length, ...found.sort((a, b) => a.ratio - b.ratio)[0] };
})()`;

describe('the status page in a browser', () => {
  it.each(ALL)('loads nothing from elsewhere and breaks no rule of its own: $name', async ({ clusters }) => {
    const { page, server } = await newTab(clusters);
    await page.open(server.url);
    expect(page.complaints).toEqual([]);
    expect(page.requests).toContain(`${server.url}page.css`);
    expect(page.requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
    // The style was applied, not only fetched.
    expect(await page.evaluate("getComputedStyle(document.querySelector('.verdict')).display")).toBe('flex');
  });

  it.each([...ALL, { name: 'hostile', clusters: [HOSTILE] }])('is no wider than a phone: $name', async ({ clusters }) => {
    const { page, server } = await newTab(clusters);
    await page.resize(360, 740);
    await page.open(server.url);
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it.each(ALL)('can be read, dark and light: $name', async ({ clusters }) => {
    const { page, server } = await newTab(clusters);
    await page.open(server.url);
    await page.evaluate("document.getElementById('lost').hidden = false; document.querySelector('#lost p').textContent = 'x'");
    for (const scheme of ['dark', 'light'] as const) {
      await page.prefer(scheme);
      const least = await page.evaluate<{ readonly ratio: number; readonly text: string; readonly count: number }>(LEAST_CONTRAST);
      expect(least.count).toBeGreaterThan(20);
      expect(least.ratio, least.text).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('follows what the reader prefers, dark or light', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.open(server.url);
    const background = async (scheme: 'dark' | 'light') => {
      await page.prefer(scheme);
      return page.evaluate('getComputedStyle(document.body).backgroundColor');
    };
    expect(await background('dark')).not.toBe(await background('light'));
  });

  it('says all there is to say without scripts, and loads itself again', async () => {
    const { page, server } = await newTab(SCENES.denied);
    await page.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.open(server.url);
    const seen = await page.evaluate<string>('document.body.innerText');
    for (const text of ['Failing', 's3-frankfurt: s3: acme-vault-snapshots: AccessDenied', 'To do:', 'Day by day', '2026-03-30 11:48:00Z'])
      expect(seen).toContain(text);
    expect(await page.evaluate("document.querySelector('noscript > meta[http-equiv=refresh]')?.content")).toBe('15');
    expect(page.complaints).toEqual([]);
  });

  it('shows hostile names as the text they are', async () => {
    const { page, server } = await newTab([HOSTILE]);
    await page.open(server.url);
    expect(page.complaints).toEqual([]);
    expect(await page.evaluate('document.querySelectorAll(\'img, script:not([src="page.js"]), [onerror]\').length')).toBe(0);
    const shown = EVIL.replace('\u202e', '\\u202e');
    expect(await page.evaluate("[document.querySelector('h2').textContent, document.querySelector('h3').textContent]")).toEqual([shown, shown]);
    expect(await page.evaluate("document.documentElement.outerHTML.includes('\\u202e')")).toBe(false);
  });

  it('tells its parts to those who hear it', async () => {
    const { page, server } = await newTab(SCENES.several);
    await page.open(server.url);
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    const { nodes } = await page.send('Accessibility.getFullAXTree');
    const parts = (nodes as readonly { readonly role?: { readonly value: string }; readonly name?: { readonly value: string } }[]).map(({ role, name }) => ({
      role: role?.value,
      name: name?.value ?? '',
    }));
    const named = (wanted: string) => parts.filter(({ role }) => role === wanted).map(({ name }) => name);
    for (const landmark of ['banner', 'main', 'contentinfo']) expect(named(landmark)).toHaveLength(1);
    expect(named('navigation')).toEqual(['Clusters']);
    expect(named('region')).toEqual(['prod-eu', 'prod-us']);
    expect(named('status')).toHaveLength(2);
    expect(named('table').every((name) => name !== '')).toBe(true);
    expect(named('image').length).toBe(7);
    expect(named('image')).toContain(
      'Last 30 days: 702 snapshots, 701 proved, 30 verified again, 6 rounds missed, longest time between two of them 7 h, until 2026-03-22 04:48:00Z',
    );
    expect(named('image').every((name) => /^(Last 30 days|Size of the snapshots)/.test(name))).toBe(true);
    expect(named('columnheader').length).toBeGreaterThan(20);
  });

  it('is used with the keyboard alone', async () => {
    const { page, server } = await newTab(SCENES.healthy);
    await page.open(server.url);
    const press = async (key: string, code: number, text?: string) => {
      for (const type of ['keyDown', 'keyUp'])
        await page.send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: code, ...(text && type === 'keyDown' ? { text } : {}) });
    };
    await press('Tab', 9);
    expect(await page.evaluate('[document.activeElement.localName, getComputedStyle(document.activeElement).outlineStyle]')).toEqual(['summary', 'solid']);
    await press('Enter', 13, '\r');
    expect(await page.evaluate("document.getElementById('c0-d0-days').open")).toBe(true);
  });
});
