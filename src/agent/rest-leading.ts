import type { RoundDeps } from './deps.ts';

// Everyone asks this often who leads, besides the ticks: leadership that moves about between the ticks of all the agents would leave
// the cluster without a snapshot, and who leads no more, or whose Vault is sealed, would say so too late.
export const LEADERSHIP_LOOK_MS = 60_000;

/** What may be done while nothing is due. */
interface Pastime {
  rest(): void;
  keep(wake: Date, nextRound: Date, signal: AbortSignal): Promise<void>;
}

/**
 * Until the next round of a leader. Ends early when this node leads no more, when it cannot tell, and when the clock was set back: the
 * turn that follows goes into that. Resolves with whether it led all the while: what Vault holds may be another state since.
 */
export async function restLeading(next: Date, deps: RoundDeps, pastime: Pastime | undefined, signal: AbortSignal): Promise<boolean> {
  const { clock } = deps;
  pastime?.rest();
  for (let from = clock.now(); from < next; ) {
    const wake = new Date(Math.min(next.getTime(), from.getTime() + LEADERSHIP_LOOK_MS));
    await pastime?.keep(wake, next, signal);
    await clock.waitUntil(wake, signal);
    const now = clock.now();
    if (signal.aborted || wake >= next || now < from || now >= next) return true;
    if (!(await stillLeads(deps, signal))) return signal.aborted;
    from = now;
  }
  return true;
}

async function stillLeads({ vault, tell }: RoundDeps, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await vault.leadership(signal);
    // Who only assumes it goes by the destinations, in its turn.
    if (found.role === 'leader' && !found.isAssumed) tell({ kind: 'leadership', ...found });
    return found.role === 'leader';
  } catch {
    // The turn asks again, and tells what is wrong.
    return false;
  }
}
