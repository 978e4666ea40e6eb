import { readEnvFile } from '../config/env-file.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Host } from './host.ts';

/** The configuration as the command line names it; the real environment outranks an --env-file. */
export async function load(command: { readonly configPath: string; readonly envFile: string | undefined }, host: Host): Promise<LoadedConfig> {
  const fromFile = command.envFile === undefined ? {} : await readEnvFile(command.envFile);
  const isSet = Object.entries(host.env).filter(([, value]) => value !== undefined && value !== '');
  return loadConfig({ path: command.configPath, env: { ...fromFile, ...Object.fromEntries(isSet) } });
}
