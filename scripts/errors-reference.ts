import { ERROR_CODES } from '../src/errors.ts';

const HEAD = `# Errors and exit codes

Every failure has a code that never changes its meaning. It stands in the log (\`code=\`), in the report of \`--once --json\` and in
the last line before the program ends. Of a round that failed, the exit code is that of its first cause; 0 is a snapshot taken,
or a standby that had nothing to do. This page is made from \`src/errors.ts\`.

Where waiting can help, the daemon tries again by itself: soon at first, then every five minutes; otherwise every fifteen minutes, because
somebody has to act.

| code | exit | can waiting help? | what to do |
| --- | --- | --- | --- |
`;

/** docs/errors.md. */
export function renderErrors(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { exitCode, isRetryable, advice }]) => `| \`${code}\` | ${exitCode} | ${isRetryable ? 'yes' : 'no'} | ${advice} |\n`,
  );
  return HEAD + rows.join('');
}
