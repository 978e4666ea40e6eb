import type { ProgramView } from './view.ts';

/** What is known of the process itself; it outlives each configuration. */
export class Program {
  #view: ProgramView;

  constructor(view: Omit<ProgramView, 'isLastReloadGood' | 'lastGoodReloadAt'>) {
    this.#view = { ...view, isLastReloadGood: true, lastGoodReloadAt: view.startedAt };
  }

  reloaded(at: Date): void {
    this.#view = { ...this.#view, isLastReloadGood: true, lastGoodReloadAt: at };
  }

  reloadRefused(): void {
    this.#view = { ...this.#view, isLastReloadGood: false };
  }

  view(): ProgramView {
    return this.#view;
  }
}
