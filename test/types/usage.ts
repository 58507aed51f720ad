// What users write, compiled against the published types by every supported TypeScript.
import {
  type AllocOptions,
  type Breakpoint,
  type BreakpointOptions,
  type CopyOptions,
  type Cuda,
  CudaError,
  type CudaErrorCode,
  type CudaErrorDetails,
  type CudaEvent,
  CudaOutOfMemoryError,
  cuda,
  Device,
  DeviceBuffer,
  type Diagnosis,
  type Dtype,
  type ElementwiseKernel,
  type ElementwiseOptions,
  type EventOptions,
  type ExpressionCallOptions,
  type ExpressionOptions,
  elementwise,
  type FillOptions,
  type FloatDtype,
  type FromOptions,
  type HostArray,
  type HostMatmulOptions,
  type KernelDebugger,
  type KernelStop,
  type LaneGroup,
  type MatmulOptions,
  matmul,
  matmulSync,
  type Operand,
  type OperationFamily,
  type PlanMatmulOptions,
  type ProfileLaunch,
  type ProfileReport,
  type ReadOptions,
  type ReductionExpressions,
  type ReductionKernel,
  type ReductionOptions,
  type RegisterValue,
  reduction,
  type ScanKernel,
  type ScanOptions,
  type SimulatedDeviceOptions,
  type SoftmaxOptions,
  type SourceVariable,
  type StepBy,
  Stream,
  type StreamOptions,
  type StridedView,
  scan,
  type ThreadPlace,
  type TransposeOptions,
  type VariableSpace,
  type WriteOptions,
} from 'nodecuda';

