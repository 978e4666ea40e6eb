import type { SnapshotError } from '../errors.ts';
import type { Trouble } from './view.ts';

export function toTrouble({ code, message, advice }: SnapshotError, at: Date): Trouble {
  return { at, code, message, advice };
}
