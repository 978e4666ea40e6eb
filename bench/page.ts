import {
  type Figures,
  type Measured,
  type Run,
  ratioToCurl,
  ratioToLeastCpu,
  runsOf,
  type SizeFigures,
  type Spread,
  spreadOf,
  TITLES,
  type WayName,
} from './figures.ts';

const BEGIN = '<!-- figures: npm run bench writes them -->';
const END = '<!-- end of figures -->';
const ROUNDS: readonly WayName[] = ['curl', 'save-rclone', 'save-restic', 'pipe', 'local', 's3', 'four'];
/** Of the README: large enough to be worth measuring, small enough for all of them. */
const QUOTED_MB = 280;

/** All that was measured, and how far it is from where it should be. */
export function renderPage(figures: Figures): string {
  const { machine } = figures;
  const about = `${machine.processors} processors (${machine.processor}), ${machine.memoryGb} GB of memory, Node ${machine.node}, ${machine.versions.join(', ')}`;
  const parts = [
    '# What a snapshot costs',
    '`npm run bench` writes this page, the picture and the block in the README from `bench.json`.',
    `${about}. All servers were on the same processors,\nwithout TLS: what counts is the ratio to curl in the same turn. Each size tells the load of the machine it was measured at.`,
    EXPLANATION,
    '![Time, connection to Vault and memory of each way](bench.svg)',
    'Where a goal is missed, [profile.md](profile.md) says what the limit is made of.',
    ...figures.sizes.map(renderSize),
    ...(figures.idle === undefined ? [] : [renderIdle(figures)]),
    ...(figures.retention === undefined ? [] : [renderRetention(figures)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const EXPLANATION = `Medians, and in brackets the least and the most. *Time* is from the start of the first process to the end of the last one. *Vault held* is from the
request for the snapshot to its last byte, seen by a proxy that stands before Vault for every way; *bytes* are those that proxies have passed on. *Memory*
is the kernel's figure for the largest process, *CPU* the sum of all. Each upload goes to a name, and restic to a repository, that was not there before.
Only vault-snapshotd proves every record of the archive before it can be seen, and leaves a manifest.`;

/** What the README says, between its two marks. */
export function withFigures(readme: string, figures: Figures): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('the README has no place for the figures');
  return `${readme.slice(0, begin)}${BEGIN}\n${renderQuote(figures)}\n${readme.slice(end)}`;
}

function renderQuote(figures: Figures): string {
  const size = figures.sizes.find(({ megabytes }) => megabytes === QUOTED_MB);
  if (size === undefined) return '';
  const rows = present(size, ROUNDS).map((name) => {
    const times = (measured: Measured) => show(ratioToCurl(size, name, measured));
    return [TITLES[name], times('wallSeconds'), times('vaultSeconds'), `${spreadOfRun(size, name, 'peakMb').median} MB`, sealOf(size, name)];
  });
  const load = loadOf(size);
  return `${tableOf([`a snapshot of ${size.snapshotMb} MB`, 'time, to curl', 'Vault held, to curl', 'memory', 'a seal waits, stores at 5 MB/s'], rows)}

Median of ${runsOf(size, 'curl').length} interleaved turns, ${figures.machine.processors} processors, load ${load.least} to ${load.most}: [all of it](bench/results/bench.md).`;
}

function renderSize(size: SizeFigures): string {
  const headings = ['', 'time', 'to curl', 'Vault held', 'to curl', 'memory', 'CPU', 'from Vault', 'with stores', 'a seal waits'];
  const rows = present(size, ROUNDS).map((name) => [
    TITLES[name],
    `${show(spreadOfRun(size, name, 'wallSeconds'))} s`,
    show(ratioToCurl(size, name, 'wallSeconds')),
    `${show(spreadOfRun(size, name, 'vaultSeconds'))} s`,
    show(ratioToCurl(size, name, 'vaultSeconds')),
    `${show(spreadOfRun(size, name, 'peakMb'), 0)} MB`,
    `${show(spreadOfRun(size, name, 'cpuSeconds'))} s`,
    `${spreadOfRun(size, name, 'fromVaultMb').median} MB`,
    `${spreadOfRun(size, name, 'storesMb').median} MB`,
    sealOf(size, name),
  ]);
  const passes = present(size, ['sha256sum', 'gunzip']).map((name) => `${TITLES[name]} takes ${show(spreadOfRun(size, name, 'cpuSeconds'))} s of CPU`);
  const turns = runsOf(size, 'curl').length;
  const { least, most } = loadOf(size);
  const missing = ROUNDS.filter((name) => runsOf(size, name).length === 0);
  const omitted = missing.length === 0 ? [] : [`Not measured: ${missing.map((name) => TITLES[name]).join('; ')}.`];
  const lines = [
    `## ${size.megabytes} MB in Vault, a snapshot of ${size.snapshotMb} MB`,
    [
      `${turns} ${turns === 1 ? 'turn' : 'turns'}, ${size.measuredOn}, load ${least} to ${most}.`,
      ...omitted,
      ...(size.remark === undefined ? [] : [size.remark]),
    ].join(' '),
    tableOf(headings, rows),
    `For comparison: ${passes.join(', ')}.`,
    tableOf(['goal', 'reached'], targetsOf(size)),
  ];
  return lines.join('\n\n');
}

function targetsOf(size: SizeFigures): readonly (readonly string[])[] {
  const ours = present(size, ['local', 's3', 'four']);
  const each = (render: (name: WayName) => string) => ours.map((name) => `${SHORT[name]} ${render(name)}`).join(', ');
  return [
    ['Vault held ≤ 1.05 × curl', each((name) => ratioToCurl(size, name, 'vaultSeconds').median.toFixed(2))],
    ['time ≤ 1.15 × curl', each((name) => ratioToCurl(size, name, 'wallSeconds').median.toFixed(2))],
    ['memory ≤ 130 MB, above 200 MB a fault', each((name) => `${spreadOfRun(size, name, 'peakMb').most} MB`)],
    ['CPU ≤ 2 × curl, one sha256sum and one gunzip', each((name) => ratioToLeastCpu(size, name).median.toFixed(2))],
  ];
}

const SHORT: Readonly<Partial<Record<WayName, string>>> = { local: 'directory', s3: 'S3', four: 'all four' };

function renderIdle({ idle }: Figures): string {
  if (idle === undefined) return '';
  const rows = [
    ['start to ready', `${show(spreadOf(idle.readyMs), 0)} ms`, '300 ms'],
    ['resident (anonymous), after a round', `${idle.residentMb} MB (${idle.anonymousMb})`, '70 MB'],
    ['CPU in an idle minute', `${idle.cpuMsPerMinute} ms`, ''],
    ['wake-ups in an idle minute', `${idle.wakeUpsPerMinute}`, '60'],
  ];
  return `## Start, and nothing to do\n\nWith an S3 destination, load ${idle.load}; what the memory consists of is told in [start.md](start.md).\n\n${tableOf(['', 'measured', 'goal'], rows)}`;
}

function renderRetention({ retention = [] }: Figures): string {
  const rows = retention.map((one) => [
    `${one.snapshots}`,
    `${one.bytesForEach} bytes`,
    `${one.seconds} s`,
    `${one.manifestsRead}, then ${one.manifestsReadAgain}`,
  ]);
  return `## Retention\n\nListed, planned and remembered, in one pass of listing; names and manifests are made up on the way.\n\n${tableOf(['snapshots', 'held for each', 'time', 'manifests read'], rows)}`;
}

function loadOf({ ways }: SizeFigures): Spread {
  return spreadOf(ways.flatMap(({ runs }) => runs.map(({ load }) => load)));
}

function sealOf(size: SizeFigures, name: WayName): string {
  const seconds = size.seals.find((seal) => seal.name === name)?.seconds;
  return seconds === undefined ? '–' : `${seconds.toFixed(1)} s`;
}

function present(size: SizeFigures, names: readonly WayName[]): readonly WayName[] {
  return names.filter((name) => runsOf(size, name).length > 0);
}

function spreadOfRun(size: SizeFigures, name: WayName, measured: keyof Run): Spread {
  return spreadOf(runsOf(size, name).map((run) => run[measured]));
}

function show({ median, least, most }: Spread, digits = 2): string {
  const text = (value: number) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
  return least === most ? text(median) : `${text(median)} (${text(least)}–${text(most)})`;
}

function tableOf(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}
