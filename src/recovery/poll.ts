import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError, toSnapshotError } from '../errors.ts';
import type { Hidden, SealStatus, Sent, Target } from './contract.ts';

const EVERY_MS = 1_000;
// Without anything that tells the old state from the new one: as long as a server takes to begin with what it has accepted, and longer.
const CALM_MS = 30_000;
/** More than a server of middle size is silent for while it applies. */
const SILENCE_MS = 60_000;

/** How it will show that the snapshot was applied. */
export type Sign =
  /** The server is to become another cluster. */
  | { readonly kind: 'cluster_id'; readonly clusterId: string }
  /** A token made after the snapshot was taken, that the server knows and will know no more. After `until` it ends by itself and proves nothing. */
  | { readonly kind: 'token'; readonly token: Hidden; readonly until: Date }
  /** None: only that it serves again, and goes on to. */
  | { readonly kind: 'calm' };

export interface PollDeps {
  readonly target: Target;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The server said that it has taken it, or has only not said otherwise. */
  readonly sent: Sent;
  /** Hears, once, that the server has been silent for long. */
  onSilence(what: string): void;
}

/** What became of it: `sealed` wants the shares of the snapshot; `proof` is what showed that it was applied. */
export type Applied =
  | { readonly outcome: 'sealed'; readonly status: SealStatus }
  | { readonly outcome: 'serving'; readonly proof: 'cluster_id' | 'token' | 'weak' };

/** Waits until the server has really applied what it accepted. Silence is normal meanwhile: a server answers nothing for seconds. */
export async function pollApplied(sign: Sign, deps: PollDeps, signal: AbortSignal): Promise<Applied> {
  const { clock, timeoutMs, target } = deps;
  const begunMs = clock.now().getTime();
  let silentSinceMs: number | undefined;
  let isSilenceTold = false;
  let calmSinceMs: number | undefined;
  let isApplied = false;
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    const status = await ask(target, signal);
    if (status === undefined) silentSinceMs ??= nowMs;
    else silentSinceMs = undefined;
    if (silentSinceMs !== undefined && nowMs - silentSinceMs >= SILENCE_MS && !isSilenceTold) {
      isSilenceTold = true;
      deps.onSilence(silence(target, silentSinceMs));
    }
    if (status?.isSealed) return { outcome: 'sealed', status };
    isApplied ||= status !== undefined && canTell(sign, clock.now()) && (await hasShown(sign, status, target, signal));
    const isServing = status !== undefined && (await target.isServing(signal));
    if (isApplied && isServing && sign.kind !== 'calm') return { outcome: 'serving', proof: sign.kind };
    calmSinceMs = isServing ? (calmSinceMs ?? nowMs) : undefined;
    if (calmSinceMs !== undefined && nowMs - calmSinceMs >= CALM_MS) {
      if (deps.sent === 'unanswered') throw canTell(sign, clock.now()) ? neverTaken(target) : nobodyKnows(target);
      if (!canTell(sign, clock.now())) return { outcome: 'serving', proof: 'weak' };
    }
    if (nowMs - begunMs >= timeoutMs) throw tooLate(target, timeoutMs, silentSinceMs);
    await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
  }
}

function canTell(sign: Sign, now: Date): boolean {
  return sign.kind === 'cluster_id' || (sign.kind === 'token' && now < sign.until);
}

async function hasShown(sign: Sign, status: SealStatus, target: Target, signal: AbortSignal): Promise<boolean> {
  if (sign.kind === 'cluster_id') return status.clusterId === sign.clusterId;
  return sign.kind === 'token' && (await isDead(sign.token, target, signal));
}

async function isDead(token: Hidden, target: Target, signal: AbortSignal): Promise<boolean> {
  try {
    return !(await target.isAlive(token, signal));
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    if (thrown instanceof SnapshotError) return false;
    throw thrown;
  }
}

/** Undefined: it does not answer, for now. */
async function ask(target: Target, signal: AbortSignal): Promise<SealStatus | undefined> {
  try {
    return await target.sealStatus(signal);
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    const error = toSnapshotError(thrown);
    if (error.code.startsWith('vault_')) return undefined;
    throw error;
  }
}

function neverTaken({ address }: Target): SnapshotError {
  const advice = 'nothing was changed; raise "http_read_timeout" of the listener, look at proxies in between, and run it again';
  return new SnapshotError('upload_cut', `vault: ${address}: the connection broke at the end of the upload, and the server has not applied it`, { advice });
}

function nobodyKnows({ address }: Target): SnapshotError {
  const advice = 'look whether what was written after the snapshot is still there, before you run it again';
  return new SnapshotError('restore_timeout', `vault: ${address}: the connection broke at the end of the upload, and nothing tells whether it was applied`, {
    advice,
  });
}

/** A large snapshot is applied in silence, and a server that stands still looks the same from here; its log tells them apart. */
function silence({ address }: Target, sinceMs: number): string {
  const since = new Date(sinceMs).toISOString();
  return `${address}: no answer since ${since}; if the last lines of its log say "pre-seal teardown starting", it stands still: restart it, nothing was applied`;
}

function tooLate({ address }: Target, timeoutMs: number, silentSinceMs: number | undefined): SnapshotError {
  if (silentSinceMs !== undefined) return new SnapshotError('target_lost', `vault: ${address}: unreachable since ${new Date(silentSinceMs).toISOString()}`);
  return new SnapshotError('restore_timeout', `vault: ${address}: nothing shows within ${timeoutMs / 1000}s that the snapshot was applied`);
}
