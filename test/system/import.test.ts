import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../unit/source-tree.ts';
import { run } from './program.ts';

it.each([
  { file: 'import/successor-complete.yaml', addr: 'https://node1.example.com:8200' },
  { file: 'configs/successor.toml', addr: 'https://vault.example.org:8200' },
  { file: 'configs/successor.json', addr: 'https://vault.example.org:8200' },
])('the built program converts $file', async ({ file, addr }) => {
  const { stdout, stderr } = await run(['import', join(ROOT, 'test/fixtures', file)]);
  expect(stderr).not.toContain('(internal)');
  expect(JSON.parse(stdout)).toMatchObject({ addr });
});
