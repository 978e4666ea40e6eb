/** A process that makes unfinished files. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** In a container every start is process 1: the time of the start tells this process from its forerunner. */
  readonly startedMs: number;
}

export type LeftoverKind = 'partial' | 'spool' | 'intent' | 'drill';

/** What is asked about the world before a file may go. */
export interface Witness {
  readonly owner: Owner;
  isAlive(pid: number): boolean;
  now(): Date;
}

// Longer than any round: a file that nobody wrote to for a day belongs to nobody, whatever process has its number now.
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

const NAME = /^\.(partial|spool|intent|drill)-(.+)-(\d+)-(\d+)-[0-9a-f]{16}$/;

/** The leading dot keeps an unfinished file out of every listing: no object key has one. */
export function leftoverName(kind: LeftoverKind, owner: Owner, random: string): string {
  return `.${kind}-${safeHost(owner)}-${owner.pid}-${Math.floor(owner.startedMs)}-${random}`;
}

export function isLeftover(kind: LeftoverKind, name: string): boolean {
  return NAME.exec(name)?.[1] === kind;
}

/** Whether this very process made it. */
export function isOwn(name: string, { owner }: Witness): boolean {
  const [, , host, pid, startedMs] = NAME.exec(name) ?? [];
  return host === safeHost(owner) && Number(pid) === owner.pid && Number(startedMs) === Math.floor(owner.startedMs);
}

/** Whether the unfinished file of that name has lost its process. In doubt it is kept: it may be another daemon's living upload. */
export function isAbandoned(name: string, modifiedAt: Date, witness: Witness): boolean {
  const [, , host, pid] = NAME.exec(name) ?? [];
  if (host === undefined || isOwn(name, witness)) return false;
  const { owner } = witness;
  const isSameHost = host === safeHost(owner);
  const isSamePid = Number(pid) === owner.pid;
  if (witness.now().getTime() - modifiedAt.getTime() > ABANDONED_AFTER_MS) return true;
  return isSameHost && (isSamePid || !witness.isAlive(Number(pid)));
}

function safeHost({ host }: Owner): string {
  return host.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100) || '_';
}
