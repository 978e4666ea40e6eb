/** One piece of a file, replaced by another. */
export interface Mutant {
  readonly at: number;
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

// By tokens, not by syntax: TypeScript 7 has no parser to be called. Blanks around an operator tell it from a type argument, an arrow or a pattern.
const RULES: readonly { readonly pattern: RegExp; readonly after: readonly string[] }[] = [
  { pattern: / === /g, after: [' !== '] },
  { pattern: / !== /g, after: [' === '] },
  { pattern: / < /g, after: [' <= ', ' >= '] },
  { pattern: / > /g, after: [' >= ', ' <= '] },
  { pattern: / <= /g, after: [' < ', ' > '] },
  { pattern: / >= /g, after: [' > ', ' < '] },
  { pattern: / && /g, after: [' || '] },
  { pattern: / \|\| /g, after: [' && '] },
  { pattern: / \+ /g, after: [' - '] },
  { pattern: / - /g, after: [' + '] },
  { pattern: / \* /g, after: [' / '] },
  { pattern: / \/ /g, after: [' * '] },
  { pattern: / % /g, after: [' * '] },
  { pattern: / \+= /g, after: [' -= '] },
  { pattern: / -= /g, after: [' += '] },
  { pattern: /\btrue\b/g, after: ['false'] },
  { pattern: /\bfalse\b/g, after: ['true'] },
  { pattern: /(?<=[( ])!(?=[\w(#])/g, after: [''] },
  { pattern: /\bMath\.min\b/g, after: ['Math.max'] },
  { pattern: /\bMath\.max\b/g, after: ['Math.min'] },
  { pattern: /(?<=[\s([])\d[\d_]*\b(?!\.\d|n\b|})/g, after: ['0', '1', '7'] },
  { pattern: /\bif \((?!!)/g, after: ['if (false && ', 'if (true || '] },
  { pattern: /\breturn (?=[^;{]+;$)/gm, after: ['return undefined as never; '] },
  { pattern: /\.some\(/g, after: ['.every('] },
  { pattern: /\.every\(/g, after: ['.some('] },
  { pattern: /\.find\(/g, after: ['.findLast('] },
];

/** Every way of breaking this text that the rules know; none in comments, imports, types and patterns. */
export function mutantsOf(text: string): readonly Mutant[] {
  const isSpared = sparedPlaces(text);
  return RULES.flatMap(({ pattern, after }) =>
    [...text.matchAll(pattern)].flatMap(({ index, 0: before }) => {
      if (isSpared(index)) return [];
      const line = text.slice(0, index).split('\n').length;
      return after.filter((instead) => instead !== before).map((instead) => ({ at: index, line, before, after: instead }));
    }),
  ).sort((a, b) => a.at - b.at);
}

export function withMutant(text: string, { at, before, after }: Mutant): string {
  return `${text.slice(0, at)}${after}${text.slice(at + before.length)}`;
}

function sparedPlaces(text: string): (at: number) => boolean {
  const spared = [
    /\/\*[\s\S]*?\*\//g,
    /(^|\s)\/\/.*$/gm,
    /^import .*$/gm,
    /^(export )?interface [\s\S]*?^}/gm,
    /^(export )?type [\s\S]*?;$/gm,
    /'[^'\n]*'/g,
    /\bas const\b/g,
  ].flatMap((pattern) => [...text.matchAll(pattern)].map(({ index, 0: found }) => [index, index + found.length] as const));
  return (at) => spared.some(([from, to]) => at >= from && at < to);
}
