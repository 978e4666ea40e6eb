import { describe, expect, it } from 'vitest';
import type { SnapshotError } from '../../../src/errors.ts';
import { aLedger, BROKEN, DAY_MS, NOON } from './some-ledger.ts';

describe('the record of a drill', () => {
  const found = (ms: number, error?: SnapshotError) => ({ kind: 'drill_found', at: new Date(NOON + ms), level: 'canary-read', seconds: 16, error }) as const;

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
    const { ledger, pass } = aLedger();
    ledger.tell({ kind: 'drilled', level: 'none', seconds: 3, error: BROKEN });
    ledger.tell(found(-1));
    expect(ledger.view().drill.trouble).toMatchObject({ message: BROKEN.message });
    pass(1);
    ledger.tell(found(1));
    expect(ledger.view().drill.trouble).toBeUndefined();
    expect(ledger.view().drill.failures).toBe(1);
  });

  it('that failed is trouble of its time until one goes well, and takes nothing from the last that did', () => {
    const { ledger, pass } = aLedger();
    ledger.tell(found(-DAY_MS));
    ledger.tell({ ...found(-5, BROKEN), level: 'none', seconds: 0 });
    expect(ledger.view().drill).toEqual({
      lastSuccessAt: new Date(NOON - DAY_MS),
      lastSeconds: 16,
      lastLevel: 'canary-read',
      failures: 0,
      trouble: { at: new Date(NOON - 5), code: BROKEN.code, message: BROKEN.message, advice: BROKEN.advice },
    });
    pass(10);
    ledger.tell(found(10));
    ledger.tell(found(-5, BROKEN));
    expect(ledger.view().drill.trouble).toBeUndefined();
  });

  it('by a clock that is ahead hides no drill that comes after', () => {
    const { ledger, pass } = aLedger();
    ledger.tell(found(DAY_MS, BROKEN));
    expect(ledger.view().drill.trouble?.at).toEqual(new Date(NOON));
    pass(10);
    ledger.tell(found(10));
    expect(ledger.view().drill.trouble).toBeUndefined();
  });

  it('is known after a restart, also of a failure that left no record', () => {
    const { ledger } = aLedger();
    ledger.tell(found(-DAY_MS));
    ledger.tell({ kind: 'drilled', level: 'none', seconds: 3, error: BROKEN });
    const next = aLedger().ledger;
    next.restore(ledger.remembered());
    expect(next.view().drill).toEqual({ ...ledger.view().drill, failures: 0 });
  });
});
