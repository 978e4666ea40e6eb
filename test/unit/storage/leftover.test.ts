import { expect, it } from 'vitest';
import { isAbandoned, isLeftover, leftoverName } from '../../../src/storage/leftover.ts';

const US = { host: 'vault-0', pid: 100, startedMs: 5_000.25 };
const RANDOM = 'c0ffeec0ffeec0ff';
const NOW = new Date('2026-03-01T12:00:00Z');
const JUST_NOW = new Date('2026-03-01T11:59:00Z');
const YESTERDAY = new Date('2026-02-28T11:59:00Z');

const witness = (living: readonly number[]) => ({ owner: US, isAlive: (pid: number) => living.includes(pid), now: () => NOW });

it.each([
  { who: 'ourselves', owner: US, modifiedAt: JUST_NOW, goes: false },
  { who: 'ourselves, waiting for a day', owner: US, modifiedAt: YESTERDAY, goes: false },
  { who: 'a forerunner with our number, as in a container', owner: { ...US, startedMs: 4_000 }, modifiedAt: JUST_NOW, goes: true },
  { who: 'a living process beside us', owner: { ...US, pid: 200 }, modifiedAt: JUST_NOW, goes: false },
  { who: 'a number some other program has a day later', owner: { ...US, pid: 200 }, modifiedAt: YESTERDAY, goes: true },
  { who: 'a dead process of this host', owner: { ...US, pid: 300 }, modifiedAt: JUST_NOW, goes: true },
  { who: 'another host', owner: { ...US, host: 'vault-1', pid: 300 }, modifiedAt: JUST_NOW, goes: false },
  { who: 'another host with our number', owner: { ...US, host: 'vault-1' }, modifiedAt: JUST_NOW, goes: false },
  { who: 'another host, a day ago', owner: { ...US, host: 'vault-1', pid: 300 }, modifiedAt: YESTERDAY, goes: true },
  { who: 'a host whose name begins like ours', owner: { ...US, host: 'vault-0-100', pid: 300 }, modifiedAt: JUST_NOW, goes: false },
  { who: 'a file dated in the future', owner: { ...US, host: 'vault-1' }, modifiedAt: new Date('2030-01-01T00:00:00Z'), goes: false },
])('lets a leftover of $who go: $goes', ({ owner, modifiedAt, goes }) => {
  expect(isAbandoned(leftoverName('partial', owner, RANDOM), modifiedAt, witness([100, 200]))).toBe(goes);
});

it.each([
  '.partial-',
  '.partial-vault-0-300-5000-',
  '.partial-vault-300-c0ffeec0ffeec0ff',
  '.partial-vault-0-300-5000-c0ffee',
  'partial-vault-0-300-5000-c0ffeec0ffeec0ff',
  '.partial-vault-0-300-5000-c0ffeec0ffeec0ff.snap',
  '.profile',
])('never takes %s for its own', (name) => {
  expect(isLeftover('partial', name)).toBe(false);
  expect(isAbandoned(name, YESTERDAY, witness([]))).toBe(false);
});

it('tells partial files from spools', () => {
  expect(isLeftover('partial', leftoverName('partial', US, RANDOM))).toBe(true);
  expect(isLeftover('spool', leftoverName('partial', US, RANDOM))).toBe(false);
});

it.each([
  { host: 'vault-0.example.com', name: '.spool-vault-0.example.com-7-9-c0ffeec0ffeec0ff' },
  { host: '../../etc', name: '.spool-.._.._etc-7-9-c0ffeec0ffeec0ff' },
  { host: '', name: '.spool-_-7-9-c0ffeec0ffeec0ff' },
])('makes a safe file name from host "$host"', ({ host, name }) => {
  expect(leftoverName('spool', { host, pid: 7, startedMs: 9 }, RANDOM)).toBe(name);
});
