/** The files that decide, with the tests that hold them to it. */
export const MUTATION_ROOMS: readonly { readonly file: string; readonly tests: readonly string[] }[] = [
  { file: 'src/vault/renewal.ts', tests: ['test/unit/vault/renewal.test.ts'] },
  { file: 'src/vault/leadership.ts', tests: ['test/unit/vault/leadership.test.ts'] },
  { file: 'src/retention/plan.ts', tests: ['test/unit/retention/plan.test.ts'] },
  ...['archive.ts', 'archive-members.ts', 'archive-texts.ts'].map((name) => ({ file: `src/snapshot/${name}`, tests: ['test/unit/snapshot/archive.test.ts'] })),
  { file: 'src/snapshot/gzip-member.ts', tests: ['test/unit/snapshot/archive.test.ts'] },
  { file: 'src/snapshot/tar-members.ts', tests: ['test/unit/snapshot/archive.test.ts'] },
  { file: 'src/snapshot/state-reader.ts', tests: ['test/unit/snapshot/state-reader.test.ts', 'test/unit/snapshot/archive.test.ts'] },
];
