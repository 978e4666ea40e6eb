import type { AgentEvent, Tell } from '../../agent/events.ts';
import type { RoundReport } from '../../agent/report.ts';
import type { SnapshotError } from '../../errors.ts';
import type { Log } from '../contract.ts';
import { type Fault, faultOf, missedFault, type News, type WebhookEvent } from './news.ts';
import { Outbox, type OutboxDeps } from './outbox.ts';
import type { Post } from './post.ts';
import type { Target } from './targets.ts';

export interface NotifierDeps extends OutboxDeps {
  readonly post: Post;
  readonly log: Log;
  /** Hears how each ping ended. */
  readonly tell: Tell;
  /** Of the cluster; what Vault calls it counts when `isNamed` does not. */
  readonly clusterName: string;
  readonly isNamed: boolean;
  readonly node: string;
  /** What is under way at the end gets that long. */
  readonly closeGraceMs: number;
  newId(): string;
  now(): Date;
}

/** Tells others how the rounds of this node end. It listens; nothing it does holds up or fails a round. */
export class Notifier {
  readonly #deps: NotifierDeps;
  readonly #outboxes: readonly (readonly [Target, Outbox])[];
  /** Of each target, the last round that was warned about. */
  readonly #warned = new Map<string, string | undefined>();
  /** Destinations that lack the snapshot they were last to have. */
  readonly #missing = new Map<string, Fault>();
  #hasLed = false;
  #cluster: { readonly name: string; readonly id: string | undefined };

  constructor(targets: readonly Target[], deps: NotifierDeps) {
    this.#deps = deps;
    this.#outboxes = targets.map((target) => [target, new Outbox(deps)]);
    this.#cluster = { name: deps.clusterName, id: undefined };
  }

  readonly tell: Tell = (event) => this.#hear(event);

  async close(): Promise<void> {
    await Promise.all(this.#outboxes.map(([, outbox]) => outbox.close(this.#deps.closeGraceMs)));
  }

  #hear(event: AgentEvent): void {
    if (event.kind === 'leadership') {
      this.#hasLed = event.role === 'leader';
      // Whoever leads now delivers there.
      if (!this.#hasLed) this.#missing.clear();
    }
    if (event.kind === 'cluster') this.#cluster = { name: this.#deps.isNamed ? this.#cluster.name : event.name, id: event.id };
    if (event.kind === 'round_began') this.#publish('started', [], { roundId: event.roundId });
    if (event.kind === 'round_ended') this.#conclude(event.report, event.roundId);
    if (event.kind === 'prune_failed') this.#publish('prune_failed', [faultOf(event.error, event.destination)]);
    if (event.kind === 'verified' && event.error) this.#publish('verify_failed', [faultOf(event.error, event.destination)]);
    if (event.kind === 'drilled' && event.error) this.#publish('drill_failed', [faultOf(event.error)]);
  }

  #conclude(report: RoundReport, roundId: string): void {
    if (report.outcome === 'standby' || report.outcome === 'not_due') return;
    if (report.outcome === 'failed') {
      const { error, stage, missed } = report;
      // Every node sees that nobody leads: the one that led last says so for all of them.
      const isOthers = stage === 'leadership' && !this.#hasLed;
      // Somebody wanted it to end, and the next start takes a round at once; if none comes, the silence is heard.
      const isStopped = error.code === 'stopped' || error.code === 'stopped_int';
      if (!isOthers && !isStopped) this.#publish('failed', missed.length > 0 ? missed.map(missedFault) : [faultOf(error)], { roundId, report });
      return;
    }
    for (const { destination } of report.delivered) this.#missing.delete(destination);
    for (const missed of report.missed) this.#missing.set(missed.destination, missedFault(missed));
    // A round for one destination does not make good what another one still lacks.
    const faults = [...this.#missing.values()];
    this.#publish(faults.length > 0 ? 'partial' : 'taken', faults, { roundId, report });
  }

  #publish(event: WebhookEvent, faults: readonly Fault[], round: Partial<Pick<News, 'roundId' | 'report'>> = {}): void {
    const { newId, now, node } = this.#deps;
    const { name: cluster, id: clusterId } = this.#cluster;
    const news: News = { id: newId(), event, at: now(), cluster, clusterId, node, roundId: round.roundId, report: round.report, faults };
    for (const [target, outbox] of this.#outboxes) {
      if (!target.wants(news)) continue;
      outbox.put({
        send: async (signal) => this.#deps.post.send(await target.write(news), signal),
        ended: (error) => this.#ended(target, news, error),
      });
    }
  }

  #ended({ kind, name }: Target, { event: about, roundId: round }: News, error: SnapshotError | undefined): void {
    const { log, tell } = this.#deps;
    if (kind === 'ping') tell({ kind: 'pinged', ok: error === undefined });
    if (error === undefined) {
      log.debug({ event: kind === 'ping' ? 'ping_sent' : 'webhook_sent', target: name, about, round }, `${kind} sent`);
      return;
    }
    const { code, message, advice } = error;
    // The start and the end of a round fail for one reason: once is enough.
    const level = round !== undefined && this.#warned.get(name) === round ? 'debug' : 'warn';
    this.#warned.set(name, round);
    const fields = { event: kind === 'ping' ? 'ping_failed' : 'webhook_failed', target: name, about, round, code, error: message, advice };
    log[level](fields, `${kind} not sent`);
  }
}
