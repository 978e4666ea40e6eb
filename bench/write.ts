import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../test/unit/source-tree.ts';
import type { Figures } from './figures.ts';
import { renderPage, withFigures } from './page.ts';
import { renderPicture } from './picture.ts';

const FIGURES = 'bench.json';
export const RESULTS = join(ROOT, 'bench/results');
const README = join(ROOT, 'README.md');

export async function readFigures(directory: string): Promise<Figures | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, FIGURES), 'utf8')) as Figures;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The figures, and all that is made of them: the page, the picture, and what the README quotes where they are those of the checkout. */
export async function writeFigures(directory: string, figures: Figures): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, FIGURES), renderJson(figures));
  await writeFile(join(directory, 'bench.md'), renderPage(figures));
  await writeFile(join(directory, 'bench.svg'), renderPicture(figures));
  if (directory === RESULTS) await writeFile(README, withFigures(await readFile(README, 'utf8'), figures));
}

/** As the formatter of the checkout wants it: lists of plain values on one line. */
function renderJson(figures: Figures): string {
  const text = JSON.stringify(figures, undefined, 2);
  return `${text.replace(/\[\s+([^[\]{}]+?)\s+\]/g, (_, values: string) => `[${values.replace(/\s*\n\s*/g, ' ')}]`)}\n`;
}
