/** One way of taking a snapshot, once. */
export interface Run {
  readonly wallSeconds: number;
  readonly vaultSeconds: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
  readonly fromVaultMb: number;
  /** To the stores and back. */
  readonly storesMb: number;
  /** Of the machine, when it began: runnable processes, the average of a minute. */
  readonly load: number;
}

export interface WayFigures {
  readonly name: WayName;
  readonly runs: readonly Run[];
}

export interface SealFigures {
  readonly name: WayName;
  readonly seconds: number;
}

export interface SizeFigures {
  readonly megabytes: number;
  readonly snapshotMb: number;
  readonly measuredOn: string;
  /** What else went on meanwhile. */
  readonly remark?: string | undefined;
  readonly ways: readonly WayFigures[];
  /** How long a seal waited in the middle of the read, with stores at `SLOW_BYTES_PER_SECOND`. */
  readonly seals: readonly SealFigures[];
}

export interface IdleFigures {
  readonly readyMs: readonly number[];
  readonly residentMb: number;
  readonly anonymousMb: number;
  readonly cpuMsPerMinute: number;
  readonly wakeUpsPerMinute: number;
  readonly load: number;
}

export interface RetentionFigures {
  readonly snapshots: number;
  readonly bytesForEach: number;
  readonly seconds: number;
  readonly manifestsRead: number;
  readonly manifestsReadAgain: number;
}

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly versions: readonly string[];
}

export interface Figures {
  readonly machine: Machine;
  readonly sizes: readonly SizeFigures[];
  readonly idle?: IdleFigures | undefined;
  readonly retention?: readonly RetentionFigures[] | undefined;
}

export type WayName = 'curl' | 'save-rclone' | 'save-restic' | 'pipe' | 'local' | 's3' | 'four' | 'sha256sum' | 'gunzip';

export const SLOW_BYTES_PER_SECOND = 5_000_000;

export const TITLES: Readonly<Record<WayName, string>> = {
  curl: '`curl -o FILE`',
  'save-rclone': '`vault … save`, then `rclone copyto` to S3',
  'save-restic': '`vault … save`, then `restic backup` to S3',
  pipe: '`curl` piped into `rclone rcat` to S3',
  local: '`vault-snapshotd --once` to a directory',
  s3: '`vault-snapshotd --once` to S3',
  four: '`vault-snapshotd --once` to a directory, S3, Google, Azure',
  sha256sum: 'one `sha256sum`',
  gunzip: 'one `gunzip -t`',
};

export type Measured = Exclude<keyof Run, 'load'>;

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return { median, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

export function runsOf(size: SizeFigures, name: WayName): readonly Run[] {
  return size.ways.find((way) => way.name === name)?.runs ?? [];
}

/** To curl in the same turn: another minute of a busy machine is another machine. */
export function ratioToCurl(size: SizeFigures, name: WayName, measured: Measured): Spread {
  const curl = runsOf(size, 'curl');
  return spreadOf(runsOf(size, name).map((run, turn) => run[measured] / (curl[turn]?.[measured] ?? Number.NaN)));
}

/** CPU to what cannot be spared: twice that of curl, for the bytes go on, and one pass of each check. */
export function ratioToLeastCpu(size: SizeFigures, name: WayName): Spread {
  const cpu = (of: WayName, turn: number) => runsOf(size, of)[turn]?.cpuSeconds ?? Number.NaN;
  return spreadOf(runsOf(size, name).map((run, turn) => run.cpuSeconds / (2 * cpu('curl', turn) + cpu('sha256sum', turn) + cpu('gunzip', turn))));
}

/** Sizes measured again replace what was known of them; the others stay. */
export function merge(before: Figures | undefined, now: Figures): Figures {
  const measured = now.sizes.map(({ megabytes }) => megabytes);
  const others = before?.sizes.filter(({ megabytes }) => !measured.includes(megabytes)) ?? [];
  return {
    machine: now.machine,
    sizes: [...others, ...now.sizes].toSorted((a, b) => a.megabytes - b.megabytes),
    idle: now.idle ?? before?.idle,
    retention: now.retention ?? before?.retention,
  };
}
