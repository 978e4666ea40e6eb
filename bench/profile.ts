import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runStep } from './measure.ts';
import { makeScene } from './scene.ts';
import { waysOf } from './ways.ts';

// Where the main thread of a round spends its time; what zlib does is on threads of its own. Usage, after `npm run build`: node bench/profile.ts [megabytes]
const MEGABYTES = Number(process.argv[2] ?? 280);
const SHOWN = 15;

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Milliseconds each function was seen at work itself. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): readonly (readonly [string, number])[] {
  const names = new Map(nodes.map(({ id, callFrame: { functionName, url } }) => [id, `${functionName || '(anonymous)'} ${basename(url)}`.trim()]));
  const times = new Map<string, number>();
  for (const [nth, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[nth] ?? 0) / 1000);
  }
  return [...times].filter(([name]) => name !== '(idle)').toSorted(([, a], [, b]) => b - a);
}

const scene = await makeScene(MEGABYTES);
try {
  for (const { name, steps } of await waysOf(scene, 'profiled')) {
    const [step] = steps;
    if (step === undefined || (name !== 'local' && name !== 's3')) continue;
    const directory = join(scene.scratch, `profile-${name}`);
    await mkdir(directory);
    await runStep({ ...step, env: { ...step.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` } });
    const [file = ''] = await readdir(directory);
    const times = selfTimes(JSON.parse(await readFile(join(directory, file), 'utf8')) as Profile);
    const all = times.map(([, ms]) => ms).reduce((sum, one) => sum + one, 0);
    console.log(`${name}, ${MEGABYTES} MB: ${Math.round(all)} ms on the main thread\n\n| function | ms | share |\n| --- | --- | --- |`);
    for (const [what, ms] of times.slice(0, SHOWN)) console.log(`| \`${what}\` | ${Math.round(ms)} | ${((100 * ms) / all).toFixed(0)} % |`);
    console.log();
  }
} finally {
  await scene.close();
}
