import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { renderExample, renderJsonSchema, renderReference } from '../../../src/config/document.ts';
import { loadConfig } from '../../../src/config/load.ts';

const ROOT = new URL('../../../', import.meta.url);

it.each([
  ['config.example.json', renderExample],
  ['config.schema.json', renderJsonSchema],
  ['docs/config.md', renderReference],
] as const)('%s is what the schema prints', async (path, render) => {
  expect(await readFile(new URL(path, ROOT), 'utf8')).toBe(render());
});

it('the example loads as it is, without a warning', async () => {
  const { config } = await loadConfig({ path: fileURLToPath(new URL('config.example.json', ROOT)), env: {} });
  expect(config.warnings).toEqual([]);
  expect(config.destinations).toMatchObject([{ kind: 'local', path: '/var/backups/vault' }]);
});

it('the JSON Schema refuses what the daemon refuses: unknown keys, at every level', () => {
  const schema = JSON.parse(renderJsonSchema()) as {
    properties: Record<string, { additionalProperties?: unknown; oneOf?: { additionalProperties?: unknown }[] }>;
  };
  expect(schema).toHaveProperty('additionalProperties', false);
  expect(schema.properties.tls?.additionalProperties).toBe(false);
  expect(schema.properties.local_storage?.oneOf?.[0]?.additionalProperties).toBe(false);
});
