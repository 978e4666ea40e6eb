import { SnapshotError } from '../errors.ts';
import type { Selection } from '../inventory/selection.ts';
import type { Asked } from './grammar/verbs.ts';

type VerifyFlags = Asked<'verify'>['flags'];

/** What is to be verified at destinations, and what is wanted of it. */
export interface Question {
  readonly selection: Selection;
  readonly maxAgeMs: number | undefined;
  readonly isRecording: boolean;
}

/** A file is taken as it is: nothing of a destination goes with it. */
export function questionOf(flags: VerifyFlags, file: string | undefined): Question {
  const besides = file === undefined ? undefined : OF_DESTINATIONS.find((flag) => flags[flag] !== undefined && flags[flag] !== false);
  if (besides !== undefined) throw new SnapshotError('usage', `--${besides} does not go with a file: ${JSON.stringify(file)}`);
  return { selection: selectionOf(flags), maxAgeMs: flags['max-age'], isRecording: !flags['no-record'] };
}

const OF_DESTINATIONS = ['config', 'destination', 'max-age', 'no-record', 'snapshot', 'all', 'newest', 'sample'] as const;

function selectionOf({ all, newest, sample, snapshot }: VerifyFlags): Selection {
  if (all) return { kind: 'all' };
  if (newest !== undefined) return { kind: 'newest', count: newest };
  if (sample !== undefined) return { kind: 'sample', percent: sample };
  return snapshot === undefined || snapshot === 'latest' ? { kind: 'latest' } : { kind: 'name', name: snapshot };
}
