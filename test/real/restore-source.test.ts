import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, type Fault, HostileFront } from '../fakes/azure/hostile-front.ts';
import { smallDisk } from '../fakes/scratch.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { unfinishedIn } from '../system/scene.ts';
import { Gate } from './gate.ts';
import { has, makeRestoreScene, type RestoreScene } from './restore-scene.ts';

const UPLOADS = ['POST sys/storage/raft/snapshot', 'POST sys/storage/raft/snapshot-force'];

describe('where a snapshot to restore comes from', () => {
  let node: VaultNode;
  let azurite: Azurite;
  let front: HostileFront;
  let gate: Gate;
  let scene: RestoreScene;
  let container: string;

  beforeAll(async () => {
    [node, azurite] = await Promise.all([startVault(), startAzurite()]);
    front = await HostileFront.start(azurite.endpoint);
    gate = await Gate.open(node.address);
    await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  });

  afterAll(async () => {
    await Promise.all([gate?.close(), front?.close(), azurite?.stop(), node && removeVault(node)]);
  });

  beforeEach(async () => {
    front.spoil = () => undefined;
    gate.requests.length = 0;
    container = await azurite.newContainer();
    const azure_storage = { account_name: AZURITE_ACCOUNT, account_key: AZURITE_KEY, container_name: container, endpoint: front.endpoint };
    scene = await makeRestoreScene(node, { local_storage: undefined, azure_storage, stall_timeout: '1s' });
  });

  const restore = (name: string) => scene.restore(gate.address, '--snapshot', name, '--confirm', scene.clusterName);
  const blob = (name: string) => azurite.service.getContainerClient(container).getBlockBlobClient(name);
  const isReadOf = ({ method, path, query }: Asked, name: string) =>
    method === 'GET' && path.endsWith(`/${name}`) && !path.includes('manifests') && !query.has('comp');
  const isListing = ({ method, query }: Asked) => method === 'GET' && query.get('comp') === 'list';

  /** Nobody asked the server for anything but who it is, if that. */
  async function expectNothingSent(): Promise<void> {
    expect(UPLOADS.map((upload) => gate.count(upload))).toEqual([0, 0]);
    expect(await has(node, 'app/later')).toBe(true);
    expect(await unfinishedIn(scene.state)).toEqual([]);
  }

  it.each<{ readonly what: string; readonly fault: Fault; readonly exit: number; readonly code: string }>([
    { what: 'the line breaks half-way', fault: { kind: 'half', breaks: true }, exit: 69, code: 'storage_unavailable' },
    { what: 'nothing more comes half-way', fault: { kind: 'half', breaks: false }, exit: 69, code: 'storage_unavailable' },
    { what: 'nothing comes at all', fault: { kind: 'silence' }, exit: 69, code: 'storage_unavailable' },
    { what: 'the store breaks', fault: { kind: 'answer', status: 500, code: 'InternalError' }, exit: 69, code: 'storage_unavailable' },
    { what: 'the store denies it', fault: { kind: 'answer', status: 403, code: 'AuthorizationPermissionMismatch' }, exit: 77, code: 'storage_denied' },
    { what: 'it is deleted meanwhile', fault: { kind: 'answer', status: 404, code: 'BlobNotFound' }, exit: 1, code: 'not_found' },
    { what: 'something short comes', fault: { kind: 'lie', body: () => 'short' }, exit: 65, code: 'archive_corrupt' },
    { what: 'the page of a proxy comes', fault: { kind: 'answer', status: 200, body: '<html>' }, exit: 69, code: 'storage_unavailable' },
  ])('nothing is sent of what does not come whole: $what', async ({ fault, exit, code }) => {
    const name = await scene.take();
    await node.write('app/later', { value: 'later' });
    front.spoil = (asked) => (isReadOf(asked, name) ? fault : undefined);
    const { told } = await restore('latest');
    expect(told, JSON.stringify(told)).toMatchObject({ exit_code: exit, stage: 'read', level: 'none', error: { code }, left_behind: [] });
    await expectNothingSent();
  });

  it('nothing is sent when another one is put in its place after it was chosen', async () => {
    const name = await scene.take();
    const { contentLength } = await blob(name).getProperties();
    await node.write('app/later', { value: 'x'.repeat(5_000) });
    const other = await blob(await scene.take()).downloadToBuffer();
    await blob(name).uploadData(other);
    // The listing is of before: its size still fits the manifest.
    const before = (text: string) => text.replaceAll(`<Content-Length>${other.length}</Content-Length>`, `<Content-Length>${contentLength}</Content-Length>`);
    front.spoil = (asked) => (isListing(asked) ? { kind: 'lie', body: before } : undefined);
    const { told } = await restore(name);
    expect(told, JSON.stringify(told)).toMatchObject({ exit_code: 65, stage: 'read', level: 'none', error: { code: 'archive_corrupt' } });
    expect(told.error?.message).toContain('stored size');
    await expectNothingSent();
  });

  it('nothing is read where the spool has no room for it', async () => {
    await scene.take();
    await node.write('app/later', { value: 'later' });
    const azure_storage = { account_name: AZURITE_ACCOUNT, account_key: AZURITE_KEY, container_name: container, endpoint: front.endpoint };
    await scene.configure({ azure_storage, spool_path: await smallDisk(8_192) });
    const { told } = await restore('latest');
    expect(told).toMatchObject({ exit_code: 73, stage: 'read', level: 'none', error: { code: 'spool_no_space' } });
    await expectNothingSent();
  });

  it('is told by the flags of the script as well, and by its bucket', async () => {
    await scene.take();
    const { ended, told } = await scene.restore(gate.address, '-b', container, '-s', '/nowhere/bao.snap', '-d', '8', '--dry-run');
    expect(told).toMatchObject({ exit_code: 0, level: 'verified' });
    expect(ended.stderr).toContain('vault-snapshotd: -s is --snapshot latest: nothing is written to /nowhere/bao.snap');
    const lost = await scene.restore(gate.address, '-b', 'elsewhere', '--snapshot', 'latest');
    expect(lost.told).toMatchObject({ exit_code: 2, error: { message: `--bucket: there is no "elsewhere", only ${container}` } });
  });
});
