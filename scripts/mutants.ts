import { parseAst } from 'vitest/node';
import { type Node, RULES } from './mutant-rules.ts';

/** A file, broken in one place. */
export interface Mutant {
  readonly line: number;
  /** The line before and after: by these a mutant is known when lines move. */
  readonly was: string;
  readonly is: string;
  /** The whole file. */
  readonly text: string;
}

/** Every way of breaking this text that the rules know. */
export function mutantsOf(text: string): readonly Mutant[] {
  const mutants = new Map<string, Mutant>();
  for (const { node, parent } of walk(parse(text), undefined)) {
    for (const { at, end, after } of RULES[node.type]?.(node, text, parent) ?? []) {
      const start = text.lastIndexOf('\n', at) + 1;
      const [first = ''] = text.slice(start).split('\n');
      const [rest = ''] = text.slice(end).split('\n');
      const broken = text.slice(0, at) + after + text.slice(end);
      // What is no code any more would be noticed by anything: that is a fault of the rule.
      parse(broken);
      const line = text.slice(0, at).split('\n').length;
      mutants.set(broken, { line, was: first.trim(), is: (text.slice(start, at) + after + rest).trim(), text: broken });
    }
  }
  return [...mutants.values()].sort((a, b) => a.line - b.line);
}

function parse(text: string): Node {
  return parseAst(text, { lang: 'ts' }) as unknown as Node;
}

/** The code alone: types, imports and names of properties do nothing when it runs. */
function* walk(node: Node, parent: Node | undefined): Generator<{ readonly node: Node; readonly parent: Node | undefined }> {
  const isBesideTypes = ['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'].includes(node.type);
  if (node.type === 'ImportDeclaration' || (node.type.startsWith('TS') && !isBesideTypes)) return;
  yield { node, parent };
  for (const [field, value] of Object.entries(node)) {
    if (field === 'key' && node.computed !== true) continue;
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield* walk(each, node);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
