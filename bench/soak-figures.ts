/** The daemon at one moment. */
export interface Sample {
  readonly minutes: number;
  readonly residentMb: number;
  readonly anonymousMb: number;
  readonly heapMb: number;
  readonly descriptors: number;
  readonly sockets: number;
  readonly threads: number;
  readonly handles: number;
}

type Measure = Exclude<keyof Sample, 'minutes'>;

/** What a measure may grow by from the second quarter to the last one: memory wavers with the collector, counts do not. */
const MEASURES: readonly { readonly name: Measure; readonly title: string; readonly allowed: number }[] = [
  { name: 'residentMb', title: 'resident, MB', allowed: 10 },
  { name: 'anonymousMb', title: 'anonymous, MB', allowed: 10 },
  { name: 'heapMb', title: 'heap that lives, MB', allowed: 3 },
  { name: 'descriptors', title: 'descriptors', allowed: 2 },
  { name: 'sockets', title: 'sockets', allowed: 2 },
  { name: 'threads', title: 'threads', allowed: 0 },
  { name: 'handles', title: 'handles of the event loop', allowed: 2 },
];

/** The medians of each quarter; in the first one caches and heap find their size. */
export function table(samples: readonly Sample[]): string {
  const rows = MEASURES.map(({ name, title }) => {
    const highest = Math.max(...samples.map((sample) => sample[name]));
    return `| ${[title, ...quarters(samples, name).map(rounded), rounded(highest)].join(' | ')} |`;
  });
  return ['| | 1st quarter | 2nd | 3rd | 4th | highest |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** What has grown though nothing should. */
export function judge(samples: readonly Sample[]): readonly string[] {
  return MEASURES.flatMap(({ name, title, allowed }) => {
    const [, second = 0, , last = 0] = quarters(samples, name);
    return last - second > allowed ? [`${title}: ${rounded(second)} in the second quarter, ${rounded(last)} in the last`] : [];
  });
}

function quarters(samples: readonly Sample[], name: Measure): readonly number[] {
  const length = samples.length / 4;
  return [0, 1, 2, 3].map((nth) => median(samples.slice(Math.floor(nth * length), Math.floor((nth + 1) * length)).map((sample) => sample[name])));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function rounded(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toFixed(1);
}
