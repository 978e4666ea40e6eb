import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, parseManifest } from '../../src/snapshot/manifest.ts';
import type { Ended, Running } from '../system/program.ts';
import type { Settings } from '../system/scene.ts';

/** Settings under which the log can be read by a test. */
export const READABLE_LOG: Settings = { log: { level: 'debug', format: 'json' } };

/** One line of the log. */
export interface Line {
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** All lines so far of a program that runs with READABLE_LOG, or those of one event. */
export function linesOf(program: Pick<Running, 'lines'>, event?: string): readonly Line[] {
  const lines = program.lines.map((line) => JSON.parse(line) as Line);
  return event === undefined ? lines : lines.filter((line) => line.event === event);
}

/** The next line of that event. */
export async function nextLine(program: Running, event: string): Promise<Line> {
  return JSON.parse(await program.line(new RegExp(`"event":"${event}"`))) as Line;
}

/** What `--once --json` printed. */
export interface Report {
  readonly outcome: string;
  readonly code?: string;
  readonly message?: string;
  readonly snapshot: { readonly name: string; readonly size: number; readonly sha256: string; readonly index: number; readonly term: number };
}

export function reportOf({ stdout }: Ended): Report {
  return JSON.parse(stdout) as Report;
}

/** What the manifests at a local destination tell, oldest first; none where nothing was delivered yet. */
export async function manifestsIn(destination: string): Promise<readonly Manifest[]> {
  const folder = join(destination, 'manifests');
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const texts = await Promise.all(names.filter((name) => name.endsWith('.snap.json')).map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map(parseManifest).sort((one, other) => Date.parse(one.taken_at) - Date.parse(other.taken_at));
}
