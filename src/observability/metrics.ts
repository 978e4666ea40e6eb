import { FAMILIES, METRIC_PREFIX } from './metric-families.ts';
import type { Family, Sample } from './metric-samples.ts';
import type { ClusterView, ProgramView } from './view.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Everything in Prometheus' text format. Text from outside gets into label values only, and never a file name or an error. */
export function renderMetrics(program: ProgramView, clusters: readonly ClusterView[]): string {
  return FAMILIES.map((family) => renderFamily(family, family.read(program, clusters))).join('');
}

/** The table of the guide. */
export function renderMetricsReference(): string {
  const rows = FAMILIES.map(({ name, kind, labels, help }) => `| \`${METRIC_PREFIX}${name}\` | ${kind} | ${labels.join(', ')} | ${help} |`);
  return ['| name | kind | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function renderFamily({ name, kind, labels, help }: Family, samples: readonly Sample[]): string {
  const fullName = `${METRIC_PREFIX}${name}`;
  const lines = samples.map(({ suffix = '', labelValues, bound, value }) => {
    const pairs = labels.map((label, at) => `${label}="${escapeLabel(labelValues[at] ?? '')}"`);
    if (bound !== undefined) pairs.push(`le="${bound}"`);
    return `${fullName}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
  });
  return `# HELP ${fullName} ${help}\n# TYPE ${fullName} ${kind}\n${lines.join('')}`;
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
