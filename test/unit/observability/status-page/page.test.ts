import { describe, expect, it } from 'vitest';
import { STATUS_PAGE_HEADERS, statusPageAssets } from '../../../../src/observability/status-page/assets.ts';
import { renderStatusPage } from '../../../../src/observability/status-page/page.ts';
import { ago, cluster, DENIED, destination, HOUR_MS, NOW, PROGRAM, round, schedule } from '../cluster-view.ts';

const plain = (text: string) => text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
const textOf = (...args: Parameters<typeof cluster>) => plain(renderStatusPage(PROGRAM, [cluster(...args)], NOW));

describe('the status page', () => {
  it('needs nothing that its own policy forbids', () => {
    const page = renderStatusPage(PROGRAM, [cluster({ round: { id: 'r', startedAt: NOW }, destinations: [destination('disk', { trouble: DENIED })] })], NOW);
    expect(page).not.toMatch(/\sstyle=|<style|\son[a-z]+=|javascript:/);
    expect([...page.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual(['<script src="page.js" defer>']);
    const wanted = [...page.matchAll(/(?:src|href)="([^#"][^"]*)"/g)].map(([, path]) => `/${path}`);
    expect(wanted.filter((path) => !statusPageAssets().has(path))).toEqual([]);
    expect(STATUS_PAGE_HEADERS['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
    expect(STATUS_PAGE_HEADERS['content-security-policy']).not.toContain('unsafe');
  });

  it('has each id once, and an icon for every verdict', () => {
    const page = renderStatusPage(PROGRAM, [cluster(), cluster()], NOW);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...statusPageAssets().keys()].filter((path) => path.startsWith('/icon-'))).toHaveLength(5);
  });

  it('tells in its title how the worst cluster does', () => {
    const failing = cluster({ name: 'prod-us', destinations: [destination('disk', { trouble: DENIED })] });
    const page = renderStatusPage(PROGRAM, [cluster(), failing], NOW);
    expect(page).toContain('<title>Failing · prod-eu, prod-us · vault-snapshotd</title>');
    expect(page).toContain('href="icon-failing.svg"');
  });

  it('says what is wrong, since when, and what to do', () => {
    expect(textOf({ destinations: [destination('s3', { trouble: DENIED })] })).toContain(
      'Failing s3: s3: backups/x.snap: AccessDenied since 2026-03-30 11:00:00Z, 60 min ago To do: give the key the right to create',
    );
  });

  it.each([
    { what: 'role and why', text: 'This node leader addr is this host, and it says it leads' },
    { what: 'the last round', text: 'Last round taken, 11 min ago 2026-03-30 11:48:20Z' },
    { what: 'the next round', text: 'Next round in 48 min 2026-03-30 12:48:00Z every 60 min' },
    { what: 'the life of the token', text: 'Token for Vault expires in 50 min 2026-03-30 12:50:00Z granted for 60 min' },
    { what: 'how Vault is', text: 'Vault 1.21.0, unsealed https://127.0.0.1:8200' },
    { what: 'the unseal keys', text: 'Unseal keys first seen 3 days ago 2026-03-27 12:00:00Z shamir, fingerprint 3fa9c1d03fa9' },
    { what: 'what is kept', text: 'Kept 3 snapshots 1.20 GB' },
  ])('tells $what', ({ text }) => {
    expect(textOf()).toContain(text);
  });

  it.each([
    { what: 'no cluster', text: plain(renderStatusPage(PROGRAM, [], NOW)), told: 'No cluster is known yet.' },
    {
      what: 'a destination not looked at',
      text: textOf({ destinations: [destination('disk', { snapshots: undefined })] }),
      told: 'What lies here is told as soon as it was looked at.',
    },
    {
      what: 'an empty destination',
      text: textOf({ destinations: [destination('disk', { snapshots: [] })], round: { id: 'r', startedAt: NOW } }),
      told: 'Kept 0 snapshots',
    },
    {
      what: 'a Vault not asked',
      text: textOf({ isReachable: false, role: 'unknown', schedules: [schedule({ lastAttemptAt: undefined })] }),
      told: 'Vault not asked yet',
    },
    { what: 'a standby', text: textOf({ role: 'standby', lastRound: undefined, history: [] }), told: 'none: the leader takes them' },
    { what: 'a certificate nobody verifies', text: textOf({ isTlsVerified: false }), told: 'certificate not verified' },
    {
      what: 'a failed reload',
      text: plain(renderStatusPage({ ...PROGRAM, isLastReloadGood: false }, [cluster()], NOW)),
      told: 'the configuration could not be read again',
    },
  ])('is honest about $what', ({ text, told }) => {
    expect(text).toContain(told);
  });

  it('shows how far a round is', () => {
    const page = renderStatusPage(
      PROGRAM,
      [
        cluster({
          round: { id: 'r', startedAt: ago(30_000) },
          spoolBytes: 100_000_000,
          destinations: [destination('s3', { state: 'tailing', bytes: 50_000_000 }), destination('disk', { state: 'committing' })],
        }),
      ],
      NOW,
    );
    expect(plain(page)).toContain('A round is running , begun 30 s ago: 100 MB of about 400 MB received from Vault');
    expect(page).toContain('<progress value="50000000" max="400000000" aria-label="Upload to s3">');
    expect(plain(page)).toContain('This round: making it visible, reading it back');
  });

  it('shows the last eight rounds, and more on demand', () => {
    const history = Array.from({ length: 60 }, (_, i) => round((60 - i) * HOUR_MS));
    const page = renderStatusPage(PROGRAM, [cluster({ history })], NOW);
    expect(page.split('class="outcome').length - 1).toBe(50);
    expect(page).toContain('<summary>42 more</summary>');
  });
});
