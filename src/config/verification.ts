import type { VerifyPlan } from '../agent/verify-turn.ts';
import type { Block, Findings } from './block.ts';
import type { Format, Table } from './format.ts';
import { text } from './formats.ts';
import { readSchedule } from './schedule.ts';

const RULE = 'a percentage from "0%" to "100%"';

const percent: Format<number> = {
  rule: RULE,
  jsonSchema: { type: 'string', pattern: '^(\\d{1,2}|100)%$' },
  parse(json) {
    const [, digits] = (json.kind === 'string' && /^(\d{1,2}|100)%$/.exec(json.value)) || [];
    return digits === undefined ? { remedy: 'write it in quotes, for example "10%"' } : { value: Number(digits), shown: `${Number(digits)}%` };
  },
};

export const verifyTable = {
  verify_schedule: {
    doc: 'A cron expression of five or six fields: when stored snapshots are read back in full and proved again, between the rounds of the leader.',
    format: text,
    since: 'new',
  },
  verify_sample: {
    doc: 'How many of the stored snapshots are read back besides the newest of each destination, drawn anew each time.',
    format: percent,
    since: 'new',
    default: '10%',
  },
} as const satisfies Table;

/** Undefined: the daemon verifies nothing. */
export function readVerification({ values, sources }: Block<typeof verifyTable>, timezone: string, findings: Findings): VerifyPlan | undefined {
  const { verify_schedule: schedule, verify_sample: samplePercent } = values;
  if (schedule === undefined && sources.has('verify_sample')) findings.warnings.push('verify_sample: has no effect without verify_schedule');
  const rule = readSchedule({ values: { schedule }, sources: new Map() }, 'verify_', timezone, findings);
  return rule && { rule, samplePercent };
}
