import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../../src/errors.ts';
import { WebReceiver } from '../../../fakes/web-receiver.ts';
import { aNotifier, began, ended, FOLLOWS, LEADS, partial, SNAPSHOT, taken } from './scene.ts';

const UNKNOWN = ended({ outcome: 'failed', stage: 'leadership', error: new SnapshotError('vault_sealed', 'vault: sealed'), missed: [] });
const CUT = ended({ outcome: 'failed', stage: 'drain', error: new SnapshotError('vault_cut', 'vault: cut off'), missed: [] });

describe('a check of Healthchecks', () => {
  it('hears of start and success with the id of the round, and what was delivered', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell, told } = await aNotifier({ healthchecks: `${web.address}/uuid?create=1` });
    tell(LEADS, began(), ended(taken('local', 'aws')));
    await notifier.close();
    expect(web.lines).toEqual(['POST /uuid/start?create=1&rid=r1', 'POST /uuid?create=1&rid=r1']);
    expect(web.received[1]?.body).toBe('taken: cluster prod, from vault-0\nraft_snapshot-1.snap, 2048 bytes, index 7, is at local, aws');
    expect(told).toEqual([
      { kind: 'pinged', ok: true },
      { kind: 'pinged', ok: true },
    ]);
  });

  it('hears of a failure with its code, its words and what to do', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid/` });
    tell(LEADS, CUT);
    await notifier.close();
    expect(web.lines).toEqual(['POST /uuid/fail?rid=r1']);
    expect(web.received[0]?.body).toBe(
      'failed: cluster prod, from vault-0\nvault: cut off (vault_cut)\nhint: the connection ended before the archive did: look at the log of Vault and at proxies in between',
    );
  });

  it('hears of a destination that missed the snapshot as of a failure, by name', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid` });
    tell(LEADS, ended(partial('local', 'aws')));
    await notifier.close();
    expect(web.lines).toEqual(['POST /uuid/fail?rid=r1']);
    expect(web.received[0]?.body).toContain('aws: aws: bucket: AccessDenied (storage_denied)');
  });

  it('hears of no success while a destination of another schedule still lacks what it missed', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid` });
    tell(LEADS, ended(partial('local', 'aws'), 'r1'), ended(taken('local'), 'r2'), ended(taken('aws'), 'r3'));
    await notifier.close();
    expect(web.lines).toEqual(['POST /uuid/fail?rid=r1', 'POST /uuid/fail?rid=r2', 'POST /uuid?rid=r3']);
  });

  it('forgets what a destination lacks once another node leads', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid` });
    tell(LEADS, ended(partial('local', 'aws'), 'r1'), FOLLOWS, LEADS, ended(taken('local'), 'r2'));
    await notifier.close();
    expect(web.lines).toEqual(['POST /uuid/fail?rid=r1', 'POST /uuid?rid=r2']);
  });

  it.each([
    { seen: [LEADS, UNKNOWN], pings: 1 },
    { seen: [LEADS, FOLLOWS, UNKNOWN], pings: 0 },
    { seen: [UNKNOWN], pings: 0 },
  ])('hears that nobody leads from the one that led last only: $pings', async ({ seen, pings }) => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid` });
    tell(...seen);
    await notifier.close();
    expect(web.received).toHaveLength(pings);
  });

  it.each([
    ended({ outcome: 'standby', reason: 'another leads' }),
    ended({ outcome: 'not_due' }),
    ended({ outcome: 'failed', stage: 'drain', error: new SnapshotError('stopped', 'stopped by SIGTERM'), missed: [] }),
    ended({ outcome: 'failed', stage: 'drain', error: new SnapshotError('stopped_int', 'stopped by SIGINT'), missed: [] }),
  ])('hears nothing of a standby, an early look or a stop: %#', async (event) => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid` });
    tell(LEADS, event);
    await notifier.close();
    expect(web.received).toEqual([]);
  });

  it('gets a long text cut at a whole character', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ healthchecks: `${web.address}/uuid` });
    tell(LEADS, ended({ outcome: 'failed', stage: 'drain', error: new SnapshotError('vault_cut', 'é'.repeat(20_000)), missed: [] }));
    await notifier.close();
    const body = web.received[0]?.body ?? '';
    expect(Buffer.byteLength(body)).toBe(9_999);
    expect(body.endsWith('é')).toBe(true);
  });
});

