import { BOUNDS_SECONDS, type ClusterView, type DestinationView, type Histogram, type ProgramView, type ScheduleView } from './view.ts';

export interface Sample {
  /** Of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** In the order of the family's labels. */
  readonly labelValues: readonly string[];
  readonly bound?: string;
  readonly value: number | bigint;
}

/** One name, what it means, and how it is read off the view. */
export interface Family {
  readonly kind: 'gauge' | 'counter' | 'histogram';
  readonly name: string;
  readonly labels: readonly string[];
  readonly help: string;
  read(program: ProgramView, clusters: readonly ClusterView[]): readonly Sample[];
}

/** What a label combination is worth; undefined: not known, so there is no sample. */
type Value = number | bigint | boolean | Date | undefined;

type Kind = Family['kind'];

export function family(kind: Kind, name: string, labels: readonly string[], help: string, read: (cluster: ClusterView) => readonly Sample[]): Family {
  return { kind, name, labels, help, read: (_, clusters) => clusters.flatMap(read) };
}

export function ofProgram(name: string, help: string, value: (program: ProgramView) => Value): Family {
  return { kind: 'gauge', name, labels: [], help, read: (program) => sample([], value(program)) };
}

export function ofCluster(kind: Kind, name: string, help: string, value: (cluster: ClusterView) => Value): Family {
  return family(kind, name, ['cluster'], help, (cluster) => sample([cluster.name], value(cluster)));
}

export function ofSchedule(kind: Kind, name: string, help: string, value: (schedule: ScheduleView) => Value): Family {
  return family(kind, name, ['cluster', 'schedule'], help, (cluster) => cluster.schedules.flatMap((one) => sample([cluster.name, one.name], value(one))));
}

export function ofDestination(kind: Kind, name: string, help: string, value: (destination: DestinationView, cluster: ClusterView) => Value): Family {
  const read = (cluster: ClusterView) => cluster.destinations.flatMap((one) => sample([cluster.name, one.name], value(one, cluster)));
  return family(kind, name, ['cluster', 'destination'], help, read);
}

export function sample(labelValues: readonly string[], value: Value): readonly Sample[] {
  if (value === undefined) return [];
  if (value instanceof Date) return [{ labelValues, value: value.getTime() / 1000 }];
  return [{ labelValues, value: typeof value === 'boolean' ? Number(value) : value }];
}

export function results(labelValues: readonly string[], success: number, failure: number): readonly Sample[] {
  return [...sample([...labelValues, 'success'], success), ...sample([...labelValues, 'failure'], failure)];
}

export function buckets(labelValues: readonly string[], { counts, count, sumSeconds }: Histogram): readonly Sample[] {
  const bounded = BOUNDS_SECONDS.map((bound, at) => ({ suffix: '_bucket' as const, labelValues, bound: String(bound), value: counts[at] ?? 0 }));
  return [
    ...bounded,
    { suffix: '_bucket', labelValues, bound: '+Inf', value: count },
    { suffix: '_sum', labelValues, value: sumSeconds },
    { suffix: '_count', labelValues, value: count },
  ];
}
