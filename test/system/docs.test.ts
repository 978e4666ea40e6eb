import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appRole } from '../servers/vault-data.ts';
import { ROOT } from '../unit/source-tree.ts';
import { blocksOf, unlike } from './docs-blocks.ts';
import { GuideHost } from './docs-host.ts';

/** What a guide finds when it begins; else a daemon at work. */
const BEGINNINGS: Readonly<Record<string, (host: GuideHost) => Promise<void>>> = {
  'docs/quick-start.md': async () => {},
  'docs/importing.md': withSuccessor,
  'docs/moving-over.md': withAncestor,
  'docs/moving-over-successor.md': withSuccessor,
  'docs/moving-over-cron.md': (host) => host.must('mkdir -p /srv/vault-snapshots').then(() => undefined),
  'docs/moving-over-consul.md': async (host) =>
    host.write('/etc/consul.d/snapshot-agent.json', readFileSync(join(ROOT, 'test/fixtures/configs/consul-agent.json'), 'utf8')),
};

/** Its unit, its user, and a snapshot that it made. */
async function withAncestor(host: GuideHost): Promise<void> {
  const { roleId, secretId } = await appRole(host.vault);
  const config = {
    addr: host.vault.address,
    role_id: roleId,
    secret_id: secretId,
    frequency: '1800s',
    retain: 24,
    local_storage: { path: '/srv/vault-snapshots' },
  };
  await host.write('/etc/vault.d/snapshot.json', JSON.stringify({ ...config, tls: { ca_cert: '/etc/vault.d/ca.pem' } }));
  await host.write('/srv/vault-snapshots/raft_snapshot-1767323045000000000.snap', 'of the old agent');
  await host.oldAgent('snapshot');
  await host.must('chown -R vault: /etc/vault.d /srv/vault-snapshots');
}

async function withSuccessor(host: GuideHost): Promise<void> {
  const { roleId, secretId } = await appRole(host.vault);
  const login = `{ approle: { role: "${roleId}", secret: "${secretId}" } }`;
  const vault = `vault:\n  nodes: { urls: ["${host.vault.address}"] }\n  auth: ${login}\n`;
  await host.write('/etc/vault.d/snapshots.yaml', `${vault}snapshots:\n  frequency: 1h\n  storages: { local: { path: /var/lib/vault-snapshotd/snapshots } }\n`);
  await host.must('mkdir -p /var/lib/vault-snapshotd');
  await host.oldAgent('vault-raft-snapshot-agent');
}

/** Made from the grammar, whose own tests hold its examples. */
const GENERATED = ['docs/cli.md'];

/** Whose transcripts are those of the daemon that each guide begins with. */
const IS_AS_SHOWN = ['README.md'];

const guides = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md') && !GENERATED.includes(path))
  .map((path) => ({ path, blocks: blocksOf(readFileSync(join(ROOT, path), 'utf8')) }))
  .filter(({ blocks }) => blocks.some(({ notRun }) => notRun === undefined));

let host: GuideHost;

beforeAll(async () => {
  host = await GuideHost.boot();
}, 300_000);

afterAll(() => host?.end());

describe('the guides', () => {
  beforeEach(() => host.reset());

  it.each(guides)('$path can be followed to the letter', async ({ path, blocks }) => {
    await (BEGINNINGS[path] ?? ((given) => given.startDaemon()))(host);
    for (const block of blocks.filter(({ notRun }) => notRun === undefined)) {
      const { code, stdout, stderr } = await host.type(block);
      expect(code, `${path}:${block.line}\n${stdout}${stderr}`).toBe(block.exitCode);
      if (IS_AS_SHOWN.includes(path)) expect(unlike(block.shown, stdout), `${path}:${block.line}\n${stdout}`).toEqual([]);
    }
  });
});
