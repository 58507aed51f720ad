// Finding devices, on whatever machine this runs, and with NODECUDA_SIMULATE.

import { MODELS, parseSimulate } from '../../../lib/cuda/models.js';
import { type CudaUnavailableError, cuda } from '../../../lib/index.js';
import { ARG_RANGE, ARG_TYPE, thrown } from '../../support/errors.js';

test.each([
  [undefined, 0],
  ['', 0],
  [' ', 0],
  ['0', 0],
  ['1', 1],
  [' 2 ', 2],
  ['16', 16],
  ['H100', 1, 'H100'],
  ['RTX 4090', 1, 'RTX 4090'],
  [' 4xB200 ', 4, 'B200'],
])('NODECUDA_SIMULATE=%p asks for %i devices', (value, count, model = '') => {
  expect(parseSimulate(value)).toEqual({ count, model });
});

test.each([
  '-1',
  '1.5',
  '1e1',
  '0x1',
  'yes',
  'true',
  '17',
  '99999999999999999999',
  '1 2',
  'NaN',
  'H101',
  'h100',
  '4x',
  'x4',
  '0xH100',
  '17xT4',
  '2 x T4',
])('NODECUDA_SIMULATE=%p is refused', (value) => {
  expect(parseSimulate(value)).toBeUndefined();
});

/** The library as a process sees it in which the environment is this from the start. */
function withEnvironment<T>(
  env: NodeJS.ProcessEnv,
  use: (library: typeof import('../../../lib/index')) => T,
) {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    let result: T;
    jest.isolateModules(() => {
      result = use(require('../../../lib/index'));
    });
    return result!;
  } finally {
    process.env = before;
  }
}

