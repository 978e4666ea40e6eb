import { expect, it } from 'vitest';
import { speakOfTo } from '../../../src/cli/restore-target.ts';
import { type ErrorCode, SnapshotError } from '../../../src/errors.ts';
import { storedScene } from './stored.ts';

it('lets a drill speak of --address where the server was given by it', async () => {
  const { put, call } = await storedScene({ names: ['local'] });
  await put(1);
  const { host } = await call('drill', '--json', '--address', 'http://127.0.0.1:1');
  expect(JSON.parse(host.stdout)).toMatchObject({ error: { code: 'vault_unreachable', advice: 'check that Vault runs and that --address is its listener' } });
});

it.each<{ code: ErrorCode; to: string | undefined; advice: string }>([
  { code: 'vault_unreachable', to: 'http://vault-1:8200', advice: 'check that Vault runs and that --to is its listener' },
  { code: 'vault_unreachable', to: undefined, advice: 'check that Vault runs and that "addr" is its listener' },
  {
    code: 'vault_standby',
    to: 'http://vault-1:8200',
    advice: 'name the leader itself with --to, never a load balancer; "vault status" on any server names it',
  },
  { code: 'vault_sealed', to: 'http://vault-1:8200', advice: 'unseal Vault' },
])('lets a restore speak of --to where it was given: $code, $to', ({ code, to, advice }) => {
  expect(speakOfTo(to, new SnapshotError(code, 'vault: x'))).toMatchObject({ code, message: 'vault: x', advice });
});
