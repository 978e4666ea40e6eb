import type { StopSignals } from '../agent/agent.ts';
import { type ErrorCode, SnapshotError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../snapshot/watchdog.ts';
import type { Host } from './host.ts';

/** Set once a stop was asked for: `code` tells by which signal. */
export interface Stopping extends StopSignals {
  readonly code: () => ErrorCode | undefined;
}

/** SIGTERM and SIGINT: the round in progress gets the grace period; a second signal takes it away. */
export function listenForStop(host: Host, graceMs: number): Stopping {
  const stop = new AbortController();
  const abort = new AbortController();
  let code: ErrorCode | undefined;
  const hear = (heard: ErrorCode, name: string) => () => {
    const reason = new SnapshotError(heard, `stopped by ${name}`);
    if (code !== undefined) return abort.abort(reason);
    code = heard;
    stop.abort(reason);
    // Must not keep a process alive that has nothing left to do.
    setTimeout(() => abort.abort(reason), Math.min(graceMs, LONGEST_TIMER_MS)).unref();
  };
  host.on('SIGTERM', hear('stopped', 'SIGTERM'));
  host.on('SIGINT', hear('stopped_int', 'SIGINT'));
  return { stop: stop.signal, abort: abort.signal, code: () => code };
}
