import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { systemdRoot } from '../servers/systemd-root.ts';
import { until } from '../servers/wait.ts';
// Builds the program if it is stale.
import '../system/program.ts';
import { ROOT } from '../unit/source-tree.ts';
import { UNIT, UnitScene } from './systemd-scene.ts';

const DRILL = `${UNIT}-drill`;

let scene: UnitScene;

beforeAll(async () => {
  // Apart from the rest: the first time it takes a minute or two.
  await systemdRoot();
}, 300_000);

beforeAll(async () => {
  scene = await UnitScene.boot();
});

afterAll(() => scene?.end());

it('drills by its timer as the package has it, with shares that only root can read, and leaves nothing', async () => {
  const { system, vault } = scene;
  for (const unit of ['service', 'timer']) await cp(join(ROOT, 'packaging/systemd', `${DRILL}.${unit}`), system.path(`/etc/systemd/system/${DRILL}.${unit}`));
  await cp(await serverBinary(VAULT), system.path('/usr/bin/vault'));
  const drill = { addr: vault.address, local_storage: { path: '/srv/vault-snapshots' }, recovery: { shares: [{ credential: 'share-1' }] } };
  await writeFile(system.path('/etc/vault.d/drill.json'), JSON.stringify(drill), { mode: 0o600 });
  await writeFile(system.path('/etc/vault.d/share-1'), vault.keys[0] ?? '', { mode: 0o600 });
  await scene.startAnew();
  const local = [`User=${UNIT}`, 'DynamicUser=no', 'ReadWritePaths=/srv/vault-snapshots'];
  const level = `ExecStart=/usr/bin/${UNIT} drill --level unsealed --config \${CREDENTIALS_DIRECTORY}/drill.json`;
  await scene.dropIn(['[Service]', ...local, 'LoadCredential=share-1:/etc/vault.d/share-1', 'ExecStart=', level], `${DRILL}.service`);
  await scene.dropIn(['[Timer]', 'OnCalendar=', 'OnActiveSec=0', 'RandomizedDelaySec=0'], `${DRILL}.timer`);
  await system.must('systemctl', 'start', `${DRILL}.timer`);
  const journal = async () => (await system.must('journalctl', '--unit', `${DRILL}.service`, '--output', 'cat', '--no-pager')).replaceAll('\n', ' ');
  await until('the drill to end', async () => /Finished|Failed/.test(await journal()));
  expect(await journal()).toMatch(/raft_snapshot-\d+\.snap, 0m old: unsealed .* restored in \d+ s .*Finished/);
  expect(await journal()).not.toContain(vault.keys[0]);
  expect(await system.must('find', `/var/lib/${DRILL}`, '-name', '.drill*')).toBe('');
  expect(await system.must('ls', '/srv/vault-snapshots/manifests')).toMatch(/\.verified-/);
});