describe('NODECUDA_SIMULATE=3', () => {
  const run = <T>(use: (library: typeof import('../../../lib/index')) => T) =>
    withEnvironment({ NODECUDA_SIMULATE: '3' }, use);

  test('there are three devices', () => {
    run(({ cuda: simulated }) => {
      expect(simulated.deviceCount()).toBe(3);
      expect(simulated.isAvailable()).toBe(true);
      expect(simulated.devices().map(({ index, isSimulated }) => [index, isSimulated])).toEqual([
        [0, true],
        [1, true],
        [2, true],
      ]);
      expect(simulated.diagnose()).toMatchObject({
        available: true,
        reason: null,
        simulated: true,
        message: '3 simulated devices found',
        hint: '',
      });
    });
  });

  test('each can be opened, and no other', () => {
    run(({ cuda: simulated }) => {
      for (const index of [0, 1, 2]) {
        const device = simulated.device(index);
        expect(device.index).toBe(index);
        expect(device.isSimulated).toBe(true);
        device.dispose();
      }
      expect(thrown(() => simulated.device(3))).toMatchObject(ARG_RANGE);
    });
  });

  test('their uuids differ', () => {
    run(({ cuda: simulated }) => {
      const uuids = simulated.devices().map(({ uuid }) => uuid);
      expect(new Set(uuids).size).toBe(3);
      for (const uuid of uuids)
        expect(uuid).toMatch(/^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    });
  });
});

test('NODECUDA_SIMULATE that is no number: no devices, and the reason', () => {
  withEnvironment({ NODECUDA_SIMULATE: 'garbage' }, (library) => {
    expect(library.cuda.deviceCount()).toBe(0);
    expect(library.cuda.isAvailable()).toBe(false);
    expect(library.cuda.devices()).toEqual([]);
    expect(library.cuda.diagnose()).toMatchObject({
      available: false,
      reason: 'ERR_CUDA_ENVIRONMENT',
      simulated: false,
    });
    const error = thrown(() => library.cuda.device());
    expect(error).toMatchObject({ name: 'CudaUnavailableError', code: 'ERR_CUDA_ENVIRONMENT' });
    expect(error.message).toContain('NODECUDA_SIMULATE');
    expect(error.message).not.toContain('garbage');
  });
});

test('all GPUs hidden: the reason and the remedy, and a simulated device works', () => {
  withEnvironment({ NODECUDA_SIMULATE: '', CUDA_VISIBLE_DEVICES: '' }, (library) => {
    const diagnosis = library.cuda.diagnose();
    expect(diagnosis.available).toBe(false);
    expect(diagnosis.devices).toEqual([]);
    expect(diagnosis.message).not.toBe('');
    expect(diagnosis.hint).toMatch(/simulatedDevice/);
    const error = thrown(() => library.cuda.device()) as CudaUnavailableError;
    expect(error).toBeInstanceOf(library.CudaUnavailableError);
    expect(error.code).toBe(diagnosis.reason);
    expect(error.message).toBe(`${diagnosis.message}. ${diagnosis.hint}`);
    library.cuda.simulatedDevice().dispose();
  });
});

test('the diagnosis describes the machine and the binary', () => {
  const diagnosis = cuda.diagnose();
  expect(diagnosis).toMatchObject({ platform: process.platform, arch: process.arch });
  expect(diagnosis.addonPath).toMatch(/\.node$/);
  expect(diagnosis.build!.sourceHash).toMatch(/^[0-9a-f]{64}$/);
  expect(diagnosis.build!.cudaVersion).toMatch(/^\d+\.\d$/);
  expect(diagnosis.build!.simulatedCapabilities).toContain(90);
  expect(JSON.parse(JSON.stringify(diagnosis))).toEqual(diagnosis);
});

test('it works without its object', () => {
  const { deviceCount, isAvailable, diagnose, devices } = cuda;
  expect(deviceCount()).toBe(devices().length);
  expect(isAvailable()).toBe(diagnose().available);
  expect(Object.isFrozen(cuda)).toBe(true);
});

test.each([null, '0', {}, true])('%p is no index', (index) => {
  expect(thrown(() => cuda.device(index as number))).toMatchObject(ARG_TYPE);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])('%p is out of range', (index) => {
  expect(thrown(() => cuda.device(index))).toMatchObject(ARG_RANGE);
});

describe('simulated devices', () => {
  test('what is asked for is there', () => {
    const device = cuda.simulatedDevice({
      memoryBytes: 2 ** 26,
      computeCapability: { major: 8, minor: 0 },
      workers: 1,
    });
    expect(device).toMatchObject({
      index: 0,
      isSimulated: true,
      totalMemory: 2 ** 26,
      computeCapability: { major: 8, minor: 0 },
    });
    expect(device.memoryInfo().total).toBe(2 ** 26);
    device.dispose();
  });

  test('every capability that is said to be possible is', () => {
    for (const capability of cuda.diagnose().build!.simulatedCapabilities) {
      const computeCapability = { major: Math.floor(capability / 10), minor: capability % 10 };
      const device = cuda.simulatedDevice({ computeCapability, memoryBytes: 2 ** 24 });
      expect(device.computeCapability).toEqual(computeCapability);
      device.dispose();
    }
  });

  // From the data sheets: what programs branch on.
  test.each([
    ['T4', 7, 5, 40, 16, 1024],
    ['A100', 8, 0, 108, 40, 2048],
    ['RTX 4090', 8, 9, 128, 24, 1536],
    ['H100', 9, 0, 132, 80, 2048],
    ['H200', 9, 0, 132, 141, 2048],
    ['B200', 10, 0, 148, 180, 2048],
  ] as const)('%s', async (model, major, minor, multiprocessors, gib, threads) => {
    using device = cuda.simulatedDevice({ model });
    expect(device).toMatchObject({
      name: `nodecuda simulated device (${model})`,
      computeCapability: { major, minor },
      multiprocessorCount: multiprocessors,
      totalMemory: gib * 2 ** 30,
      properties: { maxThreadsPerMultiprocessor: threads, registersPerBlock: 65536 },
    });
    expect(device.memoryInfo()).toEqual({ free: gib * 2 ** 30, total: gib * 2 ** 30 });
    using x = device.from(new Float32Array([1, 2]));
    using y = device.add(x, x);
    expect(await y.read()).toEqual(new Float32Array([2, 4]));
  });

  test('a model with other memory', () => {
    using device = cuda.simulatedDevice({ model: 'H100', memoryBytes: 2 ** 24 });
    expect(device).toMatchObject({ totalMemory: 2 ** 24, multiprocessorCount: 132 });
  });

  test('kernels see the multiprocessors of the model', async () => {
    using device = cuda.simulatedDevice({ model: 'A100', memoryBytes: 2 ** 24 });
    using module = device.loadModule(`.version 7.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 out)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd;
  ld.param.u64 %rd, [out];
  mov.u32 %r0, %nsmid;
  mov.u32 %r1, %smid;
  st.global.v2.u32 [%rd], {%r0, %r1};
  ret;
}`);
    using out = device.alloc('uint32', 2);
    module.kernel('k', ['uint32*']).launch({ grid: 110, block: 1 }, out);
    expect([...(await out.read())][0]).toBe(108);
  });

  test('every model that has a name can be opened', () => {
    for (const model of MODELS) cuda.simulatedDevice({ model }).dispose();
  });

  test.each([
    [{ model: 'H101' }, ARG_RANGE],
    [{ model: 100 }, ARG_TYPE],
    [{ model: 'H100', computeCapability: { major: 9, minor: 0 } }, ARG_TYPE],
    [{ memoryBytes: 0 }, ARG_RANGE],
    [{ memoryBytes: -1 }, ARG_RANGE],
    [{ memoryBytes: '1' }, ARG_TYPE],
    [{ workers: 0 }, ARG_RANGE],
    [{ workers: 1e9 }, ARG_RANGE],
    [{ computeCapability: { major: 3, minor: 0 } }, ARG_RANGE],
    [{ computeCapability: { major: 7, minor: 15 } }, ARG_RANGE],
    [{ computeCapability: { major: 9 } }, ARG_TYPE],
    [{ computeCapability: 9 }, ARG_TYPE],
    [{ memory: 1 }, ARG_TYPE],
    [null, ARG_TYPE],
  ])('%p is refused', (options, expected) => {
    expect(thrown(() => cuda.simulatedDevice(options as object))).toMatchObject(expected);
  });

  test('more memory than there can be is an error, and the next device works', () => {
    const error = thrown(() => cuda.simulatedDevice({ memoryBytes: 2 ** 53 - 1 }));
    expect(error).toMatchObject({ name: 'CudaOutOfMemoryError', code: 'ERR_CUDA_OOM' });
    cuda.simulatedDevice().dispose();
  });
});
