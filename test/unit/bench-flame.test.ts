import { expect, it } from 'vitest';
import { type Profile, renderFlame } from '../../bench/flame.ts';

const frame = (functionName: string, url = '') => ({ functionName, url });
const PROFILE: Profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5, 6] },
    { id: 2, callFrame: frame('round', 'file:///x/main.js'), children: [3, 4] },
    { id: 3, callFrame: frame('<hash>', 'node:crypto') },
    { id: 4, callFrame: frame('<hash>', 'node:crypto') },
    { id: 5, callFrame: frame('(idle)') },
    { id: 6, callFrame: frame('(garbage collector)') },
  ],
  samples: [2, 3, 4, 5, 6],
  timeDeltas: [10_000, 20_000, 30_000, 900_000, 40_000],
};

it('draws each function as wide as what it and its callees took, without the idling', () => {
  const svg = renderFlame(PROFILE, 'A round');
  expect(svg).toContain('A round: 100 ms on the main thread');
  expect(svg).toContain('round main.js: 60.0 ms, 60.0 %');
  expect(svg).toContain('width="720.0"');
  expect(svg).toContain('&lt;hash&gt; node:crypto: 50.0 ms, 50.0 %');
  expect(svg).toContain('(garbage collector): 40.0 ms, 40.0 %');
  expect(svg).not.toContain('idle');
});
