import { readFile, writeFile } from 'node:fs/promises';
import { renderExample, renderJsonSchema, renderReference } from '../src/config/document.ts';
import { renderMetricsReference } from '../src/observability/metrics.ts';
import { cliPages } from './cli-pages.ts';
import { renderErrors } from './errors-reference.ts';
import { renderEvents } from './events-reference.ts';

const ROOT = new URL('../', import.meta.url);

await writeFile(new URL('config.example.json', ROOT), renderExample());
await writeFile(new URL('config.schema.json', ROOT), renderJsonSchema());
await writeFile(new URL('docs/config.md', ROOT), renderReference());
await writeFile(new URL('docs/errors.md', ROOT), renderErrors());
await writeFile(new URL('docs/events.md', ROOT), renderEvents());
for (const [path, text] of Object.entries(cliPages())) await writeFile(new URL(path, ROOT), text);

const guide = new URL('docs/monitoring.md', ROOT);
const between = /(<!-- metrics: .* -->\n)[\s\S]*(<!-- end of metrics -->)/;
await writeFile(
  guide,
  (await readFile(guide, 'utf8')).replace(between, (_, begin: string, end: string) => `${begin}\n${renderMetricsReference()}\n\n${end}`),
);
