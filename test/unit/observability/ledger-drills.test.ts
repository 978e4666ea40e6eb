import { describe, expect, it } from 'vitest';
import { aLedger, BROKEN, DAY_MS, NOON } from './some-ledger.ts';

describe('the record of a drill', () => {
  const found = (ms: number) => ({ kind: 'drill_found', at: new Date(NOON + ms), level: 'canary-read', seconds: 16 }) as const;

  it('counts as a success of its time, whoever did it', () => {
    const { ledger } = aLedger();
    ledger.tell(found(-DAY_MS));
    expect(ledger.view().drill).toMatchObject({ lastSuccessAt: new Date(NOON - DAY_MS), lastSeconds: 16, lastLevel: 'canary-read', failures: 0 });
  });

  it('changes nothing where a later one is known', () => {
    const { ledger } = aLedger();
    ledger.tell({ kind: 'drilled', level: 'installed', seconds: 3, error: undefined });
    ledger.tell(found(-1));
    expect(ledger.view().drill).toMatchObject({ lastLevel: 'installed', lastSeconds: 3 });
  });

  it('ends the trouble of before it, and none of after it', () => {
    const { ledger } = aLedger();
    ledger.tell({ kind: 'drilled', level: 'none', seconds: 3, error: BROKEN });
    ledger.tell(found(-1));
    expect(ledger.view().drill.trouble).toMatchObject({ message: BROKEN.message });
    ledger.tell(found(1));
    expect(ledger.view().drill.trouble).toBeUndefined();
    expect(ledger.view().drill.failures).toBe(1);
  });
});