describe('templates of addresses', () => {
  it('are filled with what the round was, each field encoded', async () => {
    const web = await WebReceiver.start();
    const query = 'c={cluster}&r={round_id}&o={outcome}&e={code}&m={message}';
    const { notifier, tell } = await aNotifier(
      { ping_start: `${web.address}/s?${query}`, ping_success: `${web.address}/ok?${query}`, ping_failure: `${web.address}/no?${query}` },
      { clusterName: 'a/b&c' },
    );
    tell(LEADS, began(), ended(taken('local')), CUT);
    await notifier.close();
    expect(web.lines).toEqual([
      'GET /s?c=a%2Fb%26c&r=r1&o=started&e=ok&m=OK',
      'GET /ok?c=a%2Fb%26c&r=r1&o=taken&e=ok&m=OK',
      'GET /no?c=a%2Fb%26c&r=r1&o=failed&e=vault_cut&m=vault%3A%20cut%20off',
    ]);
  });

  it('are asked for only where there is one', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell, told } = await aNotifier({ ping_success: `${web.address}/ok` });
    tell(LEADS, began(), CUT, ended(taken('local')));
    await notifier.close();
    expect(web.lines).toEqual(['GET /ok']);
    expect(told).toHaveLength(1);
  });
});

describe('a webhook', () => {
  it('gets every field, signed, with its own headers', async () => {
    const web = await WebReceiver.start();
    const hook = { url: `${web.address}/hook`, secret: 'key', headers: { Authorization: 'Bearer abc' } };
    const { notifier, tell, told } = await aNotifier({ webhooks: [hook] });
    tell({ kind: 'cluster', id: 'c1', name: 'vault-cluster-1', version: '1.21.0' }, LEADS, ended(partial('local', 'aws')));
    await notifier.close();
    const [{ headers, body } = { headers: {}, body: '' }] = web.received;
    expect(JSON.parse(body)).toEqual({
      id: 'news-1',
      event: 'partial',
      at: '2026-03-01T12:00:00.000Z',
      cluster: 'prod',
      cluster_id: 'c1',
      node: 'vault-0',
      round_id: 'r1',
      text: expect.stringContaining('partial: cluster prod, from vault-0\naws: '),
      faults: [
        {
          destination: 'aws',
          code: 'storage_denied',
          message: 'aws: bucket: AccessDenied',
          advice: 'give the user or key of this destination the right to create, read, list and delete',
        },
      ],
      report: {
        outcome: 'partial',
        snapshot: SNAPSHOT,
        delivered: [{ destination: 'local', location: '/srv/local', key: 'k', size: 2048, ms: 5 }],
        missed: [{ destination: 'aws', code: 'storage_denied', message: 'aws: bucket: AccessDenied' }],
        pruned: [],
      },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer abc',
      'x-vault-snapshotd-event': 'partial',
      'x-vault-snapshotd-signature': `sha256=${createHmac('sha256', 'key').update(body).digest('hex')}`,
    });
    expect(told).toEqual([]);
  });

  it('gets only the events it wants', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({
      webhooks: [{ url: `${web.address}/few`, events: ['started', 'verify_failed'] }, { url: `${web.address}/most` }],
    });
    const error = new SnapshotError('archive_corrupt', 'a.snap: not whole');
    tell(LEADS, began(), ended(taken('local')));
    tell({ kind: 'verified', destination: 'aws', name: 'a.snap', error: undefined });
    tell({ kind: 'verified', destination: 'aws', name: 'a.snap', error });
    tell({ kind: 'prune_failed', destination: 'aws', error }, { kind: 'drilled', level: 'unsealed', seconds: 3, error });
    await notifier.close();
    const of = (path: string) => web.received.filter(({ url }) => url === path).map(({ headers }) => headers['x-vault-snapshotd-event']);
    expect(of('/few')).toEqual(['started', 'verify_failed']);
    expect(of('/most')).toEqual(['taken', 'verify_failed', 'prune_failed', 'drill_failed']);
  });

  it('hears of the cluster by the name that Vault gives it, where the configuration has none', async () => {
    const web = await WebReceiver.start();
    const { notifier, tell } = await aNotifier({ webhooks: [{ url: web.address }] }, { isNamed: false, clusterName: '127.0.0.1:8200' });
    tell({ kind: 'cluster', id: 'c1', name: 'vault-cluster-1', version: '1.21.0' }, LEADS, ended(taken('local')));
    await notifier.close();
    expect(JSON.parse(web.received[0]?.body ?? '')).toMatchObject({ cluster: 'vault-cluster-1' });
  });
});
