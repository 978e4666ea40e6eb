import { readdir } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverBinary, VAULT_POSTGRESQL } from '../servers/binaries.ts';
import { type PostgreSql, startPostgreSql } from '../servers/postgresql.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import type { Running } from '../system/program.ts';
import { type Drilled, type DrillHost, fillSource, makeDrillScene, nothingLeft } from './drill-scene.ts';

const LEASE_SECONDS = 5;

describe('a drill of a cluster that hands out database users', () => {
  let database: PostgreSql;
  let source: VaultNode;
  let binary: string;

  beforeAll(async () => {
    binary = await serverBinary(VAULT_POSTGRESQL);
    database = await startPostgreSql();
    source = await startVault({ binary });
    await fillSource(source);
    await source.write('sys/mounts/database', { type: 'database' });
    await source.write('database/config/app', {
      plugin_name: 'postgresql-database-plugin',
      allowed_roles: ['app'],
      connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${database.port}/postgres`,
      username: 'postgres',
      password: database.password,
    });
    // Without the end that PostgreSQL itself could see to: whoever drops the user is Vault.
    const creation_statements = [`CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}'`];
    await source.write('database/roles/app', { db_name: 'app', creation_statements, default_ttl: `${LEASE_SECONDS}s`, max_ttl: '1h' });
  });

  afterAll(async () => {
    if (source) await removeVault(source);
    await database?.stop();
  });

  it('leaves the real user alone, although the lease is due in the copy and the copy tries to revoke it; it would not, if the copy could reach the database', {
    timeout: 120_000,
  }, async () => {
    const scene = await makeDrillScene(source);
    const { data } = (await source.request('GET', 'database/creds/app', undefined, source.rootToken)).json;
    const { username, password } = data as { readonly username: string; readonly password: string };
    const due = performance.now() + LEASE_SECONDS * 1_000;
    await scene.take();
    await source.kill();
    await until('the lease to be due', async () => performance.now() > due);
    const canLogIn = () => database.canLogIn(username, password);

    const alone = await scene.host(source.keys, { drill: { binary } });
    const isolated = alone.begin();
    await held(isolated, alone, source, async (copy) => {
      expect(await logOf(copy, /expiration: .*revoke lease/)).toContain('database/creds/app');
      expect(await canLogIn()).toBe(true);
    });
    const { code, stdout, stderr } = await isolated.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout) as Drilled).toMatchObject({ level: 'canary-read', isolated: true });
    expect(await canLogIn()).toBe(true);
    await nothingLeft(alone.state);

    const open = await scene.host(source.keys, { drill: { binary, isolation: 'external' } });
    const running = open.begin();
    await held(running, open, source, async () => {
      await until('the user to be dropped', async () => !(await canLogIn()));
    });
    expect((await running.ended).code).toBe(0);
    await nothingLeft(open.state);
  });
});

/** The drill stands still as soon as its copy of the cluster is open, for as long as this takes; the copy does not. */
async function held(running: Running, { state }: DrillHost, { rootToken }: VaultNode, work: (copy: Copy) => Promise<void>): Promise<void> {
  const copy = await until('the copy to be open', async () => {
    const [directory] = (await readdir(state)).filter((name) => name.startsWith('.drill-'));
    const asked = { socket: join(state, directory ?? '', 's'), token: rootToken };
    // The empty server that it was before does not know this token.
    const answer = await ask(asked, 'auth/token/lookup-self');
    answer.resume();
    return answer.statusCode === 200 && asked;
  });
  running.signal('SIGSTOP');
  try {
    await work(copy);
  } finally {
    running.signal('SIGCONT');
  }
}

interface Copy {
  readonly socket: string;
  readonly token: string;
}

/** The first line of its log from now on that is such a one. */
async function logOf(copy: Copy, wanted: RegExp): Promise<string> {
  const log = await ask(copy, 'sys/monitor?log_level=debug');
  try {
    for await (const line of createInterface({ input: log })) if (wanted.test(line)) return line;
    throw new Error(`the log ended without ${wanted}`);
  } finally {
    log.once('error', () => undefined).destroy();
  }
}

function ask({ socket: socketPath, token }: Copy, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: `/v1/${path}`, headers: { 'X-Vault-Token': token } }, resolve)
      .once('error', reject)
      .end();
  });
}
