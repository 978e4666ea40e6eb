import { renderBash } from './bash.ts';
import { renderFish } from './fish.ts';
import { renderZsh } from './zsh.ts';

const SCRIPTS: Readonly<Record<string, () => string>> = { bash: renderBash, zsh: renderZsh, fish: renderFish };

/** The grammar lets no other shell through. */
export function renderCompletion(shell: string | undefined): string {
  return SCRIPTS[shell ?? '']?.() ?? '';
}
