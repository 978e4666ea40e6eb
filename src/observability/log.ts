import { type DestinationStream, pino } from 'pino';
import type { Log } from './contract.ts';

export interface LogTarget {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'text' | 'json';
  /** Under journald a line carries its priority and journald its time. */
  readonly isJournal: boolean;
  readonly write: (text: string) => void;
}

const PRIORITIES: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** One line per call, written at once: what was logged before a kill has been said. */
export function createLog(target: LogTarget): Log {
  const options = {
    level: target.level,
    base: null,
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    // The second net: secrets are objects that do not print, and these names are never fields of ours.
    redact: { paths: ['token', 'secret_id', 'password', '*.token', '*.secret_id', '*.password'], censor: '[secret]' },
  };
  return pino(options, lineWriter(target));
}

function lineWriter(target: LogTarget): DestinationStream {
  return {
    write(line: string): void {
      const { level, time, message, ...fields } = JSON.parse(line) as LoggedLine;
      const body = target.format === 'json' ? line.trimEnd() : renderText(message, fields);
      const stamp = target.format === 'json' || target.isJournal ? '' : `${time} ${level.padEnd(5)} `;
      target.write(`${target.isJournal ? `<${PRIORITIES[level] ?? 6}>` : ''}${stamp}${body}\n`);
    },
  };
}

interface LoggedLine {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** The message first and untouched, so that what greps for the ancestor's lines goes on working. */
function renderText(message: string, fields: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${renderValue(value)}`);
  return [message, ...words].join(' ').replace(LINE_ENDS, ' | ').replace(CONTROLS, '?');
}

// Text from outside must not make a second line, nor move the cursor of whoever reads the journal.
const LINE_ENDS = /\r\n|[\n\r\u0085\u2028\u2029]/g;
const CONTROLS = /\p{Cc}/gu;

function renderValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\\]+$/.test(value)) return value;
  return JSON.stringify(value);
}
