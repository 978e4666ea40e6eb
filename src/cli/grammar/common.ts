import type { ErrorCode } from '../../errors.ts';
import { text } from './flag.ts';
import type { Argument } from './verb.ts';

export const DEFAULT_CONFIG_PATH = '/etc/vault.d/snapshot.json';

/** The configuration as a bare argument, as the ancestor takes it: what is given so arrives as `--config`. */
export const CONFIG_ARGUMENT: Argument = { name: 'FILE', doc: 'the configuration, as with --config', min: 0, max: 1, offers: 'file' };

export const CONFIGURED = {
  config: text('FILE', `the configuration; ${DEFAULT_CONFIG_PATH} if nothing is said`, 'file'),
  'env-file': text('FILE', 'variables for what the environment leaves out', 'file'),
};

export const AT_DESTINATIONS = { ...CONFIGURED, destination: text('NAME', 'only at this destination') };

export const THAW = { thaw: { doc: 'ask for what lies in cold storage, and end with 75 until it can be read; the same command again goes on from there' } };
export const COLD_ENDS: readonly ErrorCode[] = ['object_cold', 'object_thawing'];

export const JSON_REPORT = { json: { doc: 'the report on stdout as one JSON object' } };

/** Every verb that reads the configuration may end so. */
export const CONFIG_ENDS: readonly ErrorCode[] = ['usage', 'config_invalid', 'config_unreadable', 'secret_unavailable'];
export const STORAGE_ENDS: readonly ErrorCode[] = ['storage_denied', 'storage_unavailable', 'storage_failed', 'storage_misconfigured'];
export const VAULT_ENDS: readonly ErrorCode[] = ['vault_unreachable', 'vault_sealed', 'vault_denied', 'vault_login_failed'];
export const STOP_ENDS: readonly ErrorCode[] = ['stopped_int', 'stopped'];
