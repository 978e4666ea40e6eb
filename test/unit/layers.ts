import { importsOf, resolveImport, type SourceTree, withoutComments } from './source-tree.ts';

/** Innermost first: a file imports from its own layer or one before it. The first pattern that fits a path decides. */
const LAYERS = ['pure', 'contracts', 'work', 'world', 'wiring'] as const;
type Layer = (typeof LAYERS)[number];

const ROOMS: readonly (readonly [RegExp, Layer])[] = [
  [/^src\/(errors|storage\/(key|retry|try-each)|snapshot\/(name|manifest|proof)|retention\/plan|recovery\/choose|vault\/(renewal|leadership))\.ts$/, 'pure'],
  [/^src\/(storage|vault|spool|observability|recovery)\/contract\.ts$/, 'contracts'],
  [/^src\/(agent|snapshot|retention|recovery|inventory)\//, 'work'],
  [/^src\/(storage|vault|config|kubernetes|observability|spool|throwaway)\//, 'world'],
  [/^src\/((main|compose)\.ts$|cli\/)/, 'wiring'],
];

const DRIVER = /^src\/storage\/([^/]+)\//;

/** What work may use from outside: nothing that reaches a disk, a socket or a process. */
const WORK_MAY_USE = /^(croner|node:(crypto|events|stream|timers|zlib|util|buffer)(\/.*)?)$/;

function layerOf(path: string): Layer | undefined {
  return ROOMS.find(([pattern]) => pattern.test(path))?.[1];
}

/** One line for each import, or file, that the layers forbid. */
export function layerFaults(tree: SourceTree): string[] {
  const faults: string[] = [];
  for (const [path, text] of tree) {
    const layer = layerOf(path);
    if (layer === undefined) {
      faults.push(`${path} lies in no room`);
      continue;
    }
    if (layer === 'contracts' && /^export\s+(const|let|function|class|async)/m.test(withoutComments(text))) {
      faults.push(`${path} is a contract and holds code`);
    }
    for (const { specifier } of importsOf(text)) {
      const fault = importFault(path, layer, specifier);
      if (fault !== undefined) faults.push(`${path} imports ${specifier}: ${fault}`);
    }
  }
  return faults;
}

function importFault(path: string, layer: Layer, specifier: string): string | undefined {
  const target = resolveImport(path, specifier);
  if (target === undefined) {
    if (layer === 'pure' || layer === 'contracts') return `${layer} imports nothing from outside`;
    if (layer === 'work' && !WORK_MAY_USE.test(specifier)) return 'work knows no package or module that reaches the world';
    return undefined;
  }
  const targetLayer = layerOf(target);
  if (targetLayer === undefined) return 'lies in no room';
  if (LAYERS.indexOf(targetLayer) > LAYERS.indexOf(layer)) return `${layer} must not know ${targetLayer}`;
  const driver = DRIVER.exec(target)?.[1];
  const isNeighbour = driver === undefined || DRIVER.exec(path)?.[1] === driver;
  if (!isNeighbour && path !== 'src/compose.ts' && !isDriverSettings(path, target)) return 'only compose.ts creates drivers';
  return undefined;
}

/** The schema of a destination is declared in the folder of its driver and read by config/. */
function isDriverSettings(path: string, target: string): boolean {
  return path.startsWith('src/config/') && target.endsWith('/config.ts');
}

/** The first cycle of each file that is part of one, type imports included. */
export function importCycles(tree: SourceTree): string[] {
  const targets = new Map<string, readonly string[]>();
  for (const [path, text] of tree) {
    targets.set(
      path,
      importsOf(text).flatMap(({ specifier }) => resolveImport(path, specifier) ?? []),
    );
  }
  const cycles: string[] = [];
  const settled = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (settled.has(path) || trail.includes(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    settled.add(path);
  };
  for (const path of tree.keys()) visit(path, []);
  return cycles;
}
