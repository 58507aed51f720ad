/**
 * `npm run bench -- [options]`
 *
 * Measures nodecuda on the GPU, or on the simulated device where there is none, in turn with what
 * does the same: cuBLAS, CUB, PyTorch, CuPy, NumPy, tfjs and plain JavaScript, as far as they are
 * there.
 *
 *     --quick            fewer cases and samples: under a minute
 *     --simulated        the simulated device, also where there is a GPU; --workers n: its threads
 *     --only text        cases whose name contains this
 *     --variants         every variant of a matrix product, not only the one that is chosen
 *     --no-peers         without other processes to compare with
 *     --json path        writes the report there, and as Markdown and HTML beside it
 *     --html path        writes the page there
 *     --compare old.json says what changed since then
 *     --from new.json    shows that report again instead of measuring
 *
 * Fails if a result of nodecuda is wrong, or a case could not be measured for another reason than
 * what is missing here.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cuda } from 'nodecuda';
import { allCases } from './cases/all';
import { judgeGoals } from './goals/goals';
import { describeEnvironment } from './machine/environment';
import { GpuMonitor } from './machine/gpu-state';
import type { Context } from './measure/case';
import type { Effort } from './measure/contenders';
import { upload } from './measure/data';
import type { CaseResult } from './measure/results';
import { measureCase } from './measure-case';
import { type Options, readOptions } from './options';
import { toHtml } from './page/page';
import { type FoundPeer, findPeers, peerVersions } from './peers/find';
import { compareReports } from './report/compare';
import type { Report } from './report/report';
import { toMarkdown, toText } from './report/tables';

const SIMULATOR: Effort = {
  warmupMs: 300,
  sampleMs: 20,
  samples: 31,
  budgetMs: 12_000,
  leastSamples: 9,
};
/** There are more cases there, and a device's clock needs no long samples. */
const GPU: Effort = { warmupMs: 80, sampleMs: 10, samples: 21, budgetMs: 2000, leastSamples: 7 };
const QUICK: Effort = { warmupMs: 20, sampleMs: 5, samples: 7, budgetMs: 500, leastSamples: 3 };
/** Until clocks and power have settled. */
const GPU_WARMUP_MS = 3000;

/** What is measured with, and beside what. */
interface Setup extends Context {
  /** The simulated device's threads; undefined on a GPU. */
  readonly workers: number | undefined;
  readonly peers: readonly FoundPeer[];
}

async function setUp(options: Options): Promise<Setup> {
  const { quick, simulated, workers, variants } = options;
  const diagnosis = cuda.diagnose();
  const hasGpu = diagnosis.available && !diagnosis.simulated && !simulated;
  if (!hasGpu && !simulated) {
    console.log(`The simulated device is measured: ${diagnosis.message}.\n`);
  }
  const rest = { quick, variants, peers: options.peers ? await findPeers(hasGpu) : [] };
  return hasGpu
    ? { device: cuda.device(), workers: undefined, ...rest }
    : { device: cuda.simulatedDevice({ workers }), workers, ...rest };
}

async function warmUp({ device }: Context): Promise<void> {
  const n = 2048;
  using a = upload(device, 'float32', 1, n * n);
  using out = device.alloc('float32', n * n);
  const end = performance.now() + GPU_WARMUP_MS;
  while (performance.now() < end) {
    device.matmul(a as typeof out, a as typeof out, { m: n, n, k: n, out });
    await device.synchronize();
  }
}

async function measureAll(options: Options): Promise<Report> {
  const setup = await setUp(options);
  const { device, workers, peers } = setup;
  using _ = device;
  const environment = describeEnvironment(device, workers, peerVersions(peers));
  const { simulated } = environment;
  const cases = allCases(setup).filter(({ name }) => name.includes(options.only));
  const effort = options.quick ? QUICK : simulated ? SIMULATOR : GPU;
  const monitor = new GpuMonitor(!simulated);
  const results: CaseResult[] = [];
  try {
    if (!simulated) await warmUp(setup);
    for (const benchCase of cases) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${benchCase.name} ...`);
      monitor.take();
      const result = await measureCase(benchCase, effort, peers);
      results.push({ ...result, gpuLoad: monitor.take() });
      if (result.failed !== null) console.error(`FAILED: ${result.name}: ${result.failed}`);
    }
  } finally {
    monitor.close();
    for (const { peer } of peers) peer?.close();
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { environment, results, goals: judgeGoals(results, environment) };
}

// Judged by the goals of today.
function readReport(path: string): Report {
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return { ...report, goals: judgeGoals(report.results, report.environment) };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function main(): Promise<void> {
  const options = readOptions();
  const { from, compare, json, html } = options;
  const measured = from === undefined ? await measureAll(options) : readReport(from);
  const report: Report =
    compare === undefined
      ? measured
      : { ...measured, comparison: compareReports(readReport(compare), measured) };

  console.log(toText(report));
  if (json !== undefined) {
    const stem = json.replace(/\.json$/, '');
    write(json, `${JSON.stringify(report, null, 2)}\n`);
    write(`${stem}.md`, toMarkdown(report));
    write(`${stem}.html`, toHtml(report));
  }
  if (html !== undefined) write(html, toHtml(report));
  if (measured.results.some(({ failed }) => failed !== null)) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
