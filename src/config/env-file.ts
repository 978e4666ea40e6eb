import { SnapshotError } from '../errors.ts';
import { readTextFile } from './read-text-file.ts';

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/;
const SINGLE_QUOTED = /^'([^']*)'\s*(?:#.*)?$/;
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** The variables of a .env file; they rank below those that are really set. */
export async function readEnvFile(path: string): Promise<Readonly<Record<string, string>>> {
  const { text } = await readTextFile(path);
  return parseEnvFile(text, path);
}

/** `KEY=value` lines; quotes, `export` and comments as shells have them, but nothing is expanded. All faults at once. */
export function parseEnvFile(text: string, path: string): Readonly<Record<string, string>> {
  const variables: [string, string][] = [];
  const faults: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', rest = ''] = ASSIGNMENT.exec(line) ?? [];
    const value = name === '' ? undefined : unquote(rest);
    if (value === undefined) faults.push(`${path}: line ${index + 1}: ${name === '' ? 'expected KEY=value' : `${name}: the quotes do not close`}`);
    else variables.push([name, value]);
  }
  if (faults.length > 0) throw new SnapshotError('config_invalid', faults.join('\n'));
  return Object.fromEntries(variables);
}

function unquote(text: string): string | undefined {
  if (text.startsWith("'")) return SINGLE_QUOTED.exec(text)?.[1];
  if (text.startsWith('"')) return DOUBLE_QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
  return text.replace(/(^|\s+)#.*$/, '').trimEnd();
}
