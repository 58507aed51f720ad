// The limits of a launch, each named when it is passed: grid, block, shared memory, clusters.
import { cuda, type Device, type Kernel, type LaunchOptions } from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import {
  ARG_RANGE,
  ARG_TYPE,
  DISPOSED,
  failure,
  thrown,
  WRONG_DEVICE,
} from '../../support/errors.js';
import { refusedBy } from '../../support/faults.js';
import { DYNAMIC, idle, ptx } from '../../support/kernels.js';

describe('is refused, without a CUDA call', () => {
  let faulty: FaultyDevice;
  let device: Device;
  let kernels: Record<string, Kernel>;
  beforeAll(() => {
    faulty = openFaultyDevice();
    device = faulty.device;
    const bounds = {
      ...{ tight: '.maxntid 64, 2, 1', exact: '.reqntid 8, 4, 2' },
      ...{ paired: '.reqnctapercluster 2', small: '.maxclusterrank 2' },
    };
    const text = ptx(
      ...[
        idle('k'),
        DYNAMIC,
        '.visible .entry large()\n{ .shared .align 4 .b8 s[50000]; .reg .b32 %r; ld.shared.u32 %r, [s]; ret; }\n',
        ...Object.entries(bounds).map(([name, words]) => idle(name, '', words)),
      ],
    );
    const code = device.loadModule(text.replace('sm_75', 'sm_90'));
    const names = ['k', 'tight', 'exact', 'paired', 'small', 'dynamic', 'both', 'large'];
    kernels = Object.fromEntries(names.map((name) => [name, code.kernel(name)]));
  });
  afterAll(closeFaultyDevices);

  const BOTH = { grid: 1, block: 1 };
  const words: [string, object, string | RegExp][] = [
    [
      'k',
      { grid: 2 ** 31, block: 1 },
      "Expected at most 2147483647 along x for `grid` (the device's limit) but received 2147483648",
    ],
    [
      'k',
      { grid: [1, 65536], block: 1 },
      "Expected at most 65535 along y for `grid` (the device's limit) but received 65536",
    ],
    [
      'k',
      { grid: [1, 1, 65536], block: 1 },
      "Expected at most 65535 along z for `grid` (the device's limit) but received 65536",
    ],
    [
      'k',
      { grid: 1, block: 1025 },
      "Expected at most 1024 along x for `block` (the device's limit) but received 1025",
    ],
    [
      'k',
      { grid: 1, block: [1, 1, 65] },
      "Expected at most 64 along z for `block` (the device's limit) but received 65",
    ],
    [
      'k',
      { grid: 1, block: [32, 32, 2] },
      "Expected at most 1024 threads for `block` (the device's limit) but received 2048",
    ],
    [
      'tight',
      { grid: 1, block: 129 },
      'Expected at most 128 threads for `block` (the limit of kernel tight: its launch bounds or registers) but received 129',
    ],
    [
      'exact',
      { grid: 1, block: 64 },
      'Expected 8 x 4 x 2 threads for `block`, for which kernel exact was compiled (.reqntid), but received 64 x 1 x 1',
    ],
    [
      'k',
      { ...BOTH, sharedMemoryBytes: 232449 },
      'Expected at most 232448 bytes for `sharedMemoryBytes` (a block of the device has 232448) but received 232449',
    ],
    [
      'both',
      { ...BOTH, sharedMemoryBytes: 231425 },
      'Expected at most 231424 bytes for `sharedMemoryBytes` (a block of the device has 232448, of which kernel both has 1024 itself) but received 231425',
    ],
    [
      'large',
      BOTH,
      'Kernel large has 50000 bytes of static shared memory, and a block can have 49152: what is more has to be dynamic (extern __shared__, and `sharedMemoryBytes`)',
    ],
    [
      'paired',
      { grid: 4, block: 1, cluster: 4 },
      'Expected 2 x 1 x 1 blocks for `cluster`, for which kernel paired was compiled (.reqnctapercluster), but received 4 x 1 x 1',
    ],
    [
      'paired',
      { grid: 3, block: 1 },
      'Expected a multiple of the cluster (2 x 1 x 1) for `grid` but received 3 x 1 x 1',
    ],
    [
      'small',
      { grid: 4, block: 1, cluster: [2, 2] },
      'Expected at most 2 blocks for `cluster` (the limit of kernel small: .maxclusterrank) but received 4',
    ],
    ['k', { ...BOTH, cluster: 16 }, 'Expected at most 8 blocks for `cluster` but received 16'],
    [
      'k',
      { grid: 3, block: 1, cluster: 2 },
      'Expected a multiple of the cluster (2 x 1 x 1) for `grid` but received 3 x 1 x 1',
    ],
    [
      'k',
      { grid: [4, 3], block: 1, cluster: [2, 2] },
      'Expected a multiple of the cluster (2 x 2 x 1) for `grid` but received 4 x 3 x 1',
    ],
  ];
  test.each(words)('kernel %s with %j', async (name, options, message) => {
    const launch = () => kernels[name]!.launch(options as LaunchOptions);
    await refusedBy(faulty, launch, { ...ARG_RANGE, message });
    await refusedBy(faulty, () => kernels[name]!.prepare(options as LaunchOptions), ARG_RANGE);
  });

  const numbers = [0, -1, 0.5, Number.NaN, 1 / 0, 2 ** 53, 1e308, -(2 ** 31), 0n, -5n, 2n ** 64n];
  test.each(['grid', 'block', 'cluster', 'sharedMemoryBytes'])('%s in numbers', async (option) => {
    for (const number of numbers) {
      const fine = option === 'sharedMemoryBytes' && (number === 0 || number === 0n);
      if (fine) continue;
      const options = { ...BOTH, [option]: number };
      await refusedBy(faulty, () => kernels.k!.launch(options), ARG_RANGE);
    }
    for (const value of ['1', null, {}, true, Symbol('1'), new Uint32Array(3), () => 1]) {
      const options = { ...BOTH, [option]: value };
      await refusedBy(faulty, () => kernels.k!.launch(options as never), ARG_TYPE);
    }
    if (option === 'sharedMemoryBytes') return;
    for (const value of [
      [],
      [1, 1, 1, 1],
      ['1'],
      [1, undefined],
      [1, null, 1],
      [[1]],
      new Array(2),
    ]) {
      const options = { ...BOTH, [option]: value };
      await refusedBy(faulty, () => kernels.k!.launch(options as never), ARG_TYPE);
    }
    await refusedBy(
      faulty,
      () => kernels.k!.launch({ ...BOTH, [option]: [1, 0] } as never),
      ARG_RANGE,
    );
  });

  test('options that are none', async () => {
    for (const options of [
      ...[undefined, null, 7, 'grid', [], {}, { grid: 1 }, { block: 1 }, { ...BOTH, blocks: 1 }],
      ...[
        { ...BOTH, cooperative: 1 },
        { ...BOTH, programmatic: 'yes' },
        { ...BOTH, stream: {} },
      ],
      ...[{ ...BOTH, stream: null }, Object.create(BOTH)],
    ]) {
      await refusedBy(faulty, () => kernels.k!.launch(options as never), ARG_TYPE);
    }
  });

  test('a stream that is disposed, or of another device', async () => {
    const stream = device.createStream();
    stream.dispose();
    await refusedBy(faulty, () => kernels.k!.launch({ ...BOTH, stream }), DISPOSED);
    using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    const foreign = { ...BOTH, stream: other.createStream() };
    await refusedBy(faulty, () => kernels.k!.launch(foreign), WRONG_DEVICE);
    await refusedBy(faulty, () => kernels.k!.prepare(foreign), WRONG_DEVICE);
  });

  test('occupancy and suggestBlockSize', async () => {
    const { k, tight } = kernels;
    await refusedBy(faulty, () => tight!.occupancy(129), ARG_RANGE);
    await refusedBy(faulty, () => k!.occupancy(32, 232449), ARG_RANGE);
    await refusedBy(faulty, () => k!.occupancy(0), ARG_RANGE);
    await refusedBy(faulty, () => k!.suggestBlockSize({ sharedMemoryBytes: 232449 }), ARG_RANGE);
    await refusedBy(faulty, () => k!.suggestBlockSize({ maxThreads: 0 }), ARG_RANGE);
    await refusedBy(faulty, () => k!.suggestBlockSize({ least: 1 } as never), ARG_TYPE);
  });

  test('clusters and programmatic launches, before capability 9.0', async () => {
    using old = cuda.simulatedDevice({
      memoryBytes: 2 ** 24,
      computeCapability: { major: 8, minor: 0 },
    });
    using k = old.loadModule(ptx(idle('k'))).kernel('k');
    for (const option of [{ cluster: 1 }, { programmatic: true }]) {
      expect(thrown(() => k.launch({ ...BOTH, ...option }))).toMatchObject({
        ...ARG_RANGE,
        message: expect.stringContaining('capability 9.0'),
      });
    }
  });

  test('by the device: it stays usable', async () => {
    faulty.fail('LaunchKernelExC', 1, 701);
    expect(await failure(() => kernels.k!.launch(BOTH))).toMatchObject({
      ...{ name: 'CudaLaunchError', code: 'ERR_CUDA_LAUNCH', status: 701, fatal: false },
      message: expect.stringContaining('kernel k'),
    });
    kernels.k!.launch(BOTH);
    faulty.fail('KernelSetAttributeForDevice', 1, 1);
    const shared = { ...BOTH, sharedMemoryBytes: 100_000 };
    expect(await failure(() => kernels.k!.launch(shared))).toMatchObject({ status: 1 });
    kernels.k!.launch(shared);
    await device.synchronize();
  });
});