/** Compiles only if the two types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

export async function prepare(device: Device): Promise<void> {
  const families: readonly OperationFamily[] = ['elementwise', 'matmul'];
  await device.preload(families);
  await device.preload();
  const listener = (text: string): void => console.log(text.length);
  same<ReturnType<typeof device.on>, Device>(true);
  device.on('printf', listener).off('printf', listener);
  device.on('printf', (text) => same<typeof text, string>(true));
  const buffer = await device.allocAsync('float64', 3, { uninitialized: true });
  same<typeof buffer, DeviceBuffer<'float64'>>(true);
}

export async function readAndWrite(device: Device): Promise<void> {
  const f32 = device.alloc('float32', 10);
  same<typeof f32, DeviceBuffer<'float32'>>(true);
  same<typeof f32.dtype, 'float32'>(true);

  const host = await f32.read();
  same<typeof host, HostArray<'float32'>>(true);
  const floats: Float32Array = host;
  const part: Float32Array = await f32.read({ offset: 1, length: 2 });
  const now: Float32Array = f32.readSync();
  const doubles: Float64Array = await device.alloc('float64', 1).read();
  const halves: Uint16Array = await device.alloc('float16', 1).read();
  const brains: Uint16Array = await device.alloc('bfloat16', 1).read();
  const bigs: BigInt64Array = await device.alloc('int64', 1).read();
  const shorts: Int16Array = await device.alloc('int16', 1).read();

  const destination = new Float32Array(10);
  const same1: Float32Array = await f32.read(destination);
  const same2: Float32Array = await f32.read(destination, { offset: 2 });
  const view: DataView = f32.readSync(new DataView(new ArrayBuffer(40)));
  const node: Buffer = await f32.read(Buffer.alloc(40));

  await f32.write(host, { offset: 3 });
  await f32.write(new DataView(new ArrayBuffer(8)));
  await f32.write(Buffer.alloc(8));
  await f32.write(new Float32Array(new SharedArrayBuffer(8)));
  f32.writeSync(host.subarray(1, 2));
  void [floats, part, now, doubles, halves, brains, bigs, shorts, same1, same2, view, node];
}

export function make(device: Device): void {
  same<ReturnType<typeof fromFloats>, DeviceBuffer<'float32'>>(true);
  const bytes: DeviceBuffer<'uint8'> = device.from(Buffer.alloc(4));
  const clamped: DeviceBuffer<'uint8'> = device.from(new Uint8ClampedArray(4));
  const big: DeviceBuffer<'uint64'> = device.from(new BigUint64Array(4));
  const half: DeviceBuffer<'float16'> = device.from(new Uint16Array(4), { dtype: 'float16' });
  const other: DeviceBuffer<'int32'> = DeviceBuffer.from(device, new Int32Array(4), {
    stream: device.defaultStream,
  });
  const brain = DeviceBuffer.from(device, new Uint16Array(4), { dtype: 'bfloat16' });
  same<typeof brain, DeviceBuffer<'bfloat16'>>(true);
  const any: DeviceBuffer = half;
  const slice: DeviceBuffer<'uint8'> = bytes.slice(1, -1);
  const chained: DeviceBuffer<'float64'> = device.alloc('float64', 3).fill(Number.NaN);
  device.alloc('int64', 1).fill(1n);
  device.alloc('int64', 1).fill(1);
  void [clamped, big, other, any, slice, chained];

  function fromFloats() {
    return device.from(new Float32Array(4));
  }
}

export function generic<D extends Dtype>(device: Device, dtype: D): Promise<HostArray<D>> {
  return device.alloc(dtype, 10).read();
}

/** Code for any float keeps its dtype. */
export function floats<D extends FloatDtype>(device: Device, x: DeviceBuffer<D>): DeviceBuffer<D> {
  const sum: DeviceBuffer<D> = device.sum(x);
  const product: DeviceBuffer<D> = device.prod(x, { shape: [2, 2], axis: 0 });
  const mean: DeviceBuffer<D> = device.mean(x, { out: sum });
  const norm: DeviceBuffer<D> = device.norm({ buffer: x, shape: [2, 2] }, { axis: 1 });
  const dot: DeviceBuffer<D> = device.dot(x, x);
  const most: DeviceBuffer<D> = device.max(x);
  const square: DeviceBuffer<D> = device.matmul(x, x, { m: 2, n: 2, k: 2, bias: norm });
  const wide: DeviceBuffer<'float32'> = device.sum(x, { outDtype: 'float32' });
  device.add(x, 1).fill(0.5).copyFrom(x);
  void [product, mean, dot, most, square, wide];
  return device.softmax(device.pow(device.clamp(device.sub(x, sum), 0, 1), 2));
}

/** The optional properties of `T` that must not be given as undefined. */
type RefusesUndefined<T> = {
  [K in keyof T]-?: object extends Pick<T, K>
    ? { [P in K]: undefined } extends Pick<T, K>
      ? never
      : K
    : never;
}[keyof T];

/** An option whose value is undefined is one that is not given. */
export function undefinedOptions(device: Device): void {
  same<RefusesUndefined<AllocOptions>, never>(true);
  same<RefusesUndefined<CopyOptions>, never>(true);
  same<RefusesUndefined<CudaErrorDetails>, never>(true);
  same<RefusesUndefined<ElementwiseOptions>, never>(true);
  same<RefusesUndefined<EventOptions>, never>(true);
  same<RefusesUndefined<ExpressionOptions>, never>(true);
  same<RefusesUndefined<ExpressionCallOptions<DeviceBuffer>>, never>(true);
  same<RefusesUndefined<FillOptions>, never>(true);
  same<RefusesUndefined<FromOptions>, never>(true);
  same<RefusesUndefined<HostMatmulOptions<Float32Array>>, never>(true);
  same<RefusesUndefined<MatmulOptions>, never>(true);
  same<RefusesUndefined<PlanMatmulOptions>, never>(true);
  same<RefusesUndefined<ReadOptions>, never>(true);
  same<RefusesUndefined<ReductionOptions>, never>(true);
  same<RefusesUndefined<ReductionExpressions>, never>(true);
  same<RefusesUndefined<ScanOptions>, never>(true);
  same<RefusesUndefined<SimulatedDeviceOptions>, never>(true);
  same<RefusesUndefined<SoftmaxOptions>, never>(true);
  same<RefusesUndefined<StreamOptions>, never>(true);
  same<RefusesUndefined<StridedView>, never>(true);
  same<RefusesUndefined<TransposeOptions>, never>(true);
  same<RefusesUndefined<WriteOptions>, never>(true);
  const x = device.alloc('float32', 4, { stream: undefined, uninitialized: undefined });
  device.add(x, x, { out: undefined, stream: undefined });
  device.sum(x, { outDtype: undefined, out: undefined, shape: undefined, axis: undefined });
  device.matmul(x, x, { m: 2, n: 2, k: 2, bias: undefined, outDtype: undefined });
}

