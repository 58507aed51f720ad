/**
 * `npm run bench -- [--quick] [--simulated] [--workers n] [--only text] [--json path]`
 *
 * Measures nodecuda against CPU baselines on the GPU, or on the simulated device where there is
 * none. `--json` writes the report to that file, and as Markdown beside it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { cuda } from 'nodecuda';
import type { Case, Context } from './case';
import { addCases } from './cases/add';
import { copyCases } from './cases/copy';
import { enqueueCases } from './cases/enqueue';
import { importCases } from './cases/import';
import { matmulCases } from './cases/matmul';
import { describeEnvironment } from './environment';
import { judgeGoals } from './goals';
import { compare, type Effort } from './measure';
import { type Report, toMarkdown, toText } from './report';
import { type CaseResult, toRow } from './results';

const FULL: Effort = {
  warmupMs: 300,
  sampleMs: 20,
  samples: 31,
  budgetMs: 12_000,
  leastSamples: 9,
};
const QUICK: Effort = { warmupMs: 50, sampleMs: 5, samples: 7, budgetMs: 1500, leastSamples: 3 };

interface Options {
  readonly quick: boolean;
  readonly simulated: boolean;
  readonly workers: number;
  readonly only: string;
  readonly json: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      simulated: { type: 'boolean', default: false },
      workers: { type: 'string', default: String(availableParallelism()) },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
    },
  });
  const { quick, simulated, only, json } = values;
  return { quick, simulated, only, json, workers: Number(values.workers) };
}

function openContext({ quick, simulated, workers }: Options): Context {
  const diagnosis = cuda.diagnose();
  if (diagnosis.available && !diagnosis.simulated && !simulated) {
    return { device: cuda.device(), workers: undefined, quick };
  }
  if (!simulated) console.log(`The simulated device is measured: ${diagnosis.message}.\n`);
  return { device: cuda.simulatedDevice({ workers }), workers, quick };
}

async function measure(benchCase: Case, effort: Effort): Promise<CaseResult> {
  const { name } = benchCase;
  const work = benchCase.work ?? null;
  if (benchCase.skipped !== undefined) {
    return { name, work, rows: [], skipped: benchCase.skipped };
  }
  const { contenders, verify, dispose } = await benchCase.prepare();
  try {
    for (const contender of contenders) {
      await contender.run(1);
      if (contender.output === undefined) continue;
      const problem = verify?.(await contender.output());
      if (problem !== undefined) {
        throw new Error(`${name}, ${contender.name}: the result is wrong: ${problem}`);
      }
    }
    const timings = await compare(contenders, effort);
    const rows = timings.map((timing, i) => toRow(contenders[i]!.name, timing, work));
    return { name, work, rows, skipped: null };
  } finally {
    dispose?.();
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  const context = openContext(options);
  using _ = context.device;
  const environment = describeEnvironment(context);
  const cases = [
    ...addCases(context),
    ...matmulCases(context),
    ...copyCases(context),
    ...enqueueCases(),
    ...importCases(),
  ].filter(({ name }) => name.includes(options.only));

  const results: CaseResult[] = [];
  for (const benchCase of cases) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${benchCase.name} ...`);
    results.push(await measure(benchCase, options.quick ? QUICK : FULL));
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

  const report: Report = { environment, results, goals: judgeGoals(results, environment) };
  console.log(toText(report));
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(`${options.json.replace(/\.json$/, '')}.md`, toMarkdown(report));
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
