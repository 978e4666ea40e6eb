import { parseDocument } from 'yaml';
import { invalid } from './invalid.ts';

export function parseYaml(text: string): unknown {
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
