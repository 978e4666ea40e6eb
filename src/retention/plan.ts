/** `last` and the calendar counts keep that many; `withinMs` keeps everything younger. All zero keeps everything. */
export interface RetentionPolicy {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  readonly withinMs: number;
}
