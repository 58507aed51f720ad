/** Figures to reach on an H200. On other hardware nothing is said about them. */
import {
  addName,
  COPY,
  CUBLAS,
  CUPY,
  ENQUEUE_GPU,
  FROM_API,
  FROM_CPP,
  matmulName,
  NODECUDA,
  PYTORCH,
} from '../measure/names';
import { type CaseResult, findRow, medianNs } from '../measure/results';
import { type Goal, unmeasured } from './goal';

/** One figure to be reached: `must`, and better `aim`. Some have an aim only. */
interface Target {
  readonly goal: string;
  readonly must?: number;
  readonly aim: number;
  /** More is better unless this is set. */
  readonly isMost?: boolean;
  /** The figure of each case that counts; undefined if it was not measured. */
  readonly figures: (results: readonly CaseResult[]) => (number | undefined)[];
  readonly format: (figure: number) => string;
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
const times = (factor: number) => `${factor.toFixed(2)} times`;

/** How many times as fast as `peer` nodecuda is. */
function speed(results: readonly CaseResult[], name: string, peer: string, peerName = name) {
  const own = medianNs(results, name, NODECUDA);
  const other = medianNs(results, peerName, peer);
  return own === undefined || other === undefined ? undefined : other / own;
}

function ofCublas(type: string, sizes: readonly number[], must: number, aim: number): Target {
  return {
    goal: `matmul ${type} ${sizes.join(', ')}, of cuBLAS`,
    must,
    aim,
    figures: (results) => sizes.map((n) => speed(results, matmulName(n, type), CUBLAS)),
    format: percent,
  };
}

const FAST = 'float32 fp32-fast';
const FAST_SIZES = [2048, 4096, 8192];
const MEMORY_OPERATIONS = ['sum', 'max', 'softmax', 'transpose', 'convert'];

const TARGETS: readonly Target[] = [
  ofCublas('bfloat16', [1024, 2048, 4096, 8192], 0.95, 1),
  ofCublas('float16', [1024, 2048, 4096, 8192], 0.95, 1),
  ofCublas('float32 tf32', [4096, 8192], 0.95, 1),
  ofCublas('float32 tf32', [2048], 0.9, 1),
  ofCublas('float32 tf32', [1024], 0.85, 1),
  ofCublas('float32', [4096, 8192], 0.97, 1.05),
  ofCublas('float32', [2048], 0.95, 1.05),
  ofCublas('float32', [1024], 0.9, 1.05),
  ofCublas('float64', [2048, 4096, 8192], 0.92, 0.97),
  {
    goal: `matmul ${FAST}, of cuBLAS sgemm`,
    must: 2,
    aim: 2.4,
    // Its peer there is sgemm itself: cuBLAS has nothing of the kind on this hardware.
    figures: (results) => FAST_SIZES.map((n) => speed(results, matmulName(n, FAST), CUBLAS)),
    format: times,
  },
  {
    goal: `matmul ${FAST}, error over that of cuBLAS sgemm`,
    must: 2,
    aim: 1,
    isMost: true,
    figures: (results) =>
      FAST_SIZES.map((n) => {
        const own = findRow(results, matmulName(n, FAST), NODECUDA)?.relativeError;
        const other = findRow(results, matmulName(n, FAST), CUBLAS)?.relativeError;
        return own && other ? own / other : undefined;
      }),
    format: times,
  },
  {
    goal: 'add float32 2^26 to 2^28, TB/s',
    must: 4.35,
    aim: 4.42,
    figures: (results) =>
      [26, 27, 28].map((power) => {
        const rate = findRow(results, addName(power), NODECUDA)?.rate ?? undefined;
        return rate === undefined ? undefined : rate / 1000;
      }),
    format: (rate) => `${rate.toFixed(2)} TB/s`,
  },
  {
    goal: 'reductions, softmax, transpose, conversions: of the copy rate beside them',
    must: 0.88,
    aim: 0.92,
    figures: (results) =>
      results
        .filter(({ subject, rows }) => {
          return rows.length > 0 && MEMORY_OPERATIONS.includes(subject?.operation ?? '');
        })
        .map(({ name }) => speed(results, name, COPY)),
    format: percent,
  },
  {
    // A launch takes some 2.5 us (docs/kernels.md): that is 0.3 us more than from C++, and 0.15.
    goal: 'JavaScript to enqueued kernel: of the cost from C++',
    must: 1.12,
    aim: 1.06,
    isMost: true,
    figures: (results) => {
      const own = medianNs(results, ENQUEUE_GPU, FROM_API);
      const other = medianNs(results, ENQUEUE_GPU, FROM_CPP);
      return [own === undefined || other === undefined ? undefined : own / other];
    },
    format: percent,
  },
  {
    goal: 'JavaScript to enqueued kernel: of the cost of PyTorch and CuPy',
    aim: 1 / 3,
    isMost: true,
    figures: (results) => {
      const own = medianNs(results, ENQUEUE_GPU, FROM_API);
      return [PYTORCH, CUPY].map((peer) => {
        const other = medianNs(results, ENQUEUE_GPU, peer);
        return own === undefined || other === undefined ? undefined : own / other;
      });
    },
    format: percent,
  },
];

function judge(target: Target, results: readonly CaseResult[]): Goal {
  const { goal, aim, must = aim, isMost, format } = target;
  const words = `${goal}: ${isMost ? 'at most' : 'at least'} ${format(must)}`;
  const figures = target.figures(results);
  const measured = figures.filter((figure) => figure !== undefined);
  if (measured.length === 0) return unmeasured(words);
  // The worst of them has to reach it.
  const worst = isMost ? Math.max(...measured) : Math.min(...measured);
  const reaches = (wanted: number) => (isMost ? worst <= wanted : worst >= wanted);
  const aimed = reaches(aim) ? 'reaches the aim too' : `the aim is ${format(aim)}`;
  const isAll = measured.length === figures.length;
  const some = isAll ? '' : `; ${measured.length} of ${figures.length} measured`;
  return {
    goal: words,
    figure: `${format(worst)}; ${aimed}${some}`,
    // What is missing could still miss it.
    met: reaches(must) && !isAll ? null : reaches(must),
  };
}

export function judgeGpuGoals(results: readonly CaseResult[], device: string): Goal[] {
  return /\bH200\b/.test(device) ? TARGETS.map((target) => judge(target, results)) : [];
}
