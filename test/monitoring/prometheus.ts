import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../unit/source-tree.ts';

export const RULES = join(ROOT, 'packaging/monitoring/alerts.yaml');

/** What Prometheus saw of one daemon; undefined: it did not answer. */
export interface Scrape {
  readonly at: Date;
  readonly text: string | undefined;
}

/** Prometheus' clock begins at 0 in its tests, where 0 is "never": the scrapes begin hours later. */
const LEAD_MINUTES = 4 * 60;

/** Each sample of a rendered text, by its series. */
export function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

/** The counters that rose between two renderings, but for those of bytes. */
export function risen(before: string, after: string): readonly string[] {
  const old = samplesOf(before);
  const isCounter = (series: string) => /_total(\{|$)/.test(series) && !series.includes('_bytes_total');
  return [...samplesOf(after)].filter(([series, value]) => isCounter(series) && value > (old.get(series) ?? 0)).map(([series]) => short(series));
}

function short(series: string): string {
  return series.replace('vault_snapshotd_', '').replace('cluster="prod",', '').replace('{cluster="prod"}', '').replaceAll('"', '');
}

/** Which alerts fire in the last minute, with the instance where they name one: as the shipped rules have it, by the real promtool. */
export async function firing(scrapes: Readonly<Record<string, readonly Scrape[]>>): Promise<readonly string[]> {
  const minutes = Math.max(...Object.values(scrapes).map(({ length }) => length));
  const series = Object.entries(scrapes).flatMap(([instance, ofIt]) => inputSeries(instance, ofIt));
  const expr = 'group by (alertname, instance) (ALERTS{alertstate="firing"})';
  const asked = [{ expr, eval_time: `${LEAD_MINUTES + minutes - 1}m`, exp_samples: [{ labels: 'none', value: 1 }] }];
  const answer = await promtool({ rule_files: [RULES], evaluation_interval: '1m', tests: [{ interval: '1m', input_series: series, promql_expr_test: asked }] });
  // What was expected never is: the complaint tells what there is.
  const got = /got:(.*)/.exec(answer)?.[1];
  if (got === undefined) throw new Error(`promtool: ${answer}`);
  return [...got.matchAll(/\{([^}]*)\}/g)].map(([, labels = '']) => labelled(labels)).sort();
}

function labelled(labels: string): string {
  const instance = /instance="([^"]*)"/.exec(labels)?.[1];
  return `${/alertname="(?:VaultSnapshot(?=[A-Z]))?([^"]*)"/.exec(labels)?.[1]}${instance === undefined ? '' : ` at ${instance}`}`;
}

function inputSeries(instance: string, scrapes: readonly Scrape[]): readonly { readonly series: string; readonly values: string }[] {
  const texts = scrapes.map(({ at, text }, minute) => new Map([...samplesOf(text ?? '')].map(([series, value]) => [series, moved(series, value, at, minute)])));
  const names = new Set(texts.flatMap((text) => [...text.keys()]).filter((name) => !name.includes('_bucket{')));
  return [...names].map((name) => {
    const labels = `job="vault-snapshotd",instance="${instance}"`;
    const series = name.endsWith('}') ? name.replace(/\}$/, `,${labels}}`) : `${name}{${labels}}`;
    return { series, values: [`_x${LEAD_MINUTES - 1}`, ...texts.map((text) => String(text.get(name) ?? '_'))].join(' ') };
  });
}

/** Points in time, on Prometheus' clock. */
function moved(series: string, value: number, at: Date, minute: number): number {
  if (!series.includes('_timestamp_seconds') || value === 0) return value;
  return value - at.getTime() / 1000 + (LEAD_MINUTES + minute) * 60;
}

/** Runs it on a file of tests; what it has to say. JSON is YAML. */
async function promtool(tests: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const file = join(folder, 'tests.yaml');
    writeFileSync(file, JSON.stringify(tests));
    const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8', maxBuffer: 64 << 20 });
    return `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whether Prometheus understands them all; what it complains of. */
export async function parseErrors(expressions: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const file = join(folder, 'rules.yaml');
    const rules = expressions.map((expr, at) => ({ record: `parsed:${at}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'parsed', rules }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    return status === 0 ? '' : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
