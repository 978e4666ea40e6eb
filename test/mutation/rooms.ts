const archive = ['broken-archives', 'archive', 'inspection'].map(unit);

/** The files that decide, with the tests that hold them to it: the quickest first. */
export const MUTATION_ROOMS: readonly { readonly file: string; readonly tests: readonly string[] }[] = [
  { file: 'src/retention/plan.ts', tests: ['test/unit/retention/plan.test.ts'] },
  { file: 'src/vault/renewal.ts', tests: ['test/unit/vault/renewal.test.ts'] },
  { file: 'src/vault/leadership.ts', tests: ['test/unit/vault/leadership.test.ts'] },
  { file: 'src/snapshot/archive.ts', tests: archive },
  { file: 'src/snapshot/archive-checks.ts', tests: [unit('manifest'), ...archive] },
  { file: 'src/snapshot/archive-members.ts', tests: archive },
  { file: 'src/snapshot/archive-texts.ts', tests: [unit('archive-texts'), ...archive] },
  { file: 'src/snapshot/gzip-member.ts', tests: [unit('gzip-member'), ...archive] },
  { file: 'src/snapshot/tar-members.ts', tests: [unit('tar-members'), ...archive] },
  { file: 'src/snapshot/state-reader.ts', tests: [unit('state-reader'), ...archive] },
];

function unit(name: string): string {
  return `test/unit/snapshot/${name}.test.ts`;
}
