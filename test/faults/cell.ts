import { join } from 'node:path';
import { expect } from 'vitest';
import { linesOf } from '../real/told.ts';
import type { Running } from '../system/program.ts';
import type { Ambush } from './ambush.ts';
import * as checks from './checks.ts';
import type { Cell, Check, Verdict } from './declaration.ts';
import { lieInWait } from './deeds.ts';
import type { Ground } from './ground.ts';
import { Host } from './host.ts';

const ROUND_ENDED = /"event":"round_(done|failed)"/;
const ROUND_DONE = /"event":"round_done"/;
const ATTEMPTS = 3;
const RESTING = /"event":"next_round"/;

class Judge {
  readonly failures: string[] = [];
  checked = 0;

  async check(name: Check, work: () => unknown): Promise<void> {
    this.checked++;
    try {
      await work();
    } catch (error) {
      this.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** A cell whose fault did not come to strike tells nothing, and begins anew: on a busy machine a cluster may lose its leader before. */
export async function runCell(cell: Cell, ground: Ground): Promise<Verdict> {
  for (let attempt = 1; ; attempt++) {
    const verdict = await tryCell(cell, ground);
    if (attempt === ATTEMPTS || !verdict.failures.some((failure) => failure.startsWith('met: '))) return verdict;
  }
}

/** One cell from its beginning to its verdict; never rejects. */
async function tryCell(cell: Cell, ground: Ground): Promise<Verdict> {
  const judge = new Judge();
  let host: Host | undefined;
  const programs: Running[] = [];
  try {
    host = await Host.open(cell, ground);
    await (cell.fault.deed === 'twice' ? runTwice(host, ground, judge, programs) : runOne(host, ground, judge, programs));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    judge.failures.push(`it did not come to its end: ${said}`);
  } finally {
    for (const program of programs) program.signal('SIGKILL');
    await host?.mend().catch((error: unknown) => judge.failures.push(`not mended: ${String(error)}`));
    await host?.close();
  }
  if (judge.failures.length > 0) judge.failures.push(...programs.map((program) => `log:\n${program.lines.join('\n')}`));
  return { id: cell.id, checked: judge.checked, failures: judge.failures };
}

async function runOne(host: Host, ground: Ground, judge: Judge, programs: Running[]): Promise<void> {
  const { fault } = host.cell;
  const begin = (args: readonly string[] = []) => {
    const program = host.start(args);
    programs.push(program);
    return program;
  };
  const ambush = lieInWait(host, () => programs[0]!);
  const first = begin(fault.runs === 'once' ? ['--once', '--json'] : []);
  const { texts, daemon } = fault.runs === 'once' ? await endOnce(host, first, judge) : await endRound(host, first, judge);
  await judgeMiddle(host, judge, ambush);
  await host.mend();
  const last = daemon ?? begin();
  await takeNext(last, daemon === undefined);
  await judge.check('next', () => expect(linesOf(last, 'round_done').at(-1)).toMatchObject({ outcome: 'taken' }));
  await judge.check('recovered', () => checks.expectRecovered(host));
  texts.push(await host.metrics());
  await endDaemon(last, judge, texts);
  await judgeEnd(host, ground, judge, texts);
}

/** A `--once` to its end, whatever that is. */
async function endOnce({ cell }: Host, program: Running, judge: Judge): Promise<{ readonly texts: string[]; readonly daemon: undefined }> {
  const end = cell.fault.end(cell.place);
  const ended = await program.ended;
  const lines = linesOf(program);
  if (end.outcome !== 'killed') await judge.check('told', () => checks.expectTold(lines, end));
  await judge.check('ended', () => checks.expectEnded(ended, lines, end));
  return { texts: [ended.stdout, ended.stderr], daemon: undefined };
}

/** A daemon until its round has ended; it goes on. */
async function endRound(host: Host, daemon: Running, judge: Judge): Promise<{ readonly texts: string[]; readonly daemon: Running }> {
  const { fault, place } = host.cell;
  const end = fault.end(place);
  await daemon.line(ROUND_ENDED);
  const metrics = await host.metrics();
  await judge.check('told', () => checks.expectTold(linesOf(daemon), end));
  await judge.check('counted', () => checks.expectCounted(metrics, end, place));
  return { texts: [metrics], daemon };
}

async function judgeMiddle(host: Host, judge: Judge, ambush: Ambush | undefined): Promise<void> {
  if (ambush !== undefined) await judge.check('met', () => expect(ambush.wasMet).toBe(true));
  await judge.check('whole', () => checks.expectAllWhole(host));
  await judge.check('kept', () => checks.expectKept(host));
}

/** One more round that is taken, asked for where none is due. */
async function takeNext(daemon: Running, isNew: boolean): Promise<void> {
  if (isNew) {
    await daemon.line(RESTING);
    if (linesOf(daemon, 'round_done').length > 0) return;
  }
  daemon.signal('SIGUSR1');
  await daemon.line(ROUND_DONE);
}

async function endDaemon(daemon: Running, judge: Judge, texts: string[]): Promise<void> {
  daemon.signal('SIGTERM');
  const { code, signal, stderr } = await daemon.ended;
  texts.push(stderr);
  await judge.check('ended', () => expect({ code, signal }).toEqual({ code: 0, signal: null }));
}

async function judgeEnd(host: Host, ground: Ground, judge: Judge, texts: readonly string[]): Promise<void> {
  await judge.check('tidy', () => checks.expectTidy(host));
  await judge.check('leftovers', () => checks.expectNoLeftovers(host, ground));
  const secrets = await host.post.secrets();
  await judge.check('secret', () => checks.expectNoSecret(secrets, texts));
}

/** Two hosts that know nothing of each other, with one destination; each takes two rounds at the same time as the other. */
async function runTwice(host: Host, ground: Ground, judge: Judge, programs: Running[]): Promise<void> {
  const texts: string[] = [];
  const states = [host.scene.state, join(host.scene.directory, 'state-2')];
  for (const state of states) {
    await host.configure({ spool_path: state, listen: `unix:${state}.sock` });
    const daemon = host.start();
    programs.push(daemon);
    // It has read its configuration.
    await daemon.line(/"event":"started"/);
  }
  const both = async (work: (daemon: Running) => Promise<unknown>) => void (await Promise.all(programs.map(work)));
  await both((daemon) => daemon.line(RESTING));
  await both(async (daemon) => {
    daemon.signal('SIGUSR1');
    await daemon.line(ROUND_DONE);
  });
  await judge.check('next', () => expect(programs.flatMap((daemon) => linesOf(daemon, 'round_failed'))).toEqual([]));
  await judge.check('whole', () => checks.expectAllWhole(host));
  await judge.check('kept', () => checks.expectKept(host));
  await both((daemon) => endDaemon(daemon, judge, texts));
  await judgeEnd(host, ground, judge, texts);
}
