import { SnapshotError } from '../errors.ts';
import type { EffectiveValue, Findings } from './block.ts';
import type { Config } from './config.ts';
import { type Json, type JsonObject, parseJson } from './json.ts';
import { recogniseJson, recogniseText } from './near-miss.ts';
import { readConfig } from './read-config.ts';
import { readTextFile } from './read-text-file.ts';
import type { Environment } from './secret-source.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Every value that counts, defaults included. */
  readonly effective: readonly EffectiveValue[];
}

/** Rejects with `config_unreadable` or with `config_invalid`, whose message has one line for each fault. */
export async function loadConfig({ path, env }: { readonly path: string; readonly env: Environment }): Promise<LoadedConfig> {
  const { text, isWorldReadable } = await readTextFile(path);
  const { config, effective } = readConfigText(text, path, env);
  const literals = effective.filter(({ shown, source }) => source === 'file' && shown === '[secret] (literal)').map(({ key }) => key);
  if (!isWorldReadable || literals.length === 0) return { config, effective };
  const warning = `every user of this host can read ${literals.join(', ')} in ${path}: run chmod o-rwx ${path}`;
  return { config: { ...config, warnings: [...config.warnings, warning] }, effective };
}

/** The same of a text that is in no file yet. */
export function readConfigText(text: string, path: string, env: Environment): LoadedConfig {
  const json = parseDocument(text, path);
  const findings: Findings = { env, faults: [], warnings: [], effective: [] };
  const loaded = readConfig(json, path, findings);
  if (findings.faults.length > 0) throw new SnapshotError('config_invalid', findings.faults.map((fault) => `${path}: ${fault}`).join('\n'));
  return loaded;
}

function parseDocument(text: string, path: string): JsonObject {
  if (text.trim() === '') throw new SnapshotError('config_invalid', `${path}: is empty: write {…} with the keys of docs/config.md`);
  const lookalike = recogniseText(text);
  if (lookalike !== undefined) throw new SnapshotError('config_invalid', `${path}: ${lookalike}`);
  const json = parseText(text, path);
  const other = recogniseJson(json);
  if (other !== undefined) throw new SnapshotError('config_invalid', `${path}: ${other}`);
  if (json.kind !== 'object') throw new SnapshotError('config_invalid', `${path}: must be one object {…}`);
  return json;
}

function parseText(text: string, path: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SnapshotError) throw new SnapshotError('config_invalid', `${path}: ${error.message}`);
    throw error;
  }
}
