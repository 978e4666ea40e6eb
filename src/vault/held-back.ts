import { SnapshotError } from '../errors.ts';
import { refusalPauseMs } from './renewal.ts';

/** Remembers a refused login and gives its error again until the next try is due: Vault locks out who tries too often. */
export class HeldBack {
  #error: SnapshotError | undefined;
  #untilMs = 0;
  #times = 0;

  check(nowMs: number): void {
    if (this.#error === undefined || nowMs >= this.#untilMs) return;
    const { code, message, cause, advice } = this.#error;
    const seconds = Math.ceil((this.#untilMs - nowMs) / 1000);
    throw new SnapshotError(code, `${message}; held back, next login in ${seconds} s`, { cause, advice });
  }

  note(error: SnapshotError, nowMs: number): void {
    this.#times += 1;
    this.#error = error;
    this.#untilMs = nowMs + refusalPauseMs(this.#times);
  }

  clear(): void {
    this.#error = undefined;
    this.#times = 0;
  }
}