export async function operations(device: Device, stream: Stream): Promise<void> {
  const x = device.alloc('float32', 4);
  const sum: DeviceBuffer<'float32'> = device.add(x, x, { out: x, stream });
  const product: DeviceBuffer<'float32'> = device.matmul(x, sum, {
    m: 2,
    n: 2,
    k: 2,
    transposeA: true,
    lda: 2,
    alpha: 0.5,
    beta: 1,
    out: device.alloc('float32', 4),
    stream,
  });
  product.copyFrom(sum, { offset: 1, sourceOffset: 0, length: 2, stream });
  const ints: DeviceBuffer<'int8'> = device.add(device.alloc('int8', 1), device.alloc('int8', 1));
  await stream.synchronize();
  const idle: boolean = stream.query();
  const { free, total } = device.memoryInfo();
  const { current, peak } = device.memoryStats();
  const { fatal } = await device.lost;
  void [ints, idle, free, total, current, peak, fatal];
}

export function elementByElement(device: Device, stream: Stream): void {
  const x = device.alloc('float32', 6);
  const wide = device.alloc('int64', 6);
  const matrix: StridedView<'float32'> = { buffer: x, shape: [2, 3], strides: [3, 1], offset: 0 };
  const difference = device.sub(1, x, { stream });
  same<typeof difference, DeviceBuffer<'float32'>>(true);
  const product = device.mul(matrix, { buffer: x, shape: [3] });
  same<typeof product, DeviceBuffer<'float32'>>(true);
  const sums = device.add(wide, 2n);
  same<typeof sums, DeviceBuffer<'int64'>>(true);
  const intoView = device.maximum(matrix, 0, { out: matrix });
  same<typeof intoView, StridedView<'float32'>>(true);
  const power: DeviceBuffer<'float32'> = device.pow(x, 0.5);
  const scaled: DeviceBuffer<'int64'> = device.scale(wide, 3n);
  const fused: DeviceBuffer<'float32'> = device.axpy(0.5, x, x, { out: x });
  const limited: DeviceBuffer<'float32'> = device.clamp(matrix, 0, 1);
  const half = device.convert(x, 'float16');
  same<typeof half, DeviceBuffer<'float16'>>(true);
  const activated: DeviceBuffer<'float16'> = device.gelu(half, { out: half });
  const operand: Operand = x;
  const options: ElementwiseOptions<'float32'> = { out: x, stream };
  device.exp(x, options);
  device.neg(operand);
  void [power, scaled, fused, limited, activated];
}

export async function timing(device: Device, stream: Stream): Promise<number> {
  using start: CudaEvent = device.createEvent();
  using end = device.createEvent({ timing: true });
  start.record();
  end.record(stream);
  stream.waitFor(start);
  await end.synchronize();
  const reached: boolean = end.query();
  return reached ? start.elapsedMs(end) : 0;
}

export async function host(): Promise<void> {
  const shape = { m: 1, n: 1, k: 1 };
  const single: Float32Array = await matmul(new Float32Array(1), new Float32Array(1), shape);
  const double: Float64Array = matmulSync(new Float64Array(1), new Float64Array(1), {
    ...shape,
    out: new Float64Array(1),
  });
  void [single, double];
}

