import { writeFile } from 'node:fs/promises';
import { type Conversion, convertConfig, type Origin } from '../../config/import/convert.ts';
import { readConfigText } from '../../config/load.ts';
import { readTextFile } from '../../config/read-text-file.ts';
import { ERROR_CODES, SnapshotError } from '../../errors.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';

/** What another program was told, as a configuration of ours. */
export async function runImport({ args, flags }: Asked<'import'>, host: Host): Promise<number> {
  const [path = ''] = args;
  const { from, config, lost, changed } = await convertFile(path, flags.from);
  const text = `${JSON.stringify(config, null, 2)}\n`;
  const faults = faultsOf(text);
  if (flags.out !== undefined) await writeNew(flags.out, text);
  if (flags.json) host.out(`${JSON.stringify({ from, config, lost, changed, faults })}\n`);
  else if (flags.out === undefined) host.out(text);
  for (const { place, why } of changed) host.err(`note  ${place}: ${why}\n`);
  for (const { place, why } of lost) host.err(`lost  ${place}: ${why}\n`);
  for (const fault of faults) host.err(`wrong ${fault}\n`);
  return lost.length + faults.length > 0 ? ERROR_CODES.not_carried.exitCode : 0;
}

async function convertFile(path: string, from: Origin | undefined): Promise<Conversion> {
  const { text } = await readTextFile(path);
  try {
    return await convertConfig(text, path, from);
  } catch (thrown) {
    if (!(thrown instanceof SnapshotError)) throw thrown;
    throw new SnapshotError(thrown.code, `${path}: ${thrown.message}`, { cause: thrown, advice: thrown.advice });
  }
}

/** What the daemon would refuse. The environment of whoever converts is not that of the service. */
function faultsOf(text: string): readonly string[] {
  try {
    readConfigText(text, '', {});
    return [];
  } catch (thrown) {
    if (!(thrown instanceof SnapshotError)) throw thrown;
    return thrown.message.split('\n').map((line) => line.replace(/^: /, ''));
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new SnapshotError('refused', `${path}: is there already`, { cause, advice: 'name a file that is not there yet' });
    throw new SnapshotError('failed', `${path}: ${code}`, { cause, advice: 'check that its directory is there and may be written to' });
  }
}
