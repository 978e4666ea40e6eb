import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf, type Profile, renderFlame, selfMs } from './flame.ts';
import { runStep } from './measure.ts';
import { makeScene } from './scene.ts';
import { waysOf } from './ways.ts';
import { RESULTS } from './write.ts';

// Where the main thread of a round spends its time, as tables and as flame graphs; what zlib does is on threads of its own.
// Usage, after `npm run build`: node bench/profile.ts [megabytes]
const MEGABYTES = Number(process.argv[2] ?? 280);
const SHOWN = 15;

function byFunction(profile: Profile): readonly (readonly [string, number])[] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  for (const [id, ms] of selfMs(profile)) times.set(names.get(id)!, (times.get(names.get(id)!) ?? 0) + ms);
  return [...times].filter(([name]) => name !== '(idle)').toSorted(([, a], [, b]) => b - a);
}

const scene = await makeScene(MEGABYTES);
try {
  for (const { name, steps } of await waysOf(scene, 'profiled')) {
    const [step] = steps;
    if (step === undefined || !['local', 's3', 'four'].includes(name)) continue;
    const directory = join(scene.scratch, `profile-${name}`);
    await mkdir(directory);
    await runStep({ ...step, env: { ...step.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` } });
    const [file = ''] = await readdir(directory);
    const profile = JSON.parse(await readFile(join(directory, file), 'utf8')) as Profile;
    await writeFile(join(RESULTS, `flame-${name}.svg`), renderFlame(profile, `A round to "${name}", a snapshot of ${MEGABYTES} MB`));
    const times = byFunction(profile);
    const all = times.map(([, ms]) => ms).reduce((sum, one) => sum + one, 0);
    console.log(`${name}, ${MEGABYTES} MB: ${Math.round(all)} ms on the main thread\n\n| function | ms | share |\n| --- | --- | --- |`);
    for (const [what, ms] of times.slice(0, SHOWN)) console.log(`| \`${what}\` | ${Math.round(ms)} | ${((100 * ms) / all).toFixed(0)} % |`);
    console.log();
  }
} finally {
  await scene.close();
}
