import { BOUNDS_SECONDS, type Histogram } from './view.ts';

/** Counts how long something took, over and over. */
export class Durations {
  readonly #counts: number[] = BOUNDS_SECONDS.map(() => 0);
  #count = 0;
  #sumMs = 0;

  observe(ms: number): void {
    this.#count++;
    this.#sumMs += ms;
    for (const [at, bound] of BOUNDS_SECONDS.entries()) if (ms <= bound * 1000) this.#counts[at]!++;
  }

  view(): Histogram {
    return { counts: [...this.#counts], count: this.#count, sumSeconds: this.#sumMs / 1000 };
  }
}
