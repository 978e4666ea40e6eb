import { describe, expect, it } from 'vitest';
import { faultsOf, loadText, sound } from '../../config/load-text.ts';

const faults = (notify: object) => faultsOf(sound({ notify }));

describe('notify', () => {
  it('takes addresses as secrets, and shows none', async () => {
    const url = 'https://hc.example/e5c1';
    const { config, effective } = await loadText(sound({ notify: { healthchecks: url, ping_success: { env: 'PING' }, webhooks: [{ url, secret: 'k' }] } }));
    expect(await config.notify.healthchecks?.read()).toMatchObject({});
    expect((await config.notify.healthchecks?.read())?.reveal()).toBe(url);
    expect(config.notify.webhooks[0]?.events).toEqual(['taken', 'partial', 'failed', 'prune_failed', 'verify_failed', 'drill_failed']);
    const shown = effective.filter(({ key }) => key.startsWith('notify.')).map(({ key, shown }) => [key, shown]);
    expect(shown).toEqual([
      ['notify.healthchecks', '[secret] (literal)'],
      ['notify.ping_success', '[secret] (env PING)'],
      ['notify.webhooks', '[secret] (literal)'],
    ]);
  });

  it('takes one webhook without a list, and references everywhere', async () => {
    const hook = { url: { file: '/a' }, headers: { Authorization: { credential: 'b' } }, secret: { env: 'C' } };
    const { config, effective } = await loadText(sound({ notify: { webhooks: hook } }));
    expect(config.notify.webhooks[0]?.headers.Authorization?.origin).toBe('credential b');
    expect(effective.find(({ key }) => key === 'notify.webhooks')?.shown).toBe('[secret] (file /a), [secret] (env C), [secret] (credential b)');
  });

  it.each([
    [{ healthchecks: 'hc.example/x' }, 'notify.healthchecks: must be an address: '],
    [{ healthchecks: 'ftp://hc.example/x' }, 'write the whole address, from https://'],
    [{ ping_success: 'https://x/{cluser}' }, 'notify.ping_success: has an unknown field {cluser}, got [secret]: use {cluster}'],
    [{ webhooks: [] }, 'notify.webhooks: must be a list of {url, events, headers, secret}'],
    [{ webhooks: [{ url: 'https://x' }, {}] }, 'notify.webhooks: entry 2 has a wrong "url", got [secret]: '],
    [{ webhooks: ['https://x'] }, 'entry 1 must be an object'],
    [{ webhooks: [{ url: 'https://x', event: ['failed'] }] }, 'entry 1 has an unknown key "event"'],
    [{ webhooks: [{ url: 'https://x', events: ['broken'] }] }, 'entry 1 has wrong "events"'],
    [{ webhooks: [{ url: 'https://x', events: [] }] }, 'entry 1 has wrong "events"'],
    [{ webhooks: [{ url: 'https://x', secret: '' }] }, 'entry 1 has a wrong "secret"'],
    [{ webhooks: [{ url: 'https://x', headers: { 'content-length': '3' } }] }, 'entry 1 has wrong "headers"'],
    [{ webhooks: [{ url: 'https://x', headers: { 'a b': 'c' } }] }, 'entry 1 has wrong "headers"'],
    [{ webhooks: [{ url: 'https://x', headers: { A: 'b\r\nc' } }] }, 'entry 1 has wrong "headers"'],
    [{ pings: {} }, 'notify.pings: unknown key'],
  ])('refuses %j', async (notify, fault) => {
    expect(await faults(notify)).toEqual([expect.stringContaining(fault)]);
  });

  it('warns of an address that others can read on the way, but not of one on this host', async () => {
    const { config } = await loadText(
      sound({ notify: { healthchecks: 'http://hc.example/x', ping_start: 'http://127.0.0.1:9/x', webhooks: [{ url: 'http://a' }] } }),
    );
    expect(config.warnings).toEqual([expect.stringMatching(/^notify\.healthchecks: plain http/), expect.stringMatching(/^notify\.webhooks: plain http/)]);
  });
});
