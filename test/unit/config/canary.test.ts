import { expect, it } from 'vitest';
import { faultsOf, loadText, sound } from './load-text.ts';

it.each([
  [{}, undefined],
  [{ canary: {} }, undefined],
  [
    { canary: { mount: 'secret' } },
    { mount: 'secret', path: 'check_timestamp', namespace: undefined, field: 'value', kvVersion: undefined, isRequired: false },
  ],
  [
    { canary: { mount: 'kv/ops', path: 'a/b', namespace: 'team', field: 'at', kv_version: '1', required: true } },
    { mount: 'kv/ops', path: 'a/b', namespace: 'team', field: 'at', kvVersion: 1, isRequired: true },
  ],
])('%j writes a canary to %j', async (keys, canary) => {
  expect((await loadText(sound(keys))).config.canary).toEqual(canary);
});

it.each([
  [{ path: 'a' }, 'canary.mount: is missing: write the path of a KV store, for example "secret"'],
  [{ mount: 'secret/' }, 'canary.mount: must be a path without a slash at its ends, got "secret/"'],
  [{ mount: 'a/../b' }, 'canary.mount: must be a path without a slash at its ends'],
  [{ mount: 'secret', path: '?x=1' }, 'canary.path: must be'],
  [{ mount: 'secret', field: 'round_id' }, 'canary.field: must be'],
  [{ mount: 'secret', kv_version: '3' }, 'canary.kv_version: must be one of auto, 1, 2'],
])('%j is refused: %s', async (canary, fault) => {
  expect((await faultsOf(sound({ canary }))).join('\n')).toContain(fault);
});
