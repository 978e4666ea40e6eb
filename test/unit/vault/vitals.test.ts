import { afterEach, beforeEach, expect, it } from 'vitest';
import { literal } from '../../fakes/vault/client-of.ts';
import { snapshot, startTokenVault, type TokenVault } from '../../fakes/vault/token-vault.ts';

let vault: TokenVault;

beforeEach(async () => {
  vault = await startTokenVault({ method: 'approle', mount: 'approle', roleId: literal('r'), secretId: literal('s'), isSecretIdWrapped: false });
});

afterEach(() => vault.close());

it('knows of no token and no clock before anything was asked', () => {
  expect(vault.client.vitals()).toEqual({ token: { expiresAt: undefined, lifetimeMs: 0 }, clockSkewMs: undefined });
});

it('knows when the token ends, what life it was granted, and how far the clocks are apart', async () => {
  const before = vault.clock.now().getTime();
  await snapshot(vault.client);
  const { token, clockSkewMs } = vault.client.vitals();
  expect(token).toEqual({ expiresAt: new Date(before + 3_600_000), lifetimeMs: 3_600_000 });
  // The header knows no parts of a second.
  expect(clockSkewMs).toBe(before % 1000);
});

it('knows of no token once it was given back', async () => {
  await snapshot(vault.client);
  await vault.client.close();
  expect(vault.client.vitals().token).toEqual({ expiresAt: undefined, lifetimeMs: 0 });
});
