import { expect, it } from 'vitest';
import { renderJsonSchema } from '../../../src/config/document.ts';
import { faultsOf, sound } from './load-text.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
}

const ODD = [null, true, false, 0, -1, 1.5, 1e30, '', ' ', 'x', '0', '\u0000', '<x>', [], [null], [[]], [{}], {}, { x: {} }, { file: null }, { last: [] }];

/** Every key there is: `retain`, `tls.ca_cert`. */
function paths({ properties = {} }: Schema): readonly string[] {
  return Object.entries(properties).flatMap(([name, inner]) => {
    const block = inner.properties ? inner : inner.oneOf?.find(({ properties: own }) => own !== undefined && 'name' in own);
    return [name, ...Object.keys(block?.properties ?? {}).map((key) => `${name}.${key}`)];
  });
}

it.each(paths(JSON.parse(renderJsonSchema()) as Schema))('%s is read or refused in words, whatever stands there', async (path) => {
  const [name, key] = path.split('.');
  for (const odd of ODD) {
    // Rejects with anything but config_invalid: the test fails.
    const faults = await faultsOf(sound({ [name!]: key === undefined ? odd : { [key]: odd } }));
    for (const fault of faults) expect(fault).not.toMatch(/undefined|NaN|\[object|Infinity/);
  }
});