export function find(): Diagnosis {
  const typed: Cuda = cuda;
  const count: number = typed.deviceCount();
  for (const { index, name, computeCapability } of cuda.devices()) {
    console.log(index, name, computeCapability.major);
  }
  const device = cuda.simulatedDevice({
    memoryBytes: 1e6,
    computeCapability: { major: 9, minor: 0 },
    workers: count,
  });
  void counted(device);
  device[Symbol.dispose]();
  return cuda.diagnose();
}

export async function counted(device: Device): Promise<number | null> {
  const report: ProfileReport = await device.profile(() => device.synchronize());
  const launch: ProfileLaunch | undefined = report.launches[0];
  const page: string = report.toHTML({ sources: { 'k.cu': '' } });
  console.log(`${report}`, page, launch?.occupancy.limitedBy.includes('threads'));
  return launch?.counts.global.efficiency ?? null;
}

export async function debugging(options: BreakpointOptions, by: StepBy): Promise<void> {
  using debug: KernelDebugger = cuda.debugger();
  const breakpoint: Breakpoint = debug.breakAt('scale.cu:12', options);
  debug.breakAt('scale', { thread: [1, 0, 0], when: '%r1 == 7' });
  const stop: KernelStop | null = await debug.stopped();
  const who: ThreadPlace = { block: stop?.block, thread: [0, 0, 0] };
  const values: RegisterValue[] = debug.registers(who);
  const lanes: (RegisterValue | null)[] = debug.lanes('%r1');
  const x: RegisterValue | null = debug.register('%tid.x', who);
  const variables: SourceVariable[] = debug.variables(who);
  const part: SourceVariable = debug.variable('p->next', who);
  const space: VariableSpace | null = part.space;
  const groups: LaneGroup[] = debug.warps();
  const bytes: Uint8Array = debug.memory('global', 16n, 4, who);
  debug.setRegister('%r1', 7n, who);
  debug.setVariable('p->next', 0.5, who);
  debug.setMemory('global', 16n, bytes, who);
  debug.step(by, who);
  const match: 'none' | 'code' | 'all' = debug.matchOf(breakpoint.id);
  debug.deleteBreakpoint(breakpoint.id);
  debug.dispose({ endKernels: true });
  void [values, lanes, groups, bytes, match, x, variables, space];
}

export function errors(error: unknown): CudaErrorCode | null {
  if (error instanceof CudaOutOfMemoryError) console.log(error.requested, error.retryable);
  return error instanceof CudaError && error.code === 'ERR_CUDA_OOM' ? error.code : null;
}

export function disposal(device: Device): number {
  using x = device.alloc('float32', 1);
  using stream = device.createStream({ priority: -1 });
  void stream;
  return x.length;
}

export function reductions(device: Device): void {
  using x = device.alloc('float16', 6);
  using whole = device.alloc('uint8', 6);
  const shape = [2, 3] as const;
  const sum: DeviceBuffer<'float16'> = device.sum(x, { shape, axis: -1 });
  const wide: DeviceBuffer<'float32'> = device.sum(x, { outDtype: 'float32' });
  const counted: DeviceBuffer<'uint64'> = device.sum(whole);
  const number: DeviceBuffer<'float64'> = device.dot(whole, whole, { outDtype: 'float64' });
  const mean: DeviceBuffer<'float64'> = device.mean({ buffer: whole, shape });
  const norm: DeviceBuffer<'float32'> = device.norm(whole, { out: device.alloc('float32', 1) });
  const peak: DeviceBuffer<'uint8'> = device.max(whole, { shape, axis: 0 });
  const index: DeviceBuffer<'int32'> = device.argmax(x);
  const far: DeviceBuffer<'int64'> = device.argmin(x, { outDtype: 'int64' });
  const probabilities: DeviceBuffer<'float16'> = device.softmax(x, { shape, log: true, out: x });
  const turned: DeviceBuffer<'uint8'> = device.transpose(whole, { rows: 2, columns: 3 });
  void [sum, wide, counted, number, mean, norm, peak, index, far, probabilities, turned];
}

