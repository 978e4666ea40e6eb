import { SnapshotError } from '../../errors.ts';
import { type Json, parseJson } from '../json.ts';

const HCL = /^[ \t]*\w+[ \t]*("[^"\n]*"[ \t]*)*\{/m;
const TOML = /^[ \t]*(\[[\w."-]+\][ \t]*(#.*)?$|[\w."-]+[ \t]*=)/m;

/** JSON, TOML or YAML, told apart by how it looks. What is wrong is told by its place: the words of a parser would quote a secret. */
export async function parseForeign(text: string): Promise<unknown> {
  if (/^\s*\{/.test(text)) return toPlain(parseJson(text));
  if (HCL.test(text))
    throw invalid('this is HCL, and only JSON, YAML and TOML are read', 'write it as JSON first: every product that takes HCL takes that too');
  return TOML.test(text) ? parseToml(text) : parseYaml(text);
}

async function parseToml(text: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (cause) {
    if (cause instanceof TomlError) throw invalid(`line ${cause.line}, column ${cause.column}: not valid TOML`, 'correct that line', cause);
    throw cause;
  }
}

async function parseYaml(text: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { logLevel: 'error' });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    const { line, col } = fault.linePos?.[0] ?? { line: 1, col: 1 };
    const words = fault.code.toLowerCase().replaceAll('_', ' ');
    throw invalid(`line ${line}, column ${col}: not valid YAML: ${words}`, 'correct that line', fault);
  }
  try {
    return document.toJS() as unknown;
  } catch (cause) {
    if (cause instanceof ReferenceError) throw invalid('its aliases would grow without end', 'write out what they stand for', cause);
    throw cause;
  }
}

/** Of a key that is there twice the later one counts, as in Go. */
function toPlain(json: Json): unknown {
  if (json.kind === 'list') return json.items.map(toPlain);
  if (json.kind === 'object') return Object.fromEntries(json.members.map(({ key, value }) => [key, toPlain(value)]));
  if (json.kind === 'number') return Number(json.text);
  return json.kind === 'null' ? null : json.value;
}

function invalid(message: string, advice: string, cause?: unknown): SnapshotError {
  return new SnapshotError('config_invalid', message, { advice, cause });
}
