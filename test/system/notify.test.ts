import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/snapshot/manifest.ts';
import { answer, hang, WebReceiver } from '../fakes/web-receiver.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run, start } from './program.ts';
import { makeScene, snapshotsIn } from './scene.ts';

const SECRET = 'e5c1f9d4';
const CODE = /code=\w+/;

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

describe('notify', () => {
  it('tells a switch and a webhook of a round of --once, with the id that its manifest has', async () => {
    const web = await WebReceiver.start();
    const notify = { healthchecks: `${web.address}/${SECRET}`, webhooks: [{ url: `${web.address}/hook` }] };
    const scene = await makeScene(vault.address, role, { notify, cluster: { name: 'prod' } });
    const { code, stderr } = await run(['--once', '--config', scene.config]);
    expect(code).toBe(0);
    const [hook] = web.received.filter(({ url }) => url === '/hook');
    const { round_id: id, cluster, report } = JSON.parse(hook?.body ?? '') as Record<string, unknown>;
    expect({ cluster, report }).toMatchObject({ cluster: 'prod', report: { outcome: 'taken', delivered: [{ destination: 'local' }] } });
    const pings = web.lines.filter((line) => line.includes(SECRET));
    expect(pings).toEqual([`POST /${SECRET}/start?rid=${id}`, `POST /${SECRET}?rid=${id}`]);
    expect(stderr).not.toContain(SECRET);
    const [name] = await snapshotsIn(scene.destination);
    expect(parseManifest(await readFile(join(scene.destination, `manifests/${name}.json`), 'utf8')).round_id).toBe(id);
  });

  it('tells of a destination that could not be reached as of a failure, while the exit code is that of the round', async () => {
    const web = await WebReceiver.start();
    const local_storage = [{ path: '/dev/null/nowhere', name: 'broken' }];
    const { config } = await makeScene(vault.address, role, { notify: { healthchecks: `${web.address}/${SECRET}` }, local_storage, snapshot_timeout: '10s' });
    const { code, stderr } = await run(['--once', '--config', config]);
    expect(code).not.toBe(0);
    expect(web.lines.at(-1)).toMatch(/\/fail\?rid=/);
    const [written] = CODE.exec(stderr) ?? [];
    expect(web.received.at(-1)?.body).toContain(`(${written?.slice('code='.length)})`);
  });

  it('takes one snapshot after the other while the first ping still hangs, and ends on the stop signal', async () => {
    const web = await WebReceiver.start();
    web.manners = [hang];
    const scene = await makeScene(vault.address, role, { notify: { healthchecks: `${web.address}/${SECRET}` } });
    const program = start(['--config', scene.config]);
    await program.line(/round done/);
    await web.until(1);
    program.signal('SIGUSR1');
    await program.line(/round done/);
    expect(web.received).toHaveLength(1);
    expect(await snapshotsIn(scene.destination)).toHaveLength(2);
    program.signal('SIGTERM');
    const { code, stderr } = await program.ended;
    expect(code).toBe(0);
    // Each of the two rounds is warned of once, and only after both were done.
    const lines = stderr.split('\n').filter((line) => /round done|ping not sent/.test(line));
    expect(lines.map((line) => (line.includes('round done') ? 'done' : 'not sent'))).toEqual(['done', 'done', 'not sent', 'not sent']);
    expect(stderr).not.toContain(SECRET);
  });

  it('loses to no answer of the switch: a refused ping is a line, and the exit code stays 0', async () => {
    const web = await WebReceiver.start();
    web.manners = [answer(404)];
    const scene = await makeScene(vault.address, role, { notify: { healthchecks: `${web.address}/${SECRET}` } });
    const { code, stderr } = await run(['--once', '--config', scene.config]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/warn +ping not sent event=ping_failed target=healthchecks .*code=notify_refused/);
    expect(stderr).not.toContain(SECRET);
  });
});
