/** A report with invented numbers, such as a GPU might give: for tests of what is made of one. */
import { judgeGoals } from '../../bench/goals/goals';
import type { Environment } from '../../bench/machine/environment';
import type { Subject, Work } from '../../bench/measure/case';
import {
  addName,
  COPY,
  CUB,
  CUBLAS,
  CUPY,
  ENQUEUE_GPU,
  FROM_API,
  FROM_CPP,
  HOST_TO_HOST,
  hostMatmulName,
  matmulName,
  NODECUDA,
  PYTORCH,
  TFJS,
} from '../../bench/measure/names';
import { type CaseResult, toRow, toSkipped } from '../../bench/measure/results';
import type { Report } from '../../bench/report/report';

export function caseResult(
  name: string,
  medians: Readonly<Record<string, number>>,
  work: Work | null = null,
  subject: Subject | null = null,
  errors: Readonly<Record<string, number>> = {},
): CaseResult {
  const rows = Object.entries(medians).map(([contender, medianNs]) => {
    const timing = {
      medianNs,
      minNs: 0.98 * medianNs,
      spread: 0.02,
      samples: 9,
      timesPerSample: 4,
    };
    return toRow(
      { name: contender, clock: subject === null ? 'host' : 'device' },
      timing,
      work,
      errors[contender] ?? null,
    );
  });
  return { name, subject, work, rows, leftOut: [], skipped: null, failed: null };
}

/** Invented rates in TFLOP/s at a large size, and the part of cuBLAS that nodecuda reaches. */
const TYPES = {
  bfloat16: [760, 0.97, 2],
  float16: [755, 0.96, 2],
  'float32 tf32': [405, 0.96, 4],
  float32: [51, 0.98, 4],
  'float32 fp32-fast': [51, 2.1, 4],
  float64: [60, 0.93, 8],
} as const;

function matmulResults(ofCublas: number): CaseResult[] {
  return Object.entries(TYPES).flatMap(([type, [rate, part, bytes]]) =>
    [512, 1024, 2048, 4096, 8192].map((n) => {
      const flop = 2 * n ** 3;
      const cublas = flop / (rate * 1000) + 4000;
      const subject = {
        operation: 'matmul',
        type,
        variant: '',
        size: n,
        bytes: 3 * bytes * n * n,
        flop,
      };
      return caseResult(
        matmulName(n, type),
        { [NODECUDA]: cublas / (part * ofCublas), [CUBLAS]: cublas, [PYTORCH]: 1.03 * cublas },
        { amount: flop, unit: 'FLOP' },
        subject,
        { [NODECUDA]: 3e-7, [CUBLAS]: 2e-7 },
      );
    }),
  );
}

function addResults(): CaseResult[] {
  return [20, 22, 24, 26, 27, 28].map((power) => {
    const bytes = 12 * 2 ** power;
    const ns = bytes / 4400 + 2500;
    return caseResult(
      addName(power),
      {
        [NODECUDA]: ns,
        [COPY]: 1.02 * ns,
        [CUB]: 0.995 * ns,
        [PYTORCH]: 1.1 * ns,
        [CUPY]: 1.2 * ns,
      },
      { amount: bytes, unit: 'B' },
      { operation: 'add', type: 'float32', variant: '', size: 2 ** power, bytes, flop: 2 ** power },
    );
  });
}

function copyResults(): CaseResult[] {
  return [2 ** 12, 2 ** 20, 2 ** 24, 2 ** 28].map((bytes) =>
    caseResult(
      `copy host to device ${bytes}`,
      { 'nodecuda write': bytes / 25 + 9000, 'CUDA C++, pageable': bytes / 15 + 7000 },
      { amount: bytes, unit: 'B' },
      { operation: 'copy', type: 'host to device', variant: '', size: bytes },
    ),
  );
}

function hostResults(): CaseResult[] {
  return [64, 128, 256, 512, 1024].map((n) =>
    caseResult(
      hostMatmulName(n),
      { [HOST_TO_HOST]: 40_000 + n * n, [TFJS]: (2 * n ** 3) / 28 },
      { amount: 2 * n ** 3, unit: 'FLOP' },
      { operation: 'matmul', type: 'float32', variant: 'host to host', size: n },
    ),
  );
}

/** `ofCublas` scales what nodecuda reaches of cuBLAS. */
export function gpuReport(ofCublas = 1): Report {
  const environment = {
    date: '2000-01-01',
    package: 'nodecuda 0.0.0',
    commit: 'invented',
    node: 'v0',
    cpu: 'An Invented Processor',
    device: 'NVIDIA H200 (invented figures), compute capability 9.0',
    simulated: false,
    workers: null,
    prebuiltAddonBytes: null,
    gpu: { driver: '0.0', power: '100 W' },
    peers: { cuBLAS: '13.0.0', CuPy: 'not there: <no module>' },
  } as unknown as Environment;
  const results = [
    ...addResults(),
    caseResult(
      'transpose float32 8192 x 8192',
      { [NODECUDA]: 135_000, [COPY]: 122_000 },
      { amount: 2 ** 29, unit: 'B' },
      { operation: 'transpose', type: 'float32', variant: '', size: 2 ** 26, bytes: 2 ** 29 },
    ),
    ...matmulResults(ofCublas),
    ...hostResults(),
    ...copyResults(),
    caseResult(ENQUEUE_GPU, {
      [FROM_API]: 2400,
      [FROM_CPP]: 2250,
      [PYTORCH]: 8200,
      [CUPY]: 11_000,
    }),
    {
      ...caseResult('batched', { [NODECUDA]: 1000 }),
      leftOut: [{ contender: CUPY, reason: 'the result is wrong: element 3 & "more"' }],
    },
    toSkipped('softmax', null, null, 'device.softmax is not in this version'),
  ];
  return { environment, results, goals: judgeGoals(results, environment) };
}
