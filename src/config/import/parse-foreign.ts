import { type Json, parseJson } from '../json.ts';
import { invalid } from './invalid.ts';

const HCL = /^[ \t]*\w+[ \t]*("[^"\n]*"[ \t]*)*\{/m;
const TOML = /^[ \t]*(\[[\w."-]+\][ \t]*(#.*)?$|[\w."-]+[ \t]*=)/m;

/** JSON, TOML or YAML, told apart by how it looks. What is wrong is told by its place: the words of a parser would quote a secret. */
export async function parseForeign(text: string): Promise<unknown> {
  if (/^\s*\{/.test(text)) return toPlain(parseJson(text));
  if (HCL.test(text))
    throw invalid('this is HCL, and only JSON, YAML and TOML are read', 'write it as JSON first: every product that takes HCL takes that too');
  if (TOML.test(text)) return parseToml(text);
  // By way of a file of ours: of a package in CommonJS, a bundle gives away no names to whoever imports it late.
  return (await import('./parse-yaml.ts')).parseYaml(text);
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

/** Of a key that is there twice the later one counts, as in Go. */
function toPlain(json: Json): unknown {
  if (json.kind === 'list') return json.items.map(toPlain);
  if (json.kind === 'object') return Object.fromEntries(json.members.map(({ key, value }) => [key, toPlain(value)]));
  if (json.kind === 'number') return Number(json.text);
  return json.kind === 'null' ? null : json.value;
}
