import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { type Material, materialsOf } from './package/materials.ts';

const root = join(import.meta.dirname, '..');
const PAGE = join(root, 'docs/licences.md');

/** What may go into the program: each lets it be passed on under its own licence, with a notice. */
const SHIPPED: readonly string[] = ['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'MIT OR Apache-2.0', 'public domain'];
/** What may build and test it besides: it is not passed on. */
const TOOLS: readonly string[] = [...SHIPPED, 'MPL-2.0'];
/** Whose package.json has no name of a licence; what their own text says. */
const SAID_OTHERWISE: Readonly<Record<string, string>> = { tv4: 'MIT', 'uri-templates': 'public domain' };

interface Used {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly license?: unknown }>>;
}

/** Of what is bundled, down to the packages of which a byte is in it. */
async function shipped(): Promise<readonly Used[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'licences-'));
  try {
    return materialsOf(await bundle(scratch)).map(toUsed);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function toUsed({ name, version, license }: Pick<Material, 'name' | 'version'> & { readonly license: unknown }): Used {
  return { name, version, licence: SAID_OTHERWISE[name] ?? (typeof license === 'string' ? license : JSON.stringify(license ?? 'none')) };
}

/** Everything that the lock file names, for whatever system. */
async function locked(): Promise<readonly Used[]> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version = '', license }]) => toUsed({ name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), version, license }));
}

function render(inside: readonly Used[], all: readonly Used[]): string {
  const rows = inside.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |\n`);
  const counts = Map.groupBy(all, ({ licence }) => licence);
  const tools = [...counts].sort().map(([licence, of]) => `| ${licence} | ${of.length} |\n`);
  return `# Licences

vault-snapshotd is under Apache-2.0. This page is made by \`scripts/licences.ts\`, from what is bundled and from the lock file; \`npm run check\` fails when it is
not up to date, or when a licence turns up that is not in the list of that script. The texts are in \`THIRD-PARTY-LICENSES\` of each package.

## In the program

| package | version | licence |
| --- | --- | --- |
${rows.join('')}
## In all that builds and tests it

| licence | packages |
| --- | --- |
${tools.join('')}`;
}

/** Writes the page, or with --check compares it. */
async function main(isCheck: boolean): Promise<number> {
  const [inside, all] = await Promise.all([shipped(), locked()]);
  const page = render(inside, all);
  const strange = [...inside.filter(({ licence }) => !SHIPPED.includes(licence)), ...all.filter(({ licence }) => !TOOLS.includes(licence))];
  for (const { name, version, licence } of strange) console.error(`licences: ${name} ${version}: ${licence} is not in the list of scripts/licences.ts`);
  if (!isCheck) await writeFile(PAGE, page);
  const isStale = isCheck && (await readFile(PAGE, 'utf8')) !== page;
  if (isStale) console.error('licences: docs/licences.md is not up to date: run "npm run docs"');
  return strange.length > 0 || isStale ? 1 : 0;
}

process.exitCode = await main(process.argv[2] === '--check');
