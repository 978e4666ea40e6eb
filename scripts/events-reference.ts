import { EVENTS } from '../src/observability/events-table.ts';

const HEAD = `# Events in the log

Every line has an \`event\` that never changes its meaning; the message before it is for people, and the words of the old agent where it had them.
Further fields are values; \`code\` is one of [errors.md](errors.md). A failure that repeats within a round is said once. This page is made from
\`src/observability/events-table.ts\`.

Under systemd each line has the priority of its level (error 3, warn 4, info 6, debug 7), so journald can choose among them:

<!-- not run: the last one goes on for ever -->
\`\`\`sh
# What somebody must act on, of the last week
journalctl -u vault-snapshotd -p err --since -7d
# What was done without, besides
journalctl -u vault-snapshotd -p warning --since -7d
# The snapshots taken, and those that were not
journalctl -u vault-snapshotd -g 'event=round_(done|failed)'
# Everything about one destination
journalctl -u vault-snapshotd -g 'destination=local'
# Only what follows
journalctl -u vault-snapshotd -f -n 0
\`\`\`

With \`"log": {"format": "json"}\` the same fields are JSON:

<!-- not run: the system of the test has no jq -->
\`\`\`sh
journalctl -u vault-snapshotd -o cat | jq 'select(.event == "round_done") | {time, name, size}'
\`\`\`

| event | level | fields | what it means | what to do |
| --- | --- | --- | --- | --- |
`;

/** docs/events.md. */
export function renderEvents(): string {
  const rows = Object.entries(EVENTS).map(([event, { level, fields, means, remedy }]) => `| \`${event}\` | ${level} | ${fields} | ${means} | ${remedy} |\n`);
  return HEAD + rows.join('');
}