// A program's own methods, declared as for any class.
declare module 'nodecuda' {
  interface Device {
    half(x: DeviceBuffer<'float32'>): DeviceBuffer<'float32'>;
  }
  interface Stream {
    label: string;
  }
}

export function augment(device: Device, stream: Stream, x: DeviceBuffer<'float32'>): Device {
  // The cast is needed because the package itself declares Device's methods in this way.
  (Device.prototype as Device).half = function (operand) {
    return this.scale(operand, 0.5);
  };
  (Stream.prototype as Stream).label = '';
  device.half(x);
  stream.label = 'copies';
  return device;
}

/** Arguments and results have the types that the texts say. */
export async function expressions(device: Device, stream: Stream): Promise<void> {
  const x = device.alloc('float32', 4);
  const doubles = device.alloc('float64', 4);
  const longs = device.alloc('int64', 4);
  const f = elementwise('float32 x, float32 y', 'float32 z', 'z = x * y + 1');
  same<typeof f, ElementwiseKernel<'float32 x, float32 y', 'float32 z'>>(true);
  const z = await f(x, x);
  same<typeof z, DeviceBuffer<'float32'>>(true);
  await f(x, 2, { out: z, stream });
  await f(x, 2, { out: undefined, stream: undefined, length: undefined });
  await f(x, 2, undefined);

  const g = elementwise(
    `T x,
     raw U table, const int32 k`,
    'T z, U w',
    'z = x; w = table[k]',
    { name: 'g', preamble: '// none', compile: { options: ['--use_fast_math'] } },
  );
  const both = await g(doubles, longs, 3);
  same<typeof both, [DeviceBuffer<'float64'>, DeviceBuffer<'int64'>]>(true);
  await g(1n, longs, 3, { out: [doubles, longs] });
  const nothing = await elementwise('', 'T z', 'z = i')({ out: x });
  const anything: DeviceBuffer = nothing;
  const squares = elementwise('T x', 'T z', 'z = x * x');
  same<Awaited<ReturnType<typeof generic>>, DeviceBuffer<'int8'>>(true);
  const list: string = 'float32 x';
  const unknown = await elementwise(list, 'float32 z', 'z = 1')(x, 5, { stream });
  same<typeof unknown, DeviceBuffer<'float32'>>(true);
  const some: DeviceBuffer | DeviceBuffer[] = await elementwise('T x', list, 'z = 1')(x);

  const norm = reduction('T x', 'T y', {
    map: 'x * x',
    reduce: 'a + b',
    post: 'y = sqrt(a)',
    identity: 0,
  });
  same<typeof norm, ReductionKernel<'T x', 'T y'>>(true);
  const length = await norm(doubles, { stream });
  same<typeof length, DeviceBuffer<'float64'>>(true);
  const wide = await reduction('float32 x, const float32 c', 'float64 y', {
    ...{ map: 'x * c', reduce: 'a + b', identity: '0' },
  })(x, 2);
  same<typeof wide, DeviceBuffer<'float64'>>(true);

  const sums = scan('float32', 'a + b', { identity: 0 });
  same<typeof sums, ScanKernel<'float32'>>(true);
  same<Awaited<ReturnType<typeof sums>>, DeviceBuffer<'float32'>>(true);
  const starts = await scan('T', 'a + b', { identity: 0n, exclusive: true })(longs, { out: longs });
  same<typeof starts, DeviceBuffer<'int64'>>(true);
  void [anything, some];

  /** Code for any dtype keeps it. */
  function generic() {
    return keep(device.alloc('int8', 3));
  }
  function keep<D extends Dtype>(y: DeviceBuffer<D>): Promise<DeviceBuffer<D>> {
    return squares(y, { out: y });
  }
}
