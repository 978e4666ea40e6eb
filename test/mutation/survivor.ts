/** What may survive in one file, for one reason. */
export interface Survivors {
  readonly file: string;
  readonly reason: string;
  /** The line before and after each change, as a run prints them. */
  readonly changes: readonly (readonly [was: string, is: string])[];
}
