import type { DrillRecord } from '../recovery/drill.ts';
import { type RecoveryReport, renderFailure } from '../recovery/outcome.ts';
import { ageOf } from './units.ts';

/** How it ended, for people. */
export function renderDrill(report: RecoveryReport, record: DrillRecord, isDryRun: boolean): string {
  const lines = report.warnings.map((warning) => `warning: ${warning}\n`);
  if (report.snapshot !== null) {
    const { key, age_seconds: age } = report.snapshot;
    lines.push(`drill: ${key}${age === null ? '' : `, ${ageOf(age * 1000)} old`}: ${report.level}\n`);
  }
  for (const { name, ok, detail } of record.checks) lines.push(ok ? `ok    ${name}\n` : `FAIL  ${name}: ${detail}\n`);
  if (report.error) lines.push(renderFailure(report));
  else if (isDryRun) lines.push('dry run: it could be done here; nothing was started\n');
  else if (record.rtoSeconds !== undefined) lines.push(`      restored in ${Math.round(record.rtoSeconds)} s${tellCanary(record)}\n`);
  for (const left of report.left_behind) lines.push(`left behind: ${left}\n`);
  return lines.join('');
}

function tellCanary({ canary }: DrillRecord): string {
  if (canary === undefined) return '';
  return `, canary ${ageOf(canary.age_seconds * 1000)} old and ${canary.equals_manifest ? 'equal' : 'another one'}`;
}

export function renderDrillJson(report: RecoveryReport, record: DrillRecord): string {
  const { isIsolated, server, seal, canary, checks, rtoSeconds, proof, tokenWay } = record;
  const own = {
    isolated: isIsolated,
    server: server === undefined ? null : { product: server.product ?? null, version: server.version },
    seal: seal === undefined ? null : { ...seal, fingerprint: seal.fingerprint ?? null },
    canary: canary ?? null,
    checks,
    rto_seconds: rtoSeconds ?? null,
    proof: proof ?? null,
    token_way: tokenWay ?? null,
  };
  return `${JSON.stringify({ ...report, ...own })}\n`;
}
