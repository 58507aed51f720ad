// Kernels in PTX under the checker.
import type {
  CheckFinding,
  CheckKind,
  Device,
  SimulatedDeviceOptions,
} from '../../../../lib/index.js';
import { cuda } from '../../../../lib/index.js';

/** A kernel `k(a, b, n)`: two pointers to words, in %rd1 and %rd2, and a number, in %r1. */
export function kernel(body: string, { before = '', target = 'sm_80' } = {}): string {
  return `.version 8.0
.target ${target}
.address_size 64
${before}
.visible .entry k(.param .u64 a, .param .u64 b, .param .u32 n)
{
  .reg .pred %p<8>;
  .reg .b16 %h<8>;
  .reg .b32 %r<32>;
  .reg .f32 %f<8>;
  .reg .b64 %rd<16>;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u32 %r1, [n];
  mov.u32 %r2, %tid.x;
  mov.u32 %r3, %ctaid.x;
  mul.wide.u32 %rd3, %r2, 4;
  ${body}
  ret;
}
`;
}

export interface Run {
  grid?: number;
  block?: number;
  cluster?: number;
  n?: number;
  sharedMemoryBytes?: number;
  /** Elements of a and b, which hold zeros unless they are not written. */
  length?: number;
  uninitialized?: boolean;
  options?: SimulatedDeviceOptions;
}

export interface Result {
  device: Device;
  findings: readonly CheckFinding[];
  error: unknown;
  a: Int32Array;
}

/** What the checker finds in one launch. */
export async function check(
  text: string,
  checks: true | CheckKind[],
  {
    grid = 1,
    block = 32,
    cluster,
    n = 0,
    sharedMemoryBytes = 0,
    length = 1024,
    uninitialized = false,
    options = {},
  }: Run = {},
): Promise<Result> {
  using device = cuda.simulatedDevice({
    memoryBytes: 2 ** 24,
    computeCapability: { major: 8, minor: 0 },
    check: checks,
    ...options,
  });
  using module = device.loadModule(text);
  using a = device.alloc('int32', length, { uninitialized });
  using b = device.alloc('int32', length, { uninitialized });
  let error: unknown;
  let values = new Int32Array(0);
  try {
    module
      .kernel('k', ['int32*', 'int32*', 'uint32'])
      .launch({ grid, block, cluster, sharedMemoryBytes }, a, b, n);
    values = await a.read();
  } catch (thrown) {
    error = thrown;
  }
  return { device, findings: device.checkReport().findings, error, a: values };
}

/** Findings in short, without advice. */
export async function kinds(...args: Parameters<typeof check>): Promise<string[]> {
  const { findings, error } = await check(...args);
  if (error !== undefined && findings.length === 0) throw error;
  return findings.filter(({ severity }) => severity === 'error').map(({ kind }) => kind);
}
