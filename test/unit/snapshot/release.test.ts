import { expect, it } from 'vitest';
import { release } from '../../../src/snapshot/release.ts';

it('frees a buffer that has its memory to itself', () => {
  const buffer = Buffer.allocUnsafeSlow(65_536);
  release(buffer);
  expect(buffer).toHaveLength(0);
});

it('leaves alone what shares its memory with others', () => {
  const whole = Buffer.from(new ArrayBuffer(16)).fill('x');
  release(whole.subarray(0, 8));
  release(whole.subarray(8));
  expect(whole.toString()).toBe('x'.repeat(16));
});
