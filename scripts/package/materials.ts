import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Material {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Its own words, as the license asks. */
  readonly text: string;
  /** As the lock file has it; without, what was fetched is not known. */
  readonly integrity?: string;
}

interface Locked {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** Everything of others that is in the executable: Node, and each package of which at least one byte was bundled. */
export function materialsOf({ outputs }: Metafile): readonly Material[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Locked;
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [folder] = /node_modules\/.*(?<=node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  const bundled = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Material;
    const integrity = packages[folder]?.integrity;
    return { name, version, license, text: licenseText(join(ROOT, folder)), ...(integrity === undefined ? {} : { integrity }) };
  });
  return [nodeItself(), ...bundled];
}

function nodeItself(): Material {
  const version = process.versions.node;
  const path = `packaging/licenses/node-${version}.txt`;
  if (!existsSync(join(ROOT, path))) throw new Error(`${path} is missing: it is the LICENSE of this Node`);
  return { name: 'node', version, license: 'MIT', text: readFileSync(join(ROOT, path), 'utf8') };
}

function licenseText(folder: string): string {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

export function renderLicenses(materials: readonly Material[]): string {
  const line = '='.repeat(80);
  const parts = materials.map(({ name, version, license, text }) => `${line}\n${name} ${version} (${license})\n${line}\n\n${text.trim()}\n`);
  return `vault-snapshotd holds these, each under its own license.\n\n${parts.join('\n')}`;
}

/** CycloneDX. */
export function renderSbom(materials: readonly Material[], { version, epoch }: { readonly version: string; readonly epoch: number }): string {
  const components = materials.map(({ name, version, license, integrity }) => ({
    type: name === 'node' ? 'platform' : 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }],
    purl: name === 'node' ? `pkg:generic/node@${version}` : `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(integrity === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: hexOf(integrity) }] }),
  }));
  const self = `vault-snapshotd@${version}`;
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(components))}`,
    version: 1,
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: { type: 'application', 'bom-ref': self, name: 'vault-snapshotd', version, licenses: [{ license: { id: 'Apache-2.0' } }] },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function hexOf(integrity: string): string {
  return Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
}

/** Of the same materials always the same. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
