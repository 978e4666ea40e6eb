/** A node of the syntax tree, as far as the rules look at it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Change {
  readonly at: number;
  readonly end: number;
  readonly after: string;
}

type Rule = (node: Node, text: string, parent: Node | undefined) => readonly Change[];

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '>': ['>=', '<='],
  '<=': ['<', '>'],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '>>': ['<<'],
  '>>>': ['>>'],
  '&': ['|'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '??=': ['='],
};
const SWAPPED_METHODS: ReadonlyMap<string, string> = new Map([
  ['min', 'max'],
  ['max', 'min'],
  ['some', 'every'],
  ['every', 'some'],
  ['find', 'findLast'],
  ['floor', 'ceil'],
  ['startsWith', 'endsWith'],
]);
const DROPPED_METHODS = ['filter', 'slice', 'subarray', 'reverse', 'toSorted', 'trim', 'toLowerCase', 'padStart', 'replace'];
const PATTERN_CHANGES: readonly { readonly piece: RegExp; readonly after: string }[] = [
  { piece: /(?<![[\\])\^/g, after: '' },
  { piece: /(?<!\\)\$/g, after: '' },
  { piece: /\[\^/g, after: '[' },
  { piece: /(?<![\\[])\[(?!\^)/g, after: '[^' },
  { piece: /\\d/g, after: '\\D' },
  { piece: /(?<!\\)[+*]/g, after: '' },
  { piece: /\{[\d,]+\}/g, after: '' },
];

/** How code of each kind is broken. Whole bodies are not emptied: their statements are taken out one by one. */
export const RULES: Readonly<Record<string, Rule>> = {
  BinaryExpression: changeOperator,
  AssignmentExpression: changeOperator,
  LogicalExpression: (node, text) => [
    ...changeOperator(node, text),
    ...[child(node, 'left'), child(node, 'right')].map((side) => instead(node, `(${textOf(side, text)})`)),
  ],
  UnaryExpression: (node, text) => (node.operator === '!' || node.operator === '-' ? [instead(node, `(${textOf(child(node, 'argument'), text)})`)] : []),
  AwaitExpression: (node, text) => [instead(node, `(${textOf(child(node, 'argument'), text)})`)],
  ConditionalExpression: (node) => force(node, ['true', 'false']),
  IfStatement: (node) => force(node, ['true', 'false']),
  // Not `true`: a loop without an end would be found by the clock alone.
  WhileStatement: (node) => force(node, ['false']),
  ForStatement: (node) => force(node, ['false']),
  Literal: changeLiteral,
  TemplateLiteral: (node) => (node.end - node.start > 2 ? [instead(node, '``')] : []),
  ArrayExpression: (node) => (children(node, 'elements').length > 0 ? [instead(node, '[]')] : []),
  ObjectExpression: (node) => (children(node, 'properties').length > 0 ? [instead(node, '{}')] : []),
  ArrowFunctionExpression: (node, text) => (/=> (\{\}|undefined)$/.test(textOf(node, text)) ? [] : [instead(node, '() => undefined')]),
  ExpressionStatement: takeOut,
  ThrowStatement: takeOut,
  BreakStatement: takeOut,
  ContinueStatement: takeOut,
  ReturnStatement: (node, text, parent) => (/^return( undefined)?;/.test(textOf(node, text)) ? takeOut(node, text, parent) : [instead(node, 'return;')]),
  MemberExpression: (node, text) => requireChain(node, child(node, 'object'), text),
  CallExpression: (node, text) => [...requireChain(node, child(node, 'callee'), text), ...changeMethod(node, text)],
};

function changeOperator(node: Node, text: string): readonly Change[] {
  const operator = String(node.operator);
  const at = text.indexOf(operator, child(node, 'left').end);
  return (OPERATORS[operator] ?? []).map((after) => ({ at, end: at + operator.length, after }));
}

function force(node: Node, values: readonly string[]): readonly Change[] {
  return values.map((value) => instead(child(node, 'test'), value));
}

function changeLiteral(node: Node, text: string): readonly Change[] {
  const { value } = node;
  if (value instanceof RegExp) return changePattern(node, textOf(node, text));
  if (typeof value === 'boolean') return [instead(node, String(!value))];
  if (typeof value === 'string') return [instead(node, value === '' ? "'mutant'" : "''")];
  if (typeof value === 'bigint') return [instead(node, `${value + 1n}n`), ...(value > 0n ? [instead(node, `${value - 1n}n`)] : [])];
  if (typeof value !== 'number') return [];
  // A share, or a limit, a size or a time: one more is nothing to them, and how their edge is taken shows in the comparison.
  if (!Number.isInteger(value)) return [instead(node, String(value * 2)), instead(node, String(value / 2))];
  if (value > 100) return [instead(node, String(value * 2)), instead(node, String(value >> 1))];
  return [instead(node, String(value + 1)), ...(value > 0 ? [instead(node, String(value - 1))] : [])];
}

function changePattern(node: Node, raw: string): readonly Change[] {
  return PATTERN_CHANGES.flatMap(({ piece, after }) =>
    [...raw.matchAll(piece)].map(({ index, 0: before }) => {
      const at = node.start + index;
      return { at, end: at + before.length, after };
    }),
  );
}

function takeOut(node: Node, _text: string, parent: Node | undefined): readonly Change[] {
  // Alone under an `if`, it is gone when the condition is forced to false.
  return parent?.type === 'IfStatement' && !parent.alternate ? [] : [instead(node, ';')];
}

function requireChain(node: Node, before: Node, text: string): readonly Change[] {
  if (node.optional !== true) return [];
  const at = text.indexOf('?.', before.end);
  return [{ at, end: at + 2, after: node.type === 'MemberExpression' && node.computed !== true ? '.' : '' }];
}

function changeMethod(node: Node, text: string): readonly Change[] {
  const callee = child(node, 'callee');
  if (callee.type !== 'MemberExpression' || callee.computed === true) return [];
  const property = child(callee, 'property');
  const name = String(property.name);
  const swapped = SWAPPED_METHODS.get(name);
  if (swapped !== undefined) return [instead(property, swapped)];
  return DROPPED_METHODS.includes(name) ? [instead(node, textOf(child(callee, 'object'), text))] : [];
}

function instead({ start, end }: Node, after: string): Change {
  return { at: start, end, after };
}

function textOf({ start, end }: Node, text: string): string {
  return text.slice(start, end);
}

function child(node: Node, field: string): Node {
  return node[field] as Node;
}

function children(node: Node, field: string): readonly Node[] {
  return node[field] as readonly Node[];
}
