import { ERROR_CODES, type SnapshotError } from '../errors.ts';
import { LEFT_THERE, type Verdict } from '../inventory/verification.ts';
import { bytesOf } from '../observability/units.ts';
import type { RecoveredSnapshot } from '../recovery/outcome.ts';
import { ArchiveFault } from '../snapshot/archive-checks.ts';
import { exactNumber } from '../snapshot/manifest.ts';
import { ageOf } from './units.ts';

/** What was verified at one place; `error` where it could not be looked at. */
export interface Verified {
  /** Undefined: a file. */
  readonly destination: string | undefined;
  readonly verdicts: readonly Verdict[];
  readonly error: SnapshotError | undefined;
}

/** One place, and how long it took. */
export interface TimedPlace extends Verified {
  readonly ms: number;
}

export interface VerifyReport {
  readonly runId: string;
  readonly places: readonly TimedPlace[];
  readonly startedAt: Date;
  readonly endedAt: Date;
}

const DAMAGED = ['archive_corrupt', 'storage_mismatch'];

export function exitCodeOf(report: VerifyReport): number {
  return worstOf(report.places)?.exitCode ?? 0;
}

/** A damaged one is the worst news; after it, what could not be read; after that, that all is well but old. */
function worstOf(places: readonly Verified[]): SnapshotError | undefined {
  const errors = places.flatMap(errorsOf);
  return errors.find(({ code }) => DAMAGED.includes(code)) ?? errors.find(({ code }) => code !== 'stale') ?? errors[0];
}

function errorsOf({ verdicts, error }: Verified): readonly SnapshotError[] {
  return [...verdicts.flatMap((verdict) => verdict.error ?? []), ...(error ? [error] : [])];
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
  const facts = proof ? `: ${bytesOf(proof.bytes)}, index ${proof.meta.index}, ${proof.entries} entries${taken}` : '';
  const noted = record === undefined ? '' : ', recorded';
  return [`ok    verify: ${what}${facts}${noted}\n`, ...warnings.map((warning) => `      warning: ${warning}\n`)].join('');
}

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
  const head = { command: 'verify', outcome, level: exitCode === 0 || outcome === 'stale' ? 'verified' : 'none', exit_code: exitCode };
  const times = { run_id: report.runId, started_at: report.startedAt.toISOString(), duration_seconds: seconds };
  return `${JSON.stringify({ ...head, ...failureOf(report), ...times, ...subjectOf(report), results, errors })}\n`;
}

/** What every command of recovery tells of a failure, and of its steps; here a step is a place. */
function failureOf({ places }: VerifyReport) {
  const worst = worstOf(places);
  const steps = places.map((place) => ({ name: stepOf(place), ok: errorsOf(place).length === 0, seconds: place.ms / 1000 }));
  const failed = places.find((place) => worst !== undefined && errorsOf(place).includes(worst));
  const error = worst ? { code: worst.code, message: detailOf(worst), advice: worst.advice } : null;
  const warnings = places.flatMap(({ verdicts }) => verdicts.flatMap(({ key, warnings: own }) => own.map((warning) => `${key}: ${warning}`)));
  return { stage: failed ? stepOf(failed) : null, error, steps, warnings, left_behind: [] };
}

function stepOf({ destination }: Verified): string {
  return `read ${destination ?? 'file'}`;
}

/** The place and the snapshot, where there is one of it and not several. */
function subjectOf({ places, endedAt }: VerifyReport) {
  const destination = places.length === 1 ? (places[0]?.destination ?? null) : null;
  const [verdict, ...others] = places.flatMap(({ verdicts }) => verdicts);
  if (verdict === undefined || others.length > 0) return { destination, snapshot: null };
  const { key, manifest, proof } = verdict;
  const snapshot: RecoveredSnapshot = {
    key,
    taken_at: manifest?.taken_at ?? null,
    age_seconds: manifest ? Math.floor((endedAt.getTime() - Date.parse(manifest.taken_at)) / 1000) : null,
    cluster_id: manifest?.cluster_id ?? null,
    raft_index: proof ? exactNumber(proof.meta.index) : null,
    archive_sha256: proof?.sha256 ?? null,
    entries: proof?.entries ?? null,
  };
  return { destination, snapshot };
}

/** The check says enough: `archive: ` in front of it would be said of everything here. */
function detailOf(error: SnapshotError): string {
  return error instanceof ArchiveFault ? error.message.replace(/^archive: /, '') : error.message;
}
