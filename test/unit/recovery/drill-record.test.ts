import { describe, expect, it } from 'vitest';
import { type ErrorCode, SnapshotError } from '../../../src/errors.ts';
import { isFinding } from '../../../src/recovery/drill-record.ts';

describe('what a failed drill leaves beside the snapshot', () => {
  it.each<ErrorCode>([
    'archive_corrupt',
    'server_refused',
    'restore_timeout',
    'seal_mismatch',
    'seal_config_differs',
    'wrong_unseal_keys',
    'check_failed',
    'canary_missing',
    'canary_differs',
    'canary_stale',
    'level_installed',
  ])('tells everybody of %s', (code) => {
    expect(isFinding(new SnapshotError(code, 'x'))).toBe(true);
  });

  it.each<ErrorCode>([
    'usage',
    'config_invalid',
    'config_unreadable',
    'secret_unavailable',
    'refused',
    'server_too_old',
    'egress_open',
    'no_namespace',
    'spool_no_space',
    'spool_failed',
    'storage_unavailable',
    'server_exited',
    'internal',
  ])('says nothing of %s, which is of the place it ran at', (code) => {
    expect(isFinding(new SnapshotError(code, 'x'))).toBe(false);
  });
});
