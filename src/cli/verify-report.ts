import { ERROR_CODES, type SnapshotError } from '../errors.ts';
import type { Verdict } from '../inventory/verification.ts';
import { ArchiveFault } from '../snapshot/archive-checks.ts';
import { exactNumber } from '../snapshot/manifest.ts';
import { ageOf, sizeOf } from './units.ts';

/** What was verified at one place; `error` where it could not be looked at. */
export interface Verified {
  /** Undefined: a file. */
  readonly destination: string | undefined;
  readonly verdicts: readonly Verdict[];
  readonly error: SnapshotError | undefined;
}

export interface VerifyReport {
  readonly places: readonly Verified[];
  readonly startedAt: Date;
  readonly endedAt: Date;
}

const DAMAGED = ['archive_corrupt', 'storage_mismatch'];

/** A damaged one is the worst news; after it, what could not be read; after that, that all is well but old. */
export function exitCodeOf({ places }: VerifyReport): number {
  const errors = places.flatMap(({ verdicts, error }) => [...verdicts.flatMap((verdict) => verdict.error ?? []), ...(error ? [error] : [])]);
  const first = errors.find(({ code }) => DAMAGED.includes(code)) ?? errors.find(({ code }) => code !== 'stale') ?? errors[0];
  return first?.exitCode ?? 0;
}

export function renderText(report: VerifyReport): string {
  return report.places
    .map((place) => `${place.verdicts.map((verdict) => renderVerdict(place, verdict, report.endedAt)).join('')}${renderError(place)}`)
    .join('');
}

function renderVerdict({ destination }: Verified, { key, error, manifest, proof, warnings, record }: Verdict, now: Date): string {
  const what = destination === undefined ? key : `${destination}: ${key}`;
  const isDamaged = error !== undefined && DAMAGED.includes(error.code);
  if (error) return `FAIL  verify: ${what}: ${detailOf(error)} (${error.code})\n      hint: ${isDamaged ? LEFT_THERE : error.advice}\n`;
  const taken = manifest ? `, taken ${ageOf(now.getTime() - Date.parse(manifest.taken_at))} ago` : '';
  const facts = proof ? `: ${sizeOf(proof.bytes)}, index ${proof.meta.index}, ${proof.entries} entries${taken}` : '';
  const noted = record === undefined ? '' : ', recorded';
  return [`ok    verify: ${what}${facts}${noted}\n`, ...warnings.map((warning) => `      warning: ${warning}\n`)].join('');
}

const LEFT_THERE = 'nothing was deleted; "vault-snapshotd list" shows where else this snapshot is';

function renderError({ destination, error }: Verified): string {
  if (!error) return '';
  return `FAIL  verify: ${destination === undefined ? '' : `${destination}: `}${error.message} (${error.code})\n      hint: ${error.advice}\n`;
}

export function renderJson(report: VerifyReport): string {
  const exitCode = exitCodeOf(report);
  const results = report.places.flatMap(({ destination, verdicts }) =>
    verdicts.map(({ key, error, manifest, proof, warnings, record }) => ({
      destination: destination ?? null,
      key,
      ok: error === undefined,
      failed_check: error instanceof ArchiveFault ? error.check : null,
      code: error?.code ?? null,
      detail: error ? detailOf(error) : null,
      taken_at: manifest?.taken_at ?? null,
      cluster_id: manifest?.cluster_id ?? null,
      archive_bytes: proof?.bytes ?? null,
      archive_sha256: proof?.sha256 ?? null,
      raft_index: proof ? exactNumber(proof.meta.index) : null,
      entries: proof?.entries ?? null,
      warnings,
      record: record ?? null,
    })),
  );
  const errors = report.places.flatMap(({ destination, error }) =>
    error ? [{ destination: destination ?? null, code: error.code, message: error.message, advice: error.advice }] : [],
  );
  const seconds = (report.endedAt.getTime() - report.startedAt.getTime()) / 1000;
  const outcome = exitCode === 0 ? 'verified' : exitCode === ERROR_CODES.stale.exitCode ? 'stale' : 'failed';
  const head = { command: 'verify', outcome, exit_code: exitCode, started_at: report.startedAt.toISOString(), duration_seconds: seconds };
  return `${JSON.stringify({ ...head, results, errors })}\n`;
}

/** The check says enough: `archive: ` in front of it would be said of everything here. */
function detailOf(error: SnapshotError): string {
  return error instanceof ArchiveFault ? error.message.replace(/^archive: /, '') : error.message;
}
