import { describe, expect, it } from 'vitest';
import { renderServerConfig, sealTypeOf } from '../../../src/throwaway/server-config.ts';

const SETTINGS = { directory: '/state/.drill', nodeId: 'node "1"', facts: { product: 'vault', version: '1.21.0' }, ports: [8200, 8201], seal: '' } as const;

describe('the configuration of a throw-away server', () => {
  it('opens generate-root in the words of each product, and for nobody else', () => {
    const opening = 'enable_unauthenticated_access = ["generate-root"]';
    const inListener = 'disable_unauthed_generate_root_endpoints = false';
    const text = (product: 'vault' | 'openbao', version: string) => renderServerConfig({ ...SETTINGS, facts: { product, version } });
    expect(text('vault', '1.21.0')).not.toContain('generate');
    expect(text('vault', '2.0.1')).toContain(opening);
    expect(text('openbao', '2.5.5').split(inListener)).toHaveLength(3);
    expect(text('openbao', '2.5.5')).not.toContain(opening);
  });

  it('quotes what it is given, and ends with the seal', () => {
    const text = renderServerConfig({ ...SETTINGS, seal: 'seal "transit" {}\n' });
    expect(text).toContain('node_id = "node \\"1\\""');
    expect(text.endsWith('seal "transit" {}\n')).toBe(true);
    expect(text).toContain('address = "/state/.drill/s"');
  });

  it('refuses a directory whose socket would have too long a path', () => {
    const make = (length: number) => renderServerConfig({ ...SETTINGS, directory: `/${'d'.repeat(length - 1)}` });
    expect(make(105)).toContain('listener "unix"');
    expect(() => make(106)).toThrow('too long for a socket');
  });
});

it.each([
  ['', 'shamir'],
  ['seal "transit" {\n}', 'transit'],
  ['# seal "azurekeyvault" {\n  seal awskms {\n}', 'awskms'],
  ['seal "awskms" { name = "a" }\nseal "transit" { name = "b" }', undefined],
])('tells from %j how the server will be sealed', (stanzas, type) => {
  expect(sealTypeOf(stanzas)).toBe(type);
});
