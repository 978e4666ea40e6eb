import { readEnvFile } from '../config/env-file.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { SnapshotError } from '../errors.ts';
import { type CONFIGURED, DEFAULT_CONFIG_PATH } from './grammar/common.ts';
import type { ValueOf } from './grammar/flag.ts';
import type { Host } from './host.ts';

export type ConfigFlags = { readonly [Name in keyof typeof CONFIGURED]: ValueOf<(typeof CONFIGURED)[Name]> };

/** The configuration as the command line names it; the real environment outranks an --env-file. */
export async function load(flags: ConfigFlags, host: Host): Promise<LoadedConfig> {
  const envFile = flags['env-file'];
  const fromFile = envFile === undefined ? {} : await readEnvFile(envFile);
  const isSet = Object.entries(host.env).filter(([, value]) => value !== undefined && value !== '');
  return loadConfig({ path: flags.config ?? DEFAULT_CONFIG_PATH, env: { ...fromFile, ...Object.fromEntries(isSet) } });
}

/** The same for taking snapshots: who takes them must not be able to open them. */
export async function loadForRounds(flags: ConfigFlags, host: Host): Promise<LoadedConfig> {
  const loaded = await load(flags, host);
  if (loaded.config.recovery.shares.length === 0) return loaded;
  throw new SnapshotError('config_invalid', 'recovery.shares: must not stand in the configuration of the daemon', {
    advice: 'move "recovery" into a file of its own, for restore, drill and bootstrap, that the user of the daemon cannot read',
  });
}
