import { join } from 'node:path';
import { readConfigText } from '../../config/load.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { interview } from '../init/interview.ts';
import { nextSteps } from '../init/next-steps.ts';
import { CONFIG_NAME, planFiles } from '../init/plan.ts';
import { writeFiles } from '../init/write-files.ts';
import { listenForStop } from '../signals.ts';

/** Files on stderr, for people; what is left to do on stdout, to be pasted. */
export async function runInit({ flags }: Asked<'init'>, host: Host): Promise<number> {
  const { stop } = listenForStop(host, 0);
  const wishes = await interview(flags, host, stop);
  const files = planFiles(wishes);
  // What the daemon would refuse is not written.
  for (const { name, text } of files) if (name === CONFIG_NAME) readConfigText(text, join(wishes.out, name), {});
  await writeFiles(wishes.out, files, { force: flags.force });
  for (const { name } of files) host.err(`wrote ${join(wishes.out, name)}\n`);
  host.out(nextSteps(wishes, files));
  return 0;
}
