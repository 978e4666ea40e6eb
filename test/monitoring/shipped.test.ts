import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderMetrics } from '../../src/observability/metrics.ts';
import { cluster, PROGRAM } from '../unit/observability/cluster-view.ts';
import { ROOT } from '../unit/source-tree.ts';
import { parseErrors, RULES, samplesOf } from './prometheus.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: unknown;
  readonly targets?: readonly { readonly expr: string; readonly refId: string; readonly datasource: unknown }[];
}

const RULE_LIST = (parse(readFileSync(RULES, 'utf8')) as { groups: [{ rules: readonly Rule[] }] }).groups[0].rules;
const DASHBOARD = JSON.parse(readFileSync(join(ROOT, 'packaging/monitoring/dashboard.json'), 'utf8')) as Record<string, unknown> & {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[] };
};
const EXPRESSIONS = DASHBOARD.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** The names that a daemon exports. */
const EXPORTED = new Set([...samplesOf(renderMetrics(PROGRAM, [cluster()])).keys()].map((series) => series.replace(/\{.*/, '')));

function unknownNames(text: string): readonly string[] {
  return [...text.matchAll(/vault_snapshotd_\w+/g)].map(([name]) => name).filter((name) => !EXPORTED.has(name));
}

describe('the alert rules', () => {
  it('pass the check of Prometheus', () => {
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`SUCCESS: ${RULE_LIST.length} rules found`);
  });

  it('ask for nothing that no daemon exports', () => {
    expect(RULE_LIST.flatMap(({ expr }) => unknownNames(expr))).toEqual([]);
  });

  it.each(RULE_LIST)('say how bad it is, what it is, and where to read on: $alert', ({ alert, labels, annotations }) => {
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(annotations.summary).toMatch(/\S/);
    expect(annotations.description).toMatch(/\.$/);
    expect(annotations.runbook_url).toBe(`alerts.md#${alert.toLowerCase()}`);
  });

  it('have each their page in the guide, in their order, and no other is there', () => {
    const guide = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');
    const headings = [...guide.matchAll(/^## (VaultSnapshot\w*)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(RULE_LIST.map(({ alert }) => alert));
    for (const page of guide.split(/^## (?=VaultSnapshot)/m).slice(1))
      expect(page).toMatch(/\*\*Meaning\.\*\*[\s\S]*\*\*First look\.\*\*[\s\S]*\*\*Remedy\.\*\*/);
  });
});

describe('the dashboard', () => {
  it('asks for nothing that no daemon exports, and has a panel for whatever an operator would look for', () => {
    const definitions = DASHBOARD.templating.list.map(({ definition = '' }) => definition);
    expect([...EXPRESSIONS, ...definitions].flatMap(unknownNames)).toEqual([]);
    const wanted = [
      'last_success',
      'destination_last_success',
      'snapshot_size',
      'snapshot_duration',
      'snapshot_failures',
      'verify_last',
      'drill_last',
      'token_expiry',
    ];
    expect(wanted.filter((name) => !EXPRESSIONS.some((expr) => expr.includes(`vault_snapshotd_${name}`)))).toEqual([]);
  });

  it('has expressions that Prometheus understands', async () => {
    const filled = EXPRESSIONS.map((expr) => expr.replaceAll('$cluster', 'prod').replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h'));
    expect(filled.filter((expr) => expr.includes('$'))).toEqual([]);
    expect(await parseErrors(filled)).toBe('');
  });

  it('takes whatever source of data it is given, and one cluster or all', () => {
    expect(DASHBOARD.templating.list.map(({ name, type }) => `${name}: ${type}`)).toEqual(['datasource: datasource', 'cluster: query']);
    const source = { type: 'prometheus', uid: '$' + '{datasource}' };
    for (const { type, datasource, targets = [] } of DASHBOARD.panels) {
      if (type === 'row') continue;
      expect([datasource, ...targets.map((target) => target.datasource)]).toEqual([source, ...targets.map(() => source)]);
    }
    expect(EXPRESSIONS.filter((expr) => !expr.includes('{cluster=~"$cluster"}'))).toEqual([]);
  });

  it('is a dashboard by the schema of Grafana: what it asks for, unlike names and places', () => {
    expect(DASHBOARD).toMatchObject({
      title: expect.any(String),
      uid: expect.stringMatching(/^[\w-]{1,40}$/),
      schemaVersion: 39,
      time: { from: 'now-7d', to: 'now' },
    });
    const { panels } = DASHBOARD;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const types = ['row', 'stat', 'timeseries', 'state-timeline', 'table'];
    expect(panels.filter(({ type, title }) => !types.includes(type) || title === '')).toEqual([]);
    for (const { targets = [] } of panels) expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});
