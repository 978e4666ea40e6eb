/** A fenced block of a guide that holds commands. */
export interface Block {
  readonly line: number;
  readonly commands: string;
  /** Why it cannot be run here; undefined where it is. */
  readonly notRun: string | undefined;
  /** Asked again and again until it ends with 0; only then the block is run. */
  readonly when: string | undefined;
  /** Of a transcript: what it shows of the answer. */
  readonly shown: readonly string[];
  /** How the block ends if all is well. */
  readonly exitCode: number;
}

const FENCE = /^( *)(`{3,})(\w*)$/;
const MARK = /^ *<!-- (not run|when|exit): (.*) -->$/;

/**
 * Every `sh` block, and every transcript: a block with lines that begin with `$ `. What stands in marks right above it, one on a line,
 * counts for it.
 */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  let marks = new Map<string, string>();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const [, mark, value] = MARK.exec(line) ?? [];
    if (mark !== undefined && value !== undefined) marks.set(mark, value);
    const [, indent = '', fence, language] = FENCE.exec(line) ?? [];
    if (fence !== undefined) {
      const end = lines.indexOf(indent + fence, at + 1);
      if (end < 0) throw new Error(`line ${at + 1}: a block without an end`);
      const inside = lines.slice(at + 1, end).map((text) => text.slice(indent.length));
      const commands = commandsIn(language ?? '', inside);
      const shown = language === 'sh' ? [] : inside.filter((text) => text !== '' && !text.startsWith('$ '));
      const exitCode = Number(marks.get('exit') ?? 0);
      if (commands !== undefined) blocks.push({ line: at + 1, commands, notRun: marks.get('not run'), when: marks.get('when'), shown, exitCode });
      at = end;
    }
    if (mark === undefined) marks = new Map();
  }
  return blocks;
}

function commandsIn(language: string, lines: readonly string[]): string | undefined {
  if (language === 'sh') return lines.join('\n');
  const typed = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return typed.length === 0 ? undefined : typed.join('\n');
}

/** Which of the lines shown are none of the program's: but for numbers, times, ids and the width of columns, and for what is left out by "…". */
export function unlike(shown: readonly string[], answered: string): readonly string[] {
  const answers = answered.split('\n').map(shapeOf);
  return shown.filter((line) => {
    const shape = shapeOf(line.replace(/ ?…$/, ''));
    return !answers.some((answer) => (line.endsWith('…') ? answer.startsWith(shape) : answer === shape));
  });
}

function shapeOf(line: string): string {
  return line
    .replaceAll(/[0-9a-f]{8,}(-[0-9a-f]{4,})*…?/g, '#')
    .replaceAll(/[\d.]+ ?(s|m|min|h|d|days|kB|MB)\b/g, '#')
    .replaceAll(/\d+/g, '#')
    .replaceAll(/ +/g, ' ')
    .trim();
}
