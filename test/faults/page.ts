import { CELLS, type Cell, CHECKS, FAULTS, type Place, POSSIBLE_CELLS, STORE_TITLES, STORES, type Verdict } from './declaration.ts';

export interface Facts {
  readonly date: string;
  /** What ran, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

const WHERE: Readonly<Record<Place, string>> = {
  drain: 'reading from Vault',
  open: 'opening the upload',
  write: 'sending the bytes',
  commit: 'commit',
  readback: 'reading back',
  manifest: 'manifest',
  prune: 'pruning',
  spool: 'spool',
  round: 'whole round',
};

/** docs/reliability.md. A cell without a verdict has not been run. */
export function renderPage(verdicts: ReadonlyMap<string, Verdict>, { date, versions }: Facts): string {
  const all = POSSIBLE_CELLS.flatMap(({ id }) => verdicts.get(id) ?? []);
  const checked = all.map(({ checked }) => checked).reduce((sum, count) => sum + count, 0);
  const good = all.filter(({ failures }) => failures.length === 0).length;
  const reasons = reasonsOf(CELLS);
  return `# What was tried out, and what became of it

The promise: what can be listed at a destination is a whole, checked snapshot, and no good one is lost. \`npm run faults\` breaks a round in
every way of the table below, each at every step and at every kind of destination, with the built program and real servers, and
writes this page. Between the program and each server stands a proxy that knows the steps and strikes at the one that is
meant; the steps of a directory are told by a module loaded into the program, and full disks are real ones. A sample runs with every change.
What becomes of archives that are spoiled themselves: [archive-verdicts.md](archive-verdicts.md).

${date}: **${good} of ${POSSIBLE_CELLS.length} cells hold, ${checked} checks in all.** ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.

Each destination holds two good snapshots before the fault and keeps two, besides what is dated in the future. What each cell is checked for, where it applies:

${Object.values(CHECKS)
  .map((what) => `- ${what}`)
  .join('\n')}

A cell has the checks that passed and those that were made. A letter says why there is no such cell:
${reasons.map((reason, at) => `(${letter(at)}) ${reason}`).join('; ')}.

| fault | where | ${STORES.map((store) => STORE_TITLES[store]).join(' | ')} |
| --- | --- |${' --- |'.repeat(STORES.length)}
${rowsOf(verdicts, reasons).join('\n')}
`;
}

function rowsOf(verdicts: ReadonlyMap<string, Verdict>, reasons: readonly string[]): readonly string[] {
  return FAULTS.flatMap((fault) =>
    fault.places.map((place) => {
      const cells = CELLS.filter((cell) => cell.fault === fault && cell.place === place);
      return `| ${fault.title} | ${WHERE[place]} | ${cells.map((cell) => show(cell, verdicts, reasons)).join(' | ')} |`;
    }),
  );
}

function show({ id, impossible }: Cell, verdicts: ReadonlyMap<string, Verdict>, reasons: readonly string[]): string {
  if (impossible !== undefined) return letter(reasons.indexOf(impossible));
  const verdict = verdicts.get(id);
  if (verdict === undefined) return 'not run';
  const { checked, failures } = verdict;
  return failures.length === 0 ? `${checked}/${checked}` : `**${Math.max(0, checked - failures.length)}/${checked}**`;
}

function reasonsOf(cells: readonly Cell[]): readonly string[] {
  return [...new Set(cells.flatMap(({ impossible }) => impossible ?? []))];
}

function letter(at: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + at);
}
