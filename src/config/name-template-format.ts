import { SnapshotError } from '../errors.ts';
import { parseNameTemplate } from '../snapshot/name.ts';
import type { Format } from './format.ts';

// What the line of a fault in the configuration says by itself: the key, and later the value.
const NAMED = /^name_template: "(?:[^"\\]|\\.)*" /;

export const nameTemplate: Format<string> = {
  rule: 'a name such as "{cluster}-{time}.snap"',
  jsonSchema: { type: 'string' },
  parse(json) {
    if (json.kind !== 'string') return { remedy: 'write it as a string, in double quotes' };
    try {
      parseNameTemplate(json.value);
      return { value: json.value, shown: json.value };
    } catch (error) {
      if (error instanceof SnapshotError) return { rule: error.message.replace(NAMED, ''), remedy: error.advice };
      throw error;
    }
  },
};
