import { DESTINATION_BLOCKS } from './destination-schema.ts';
import type { Key, Table } from './format.ts';
import { REPLACED_KEYS, SECTIONS, SHORTHANDS, TOP_GROUPS, topTable } from './schema.ts';

/** `config.example.json`: the keys that have an example, in the order of the schema. */
export function renderExample(): string {
  const sections = [...Object.entries(SECTIONS), ...DESTINATION_BLOCKS.map(({ block, table }) => [block, table] as const)]
    .map(([name, table]) => [name, examplesOf(table)] as const)
    .filter(([, examples]) => Object.keys(examples).length > 0);
  return toText({ ...examplesOf(topTable), ...Object.fromEntries(sections) });
}

/** `config.schema.json`, for editors. The daemon takes more: keys in any case, null and "" for what is left out. */
export function renderJsonSchema(): string {
  const sections = Object.entries(SECTIONS).map(([name, table]) => [name, sectionSchema(name, table)] as const);
  const destinations = DESTINATION_BLOCKS.map(({ block, table, title }) => {
    const one = { ...blockSchema(table), description: `${title}.` };
    return [block, { oneOf: [one, { type: 'array', items: one }] }] as const;
  });
  const top = blockSchema(topTable);
  return toText({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of vault-snapshotd',
    ...top,
    properties: { $schema: { type: 'string' }, ...top.properties, ...Object.fromEntries([...sections, ...destinations]) },
  });
}

/** The tables of `docs/config.md`. */
export function renderReference(): string {
  return [
    '<!-- Generated from src/config by scripts/generate-docs.ts; do not edit. -->',
    INTRODUCTION,
    ...TOP_GROUPS.map(({ title, table }) => `## ${title}\n\n${keyTable(table)}`),
    ...Object.entries(SECTIONS).map(([name, table]) => `## \`${name}\`\n\n${shorthandNote(name)}${keyTable(table)}`),
    ...DESTINATION_BLOCKS.map(
      ({ block, kind, title, table }) =>
        `## \`${block}\`\n\n${title}. One block, or a list of them; the name is \`${kind}\` unless given.\n\n${keyTable(table)}`,
    ),
    `## Keys that are refused\n\n${Object.entries(REPLACED_KEYS)
      .map(([key, text]) => `- \`${key}\`: ${text}.`)
      .join('\n')}\n`,
  ].join('\n\n');
}

const INTRODUCTION = `# Configuration

One JSON file, \`/etc/vault.d/snapshot.json\` unless \`--config FILE\` names another. \`config.example.json\` is one to begin with,
\`config.schema.json\` helps an editor. \`vault-snapshotd check --offline --config FILE\` prints every value that counts and where it came from.

- Files of the Lucretius \`vault_raft_snapshot_agent\` work as they are: the same keys, the same meaning, the same defaults. Three things differ:
  certificates are verified, the directory of \`local_storage\` must be an absolute path (it is made if missing), and wrong values are refused.
- Keys are read without regard to upper and lower case. \`null\` and \`""\` are the same as leaving the key out. Of a key that is there twice the later one counts.
- Unknown keys and wrong values are refused, all of them at once: \`file: key: rule, got value: remedy\`. Nothing is quietly corrected.
- The environment counts only for what the file leaves out (\`BAO_…\` before \`VAULT_…\`), except for the two variables of Azure, which beat the file as
  they did before; in a list of blocks the file wins there too. An empty variable is no variable. Variables of \`--env-file FILE\` rank below real ones.
- Durations are those of Go: \`90s\`, \`1h30m\`, \`1.5h\`. Where the tables say so, whole days and weeks too: \`30d\`, \`2w\`.
- A secret is a string or, better, a reference that is read again at each use: \`{"file": "/path"}\` (one line break at its end is dropped; a file that every
  user can read is refused, except below \`/run/secrets\`), \`{"env": "NAME"}\`, or \`{"credential": "name"}\` for \`LoadCredential=\` of systemd.
- \`retain\` is a number (the newest N; 0 keeps everything) or a policy: \`{"last": 24, "daily": 14, "weekly": 8, "monthly": 12, "yearly": 5, "within": "7d"}\`,
  also \`hourly\`. A snapshot stays while any part of the policy wants it.
- Without \`vault_auth_method\` the way to log in follows from the keys: \`token_path\`, else \`role_id\` (AppRole), else \`k8s_auth_role\`, else \`token\` or \`VAULT_TOKEN\`.`;

function examplesOf(table: Table): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).flatMap(([name, key]) => (key.example === undefined ? [] : [[name, key.example]])));
}

function sectionSchema(name: string, table: Table): Readonly<Record<string, unknown>> {
  return SHORTHANDS[name] === undefined ? blockSchema(table) : { oneOf: [{ type: 'string' }, blockSchema(table)] };
}

function shorthandNote(name: string): string {
  const shorthand = SHORTHANDS[name];
  return shorthand === undefined ? '' : `A string is the same as \`{"${shorthand}": …}\`.\n\n`;
}

function blockSchema(table: Table): { readonly type: 'object'; readonly properties: Readonly<Record<string, unknown>>; readonly additionalProperties: false } {
  const properties = Object.entries(table).flatMap(([name, key]) => [
    [name, keySchema(key)] as const,
    ...(key.aliases ?? []).map((alias) => [alias, { ...key.format.jsonSchema, description: `The same as ${name}.`, deprecated: true }] as const),
  ]);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

function keySchema({ format, doc, default: fallback }: Key<unknown>): Readonly<Record<string, unknown>> {
  return { ...format.jsonSchema, description: doc, ...(fallback === undefined ? {} : { default: fallback }) };
}

function keyTable(table: Table): string {
  const rows = Object.entries(table).map(([name, key]) => `| ${cells(name, key).join(' | ')} |`);
  return ['| key | meaning | value | default | environment | since |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function cells(name: string, key: Key<unknown>): readonly string[] {
  const aliases = (key.aliases ?? []).map((alias) => `\`${alias}\``).join(', ');
  const fallback = key.default === undefined ? (key.defaultNote ?? '') : `\`${key.default}\``;
  const variables = (key.env ?? []).map((variable) => `\`${variable}\``).join(', ');
  return [
    `\`${name}\``,
    aliases === '' ? key.doc : `${key.doc} Also: ${aliases}.`,
    key.format.rule,
    fallback,
    key.isEnvironmentFirst === true ? `${variables} (beats the file)` : variables,
    key.since,
  ];
}

/** Lists of plain values on one line, as the formatter of this project writes them. */
function toText(value: unknown): string {
  const lists = /\[\n\s*([^[\]{}]*?)\n\s*\]/g;
  return `${JSON.stringify(value, null, 2).replace(lists, (_, items: string) => `[${items.replace(/\n\s*/g, ' ')}]`)}\n`;
}
