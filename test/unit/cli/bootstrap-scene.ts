import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Host } from '../../../src/cli/host.ts';
import { type EmptyVaultOptions, startEmpty } from '../../fakes/vault/empty-vault.ts';
import { storedScene } from './stored.ts';

const SHARE = 'c2hhcmU=';
export const CANARY = {
  mount: 'secret',
  path: 'check',
  namespace: null,
  field: 'value',
  kv_version: 2,
  value: '1767323045',
  round_id: 'r-1',
  written_at: '2026-01-02T03:04:05.000Z',
} as const;

type Pod = Partial<Pick<Host, 'env' | 'serviceAccountDirectory'>>;

interface Told {
  readonly run_id: string;
  readonly exit_code: number;
  readonly stage: string | null;
  readonly level: string;
  readonly reason: string | null;
  readonly acted: boolean;
  readonly error: { readonly code: string; readonly message: string; readonly advice: string } | null;
  readonly warnings: readonly string[];
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
}

/** An empty server, snapshots for it, and what a bootstrap of it says and leaves. */
export async function bootstrapScene(options: EmptyVaultOptions = {}, settings: object = {}, names: readonly string[] = ['local']) {
  const vault = await startEmpty(options);
  const recovery = { shares: [{ env: 'PATH' }] };
  const stored = await storedScene({ names, settings: { addr: vault.address, ...settings } });
  const share = join(stored.home, 'share');
  await writeFile(share, SHARE, { mode: 0o600 });
  await writeFile(
    stored.config,
    JSON.stringify({ ...JSON.parse(await readFile(stored.config, 'utf8')), recovery: { ...recovery, shares: [{ file: share }] } }),
  );
  const bootstrapOn = async (pod: Pod, ...flags: readonly string[]) => {
    const { code, host } = await stored.callOn(pod, 'bootstrap', '--json', '--no-wait', '--wait', '1s', ...flags);
    const told = JSON.parse(host.stdout) as Told;
    expect(code).toBe(told.exit_code);
    expect(`${host.stdout}${host.stderr}`).not.toMatch(/hvs\.|k3y-|c2hhcmU|t0ken/);
    return { told, stderr: host.stderr };
  };
  const bootstrap = async (...flags: readonly string[]) => bootstrapOn({}, ...flags);
  const marker = async () => {
    const [name] = (await readdir(join(stored.home, 'state')).catch(() => [])).filter((one) => one.startsWith('bootstrap-'));
    return name === undefined ? undefined : await readFile(join(stored.home, 'state', name), 'utf8');
  };
  const phase = async () => {
    const text = await marker();
    return text === undefined ? undefined : (JSON.parse(text) as { readonly phase: string }).phase;
  };
  return { ...stored, vault, bootstrap, bootstrapOn, phase, marker };
}
