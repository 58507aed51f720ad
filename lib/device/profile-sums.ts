/**
 * Launches of a profile, and places of kernels, added up, and in words.
 */
import { groupBy, type ProfileCounts, type ProfileLaunch, sumCounts } from './profile-data.js';

/** Launches of one kernel with one configuration. */
export interface Summed {
  readonly launches: readonly ProfileLaunch[];
  readonly counts: ProfileCounts;
}

/** A line of source, or of PTX where that does not tell. */
export interface Place {
  readonly file: string | null;
  readonly line: number;
  /** The instruction, of a line of PTX. */
  readonly text: string;
  readonly counts: ProfileCounts;
}

/** Launches that differ in nothing but what was counted, together. */
export function sumLaunches(launches: readonly ProfileLaunch[]): Summed[] {
  const shapeOf = ({ kernel, grid, block, cluster, dynamicSharedBytes }: ProfileLaunch) =>
    JSON.stringify([kernel, grid, block, cluster, dynamicSharedBytes]);
  return groupBy(launches, shapeOf).map((group) => ({
    launches: group,
    counts: sumCounts(group.map(({ counts }) => counts)),
  }));
}

/** Where instructions were executed, in no order. */
export function placesOf({ launches }: Summed): Place[] {
  const instructions = launches.flatMap((launch) => launch.instructions);
  return groupBy(instructions, ({ source, ptxLine, text }) => source ?? `${ptxLine} ${text}`).map(
    (group) => {
      const { source, ptxLine, text } = group[0]!;
      const counts = sumCounts(group.map((each) => each.counts));
      if (source === null) return { file: null, line: ptxLine, text, counts };
      const colon = source.lastIndexOf(':');
      return {
        file: source.slice(0, colon),
        line: Number(source.slice(colon + 1)),
        text: '',
        counts,
      };
    },
  );
}

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

export function number(value: number): string {
  return NUMBERS.format(value);
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.round((100 * part) / whole)} %`;
}

const LIMITS = {
  threads: 'threads',
  blocks: 'the number of blocks',
  sharedMemory: 'shared memory',
  registers: 'registers',
};

/** What was launched, in one line. */
export function launchWords({ launches }: Summed): string {
  const [{ kernel, grid, block, cluster, dynamicSharedBytes }] = launches as [ProfileLaunch];
  const triple = (extent: readonly number[]) => `(${extent.join(',')})`;
  return [
    `${kernel}: grid ${triple(grid)}, block ${triple(block)}`,
    ...(cluster.some((blocks) => blocks > 1) ? [`cluster ${triple(cluster)}`] : []),
    ...(dynamicSharedBytes > 0
      ? [`${number(dynamicSharedBytes)} bytes of dynamic shared memory`]
      : []),
    ...(launches.length > 1 ? [`${number(launches.length)} launches`] : []),
  ].join(', ');
}

/** What it did, a line each. */
export function summaryWords({ launches, counts }: Summed): string[] {
  const { warpInstructions, averageActiveLanes, branches, divergentBranches, barriers } = counts;
  const { atomics, shared } = counts;
  const lines = [
    `${number(warpInstructions)} warp instructions, ${number(averageActiveLanes)} of 32 lanes ` +
      'active on average',
  ];
  if (branches > 0) {
    const share = percent(divergentBranches, branches);
    lines.push(`${number(branches)} branches, ${number(divergentBranches)} divergent (${share})`);
  }
  for (const [name, space] of [
    ['global memory', counts.global],
    ['local memory', counts.local],
  ] as const) {
    if (space.requests === 0) continue;
    lines.push(
      `${name}: ${number(space.requests)} requests for ${number(space.bytes)} bytes, ` +
        `${number(space.sectors)} sectors where ${number(space.fewestSectors)} would do ` +
        `(${percent(space.fewestSectors, space.sectors)} efficient)`,
    );
  }
  if (shared.requests > 0) {
    lines.push(
      `shared memory: ${number(shared.requests)} requests for ${number(shared.bytes)} bytes, ` +
        `${number(shared.wavefronts)} wavefronts, ${number(shared.bankConflicts)} of them for ` +
        'bank conflicts',
    );
  }
  if (atomics.requests > 0) {
    lines.push(
      `atomics: ${number(atomics.requests)}, of ${number(atomics.operations)} lanes on ` +
        `${number(atomics.addresses)} addresses`,
    );
  }
  if (barriers > 0) lines.push(`barriers: ${number(barriers)}`);
  const { warps, mostWarps, limits, limitedBy } = launches[0]!.occupancy;
  const registers = limits.registers === null ? '; registers are not known and not counted' : '';
  lines.push(
    `occupancy: ${warps} of ${mostWarps} warps a multiprocessor (${percent(warps, mostWarps)}), ` +
      `limited by ${limitedBy.map((name) => LIMITS[name]).join(' and ')}${registers}`,
  );
  return lines;
}

/** What is to be said of a place besides how often it ran; empty for nothing. */
export function noteWords({ global, local, shared, ...counts }: ProfileCounts): string {
  const excess = (space: typeof global) => space.sectors - space.fewestSectors;
  const notes = [
    ...(excess(global) > 0 ? [`${number(excess(global))} sectors too many`] : []),
    ...(local.requests > 0 ? [`${number(local.requests)} requests to local memory`] : []),
    ...(shared.bankConflicts > 0 ? [`${number(shared.bankConflicts)} bank conflicts`] : []),
    ...(counts.divergentBranches > 0
      ? [`${number(counts.divergentBranches)} divergent branches`]
      : []),
  ];
  return notes.join(', ');
}

/** How hot a place is: its instructions, and what their accesses take besides. */
export function heatOf({ warpInstructions, global, local, shared }: ProfileCounts): number {
  return warpInstructions + global.sectors + local.sectors + shared.wavefronts;
}

const HOTTEST = 5;

/** The hottest places, and the one where lanes part most, a line each. */
export function hottestWords(summed: Summed): string[] {
  const places = placesOf(summed);
  const most = (weightOf: (counts: ProfileCounts) => number, count: number) =>
    places
      .filter(({ counts }) => weightOf(counts) > 0)
      .sort((a, b) => weightOf(b.counts) - weightOf(a.counts) || a.line - b.line)
      .slice(0, count);
  const told = new Set([
    ...most(heatOf, HOTTEST),
    ...most(({ divergentBranches }) => divergentBranches, 1),
  ]);
  return [...told].map(({ file, line, text, counts }) => {
    const share = percent(counts.warpInstructions, summed.counts.warpInstructions);
    const where = file === null ? `PTX line ${line}: ${text}` : `${file}:${line}`;
    const note = noteWords(counts);
    return `${share.padStart(5)}  ${where}${note === '' ? '' : `  (${note})`}`;
  });
}
