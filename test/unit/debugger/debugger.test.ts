// The debugger of kernels on simulated devices, from the thread that has the devices.
import { native } from '../../../lib/addon/load.js';
import {
  type BreakpointOptions,
  cuda,
  type Device,
  type KernelDebugger,
} from '../../../lib/index.js';
import { runChild } from '../../support/child.js';
import { failure, thrown } from '../../support/errors.js';
import { PTX, ptxLine } from './kernels.js';

let debug: KernelDebugger;
let device: Device;
const kept: object[] = []; // until their device is disposed
beforeEach(() => {
  debug = cuda.debugger();
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, workers: 2 });
});
afterEach(() => {
  debug.dispose({ endKernels: true });
  device.dispose();
  kept.length = 0;
});

function launch(name: string, grid = 1, block = 32, on = device) {
  const module = on.loadModule(PTX);
  const data = on.from(new Float32Array(grid * block).map((_, i) => i));
  kept.push(module, data);
  if (name === 'scale')
    module.kernel(name, ['float32*', 'float32']).launch({ grid, block }, data, 2);
  else module.kernel(name, ['float32*']).launch({ grid, block }, data);
  return data;
}

async function stop() {
  const found = await debug.stopped();
  if (found === null) throw new Error('the debugger was closed');
  return found;
}

/** Where it stops, each time, until the device has done all. */
async function tour(go: () => void, most = 200, each = () => {}) {
  const places: string[] = [];
  const done = device.synchronize().then(() => null);
  for (let i = 0; i < most; i++) {
    const found = await Promise.race([debug.stopped(), done]);
    if (found === null) return places;
    places.push(`${found.source?.split(':')[1]} ${found.thread[0]} ${found.reason}`);
    each();
    go();
  }
  throw new Error(`still not done: ${places.slice(0, 10)}`);
}

const onward = () => debug.continue();
const register = (name: string, thread?: number) => {
  const who = thread === undefined ? undefined : { thread: [thread, 0, 0] as const };
  return debug.registers(who).find((each) => each.name === name)?.value;
};

describe('breakpoints', () => {
  test('at a kernel stop each launch once, before its first instruction', async () => {
    debug.breakAt('scale');
    const data = launch('scale', 3, 64);
    expect(await stop()).toEqual({
      reason: 'breakpoint',
      breakpoint: 1,
      message: null,
      kernel: 'scale',
      gridSize: [3, 1, 1],
      blockSize: [64, 1, 1],
      block: [0, 0, 0],
      thread: [0, 0, 0],
      function: 'scale',
      source: '/src/kernels/scale.cu:2',
      ptxLine: ptxLine('ld.param.u64 %rd1, [data]'),
      mnemonic: 'ld.param.u64',
    });
    debug.continue();
    expect(Array.from(await data.read())).toEqual(Array.from({ length: 192 }, (_, i) => 2 * i));
    launch('scale');
    expect(await stop()).toMatchObject({ kernel: 'scale' });
    debug.continue();
  });

  test.each<[string, BreakpointOptions | undefined, string[]]>([
    ['scale.cu:4', undefined, ['0 0', '0 32', '1 0', '1 32']],
    ['kernels/scale.cu:4', { block: [1, 0, 0] }, ['1 0', '1 32']],
    ['scale.cu:4', { thread: [40, 0, 0] }, ['0 40', '1 40']],
    ['scale.cu:8', { block: [0, 0, 0], thread: [3, 0, 0] }, ['0 3']],
    ['scale.cu:5', { when: '%r1 == 7' }, ['0 7', '1 7']],
    ['scale.cu:5', { when: '%f3 >= 100' }, ['0 50', '1 0', '1 32']],
    ['scale.cu:6', { when: '%p1 != false' }, ['0 8', '0 32', '1 8', '1 32']],
    ['scale.cu:6', { when: '%s1 < -0x20' }, ['0 33', '1 33']],
    ['scale.cu:6', { when: '%g1 == 2.5e2' }, ['1 61']],
    ['scale.cu:6', { when: '%hf1 == 20' }, ['0 10']],
    ['scale.cu:6', { when: '%r99 == 1' }, []],
    ['scale.cu:6', { when: '%tid.x == 40' }, ['0 40', '1 40']],
    ['scale.cu:6', { when: '%ctaid.x != 0' }, ['1 0', '1 32']],
    ['scale.cu:6', { when: '%ntid.y > 1' }, []],
    ['scale.cu:6', { when: '%laneid >= 30' }, ['0 30', '0 62', '1 30', '1 62']],
    ['scale.cu:6', { when: '%lanemask_lt == 3' }, ['0 2', '0 34', '1 2', '1 34']],
    ['scale', { when: '%warpid == 1' }, ['0 32']],
    ['other.cu:4', undefined, []],
    ['cale.cu:4', undefined, []],
    ['scale.cu:27', undefined, []], // of no kernel
    [`ptx:${ptxLine('st.shared')}`, { block: [0, 0, 0] }, ['0 0', '0 32']],
  ])('%s %j', async (location, options, expected) => {
    const { id } = debug.breakAt(location, options);
    launch('scale', 2, 64);
    const seen: string[] = [];
    await tour(() => {
      const { block, thread, breakpoint } = debug.current!;
      expect(breakpoint).toBe(id);
      seen.push(`${block[0]} ${thread[0]}`);
      debug.continue();
    });
    expect(seen).toEqual(expected);
  });

  test('in a loop of one instruction stop each time', async () => {
    debug.breakAt('scale.cu:47');
    launch('turns');
    for (let i = 0; i < 3; i++) {
      expect(await stop()).toMatchObject({ mnemonic: 'bra', reason: 'breakpoint' });
      debug.continue();
    }
  });

  test('a line without code is the next that has some', async () => {
    debug.breakAt(`ptx:${ptxLine('  .loc 1 8 0')}`, { thread: [0, 0, 0] });
    launch('scale');
    expect(await stop()).toMatchObject({ mnemonic: 'st.global.f32', breakpoint: 1 });
    debug.deleteBreakpoint(1);
    debug.breakAt('scale.cu:33');
    launch('calls', 1, 1);
    debug.continue();
    expect(await stop()).toMatchObject({ kernel: 'calls', source: '/src/kernels/scale.cu:36' });
  });

  test.each([
    ['scale.cu:1', 'scale', 'scale.cu:2'], // before the first kernel
    ['scale.cu:10', 'branch', 'scale.cu:20'], // between two
    ['scale.cu:33', 'calls', 'scale.cu:36'],
    ['tiny.cu:1', 'small', 'tiny.cu:3'], // of a function that is part of its caller
    ['tiny.cu:3', 'small', 'tiny.cu:3'],
    ['tiny.cu:4', 'small', 'tiny.cu:10'],
  ])('%s, without code, is the next of the module: of %s, %s', async (location, name, source) => {
    debug.breakAt(location, { thread: [0, 0, 0] });
    const kernels = ['scale', 'branch', 'small', 'calls'];
    for (const each of kernels) launch(each);
    const found = await stop();
    expect(found).toMatchObject({ kernel: name, source: `/src/kernels/${source}` });
    debug.deleteBreakpoint(1);
    debug.continue();
    await device.synchronize();
  });

  test('tell what kernels had of them', async () => {
    const match = (location: string, options?: BreakpointOptions) => {
      const { id } = debug.breakAt(location, options);
      return () => debug.matchOf(id);
    };
    const matches = [
      match('nobody'),
      match('scale.cu:99'),
      match('ptx:3'),
      match('branch'), // does not run
      match('scale', { thread: [64, 0, 0] }),
      match('scale.cu:4', { block: [1, 0, 0] }),
      match('scale.cu:4', { thread: [3, 0, 0], when: '%r1 == 9' }),
      match('scale', { block: [0, 0, 0], when: '%r1 == 9' }),
    ];
    expect(matches.map((each) => each())).toEqual(Array(8).fill('none'));
    await launch('scale', 1, 64).read();
    const none = Array(4).fill('none');
    expect(matches.map((each) => each())).toEqual([...none, 'code', 'code', 'all', 'all']);
    expect(debug.matchOf(77)).toBe('none');
    expect(thrown(() => debug.matchOf(-1))).toMatchObject({ code: 'ERR_CUDA_ARG_RANGE' });
  });

  test('are listed and deleted, also while a kernel is stopped', async () => {
    const first = debug.breakAt('scale.cu:4');
    const second = debug.breakAt('scale.cu:8', { when: '%r1 < 1' });
    expect(debug.breakpoints).toEqual([first, second]);
    expect(second).toEqual({ id: 2, location: 'scale.cu:8', when: '%r1 < 1' });
    launch('scale', 1, 64);
    await stop();
    expect(debug.deleteBreakpoint(first.id)).toBe(true);
    expect(debug.deleteBreakpoint(first.id)).toBe(false);
    expect(await tour(onward)).toEqual(['4 0 breakpoint', '8 0 breakpoint']);
  });

  test('in loops stop each time round, and at a barrier once', async () => {
    debug.breakAt('scale.cu:24');
    launch('branch');
    expect(await tour(onward)).toEqual(Array(3).fill('24 0 breakpoint'));
    debug.breakAt('scale.cu:7');
    launch('scale', 1, 64);
    expect(await tour(onward)).toEqual(['7 0 breakpoint', '7 32 breakpoint']);
  });

  test('stop lanes once that wait there for others', async () => {
    debug.breakAt('scale.cu:61');
    debug.breakAt('scale.cu:63');
    launch('waits');
    expect(await tour(onward)).toEqual(['61 0 breakpoint', '63 16 breakpoint']);
  });

  test('of a function stop each call', async () => {
    debug.breakAt('factorial');
    launch('calls', 1, 1);
    expect(await tour(onward)).toEqual(Array(3).fill('30 0 breakpoint'));
  });
});

describe('steps', () => {
  test('by line follow the thread through a branch and a loop', async () => {
    debug.breakAt('branch');
    const low = (go: () => void) => tour(go).then((places) => places.map((p) => p.split(' ')[0]));
    launch('branch');
    expect(await low(() => debug.step())).toEqual('20 22 23 24 25 24 25 24 25 26'.split(' '));
    launch('branch');
    const high = { thread: [20, 0, 0] as const };
    expect(await low(() => debug.step('line', high))).toEqual(
      '20 21 23 24 25 24 25 24 25 26'.split(' '),
    );
  });

  test('by instruction follow the warp, whichever lanes go on', async () => {
    debug.breakAt('branch');
    launch('branch');
    const seen: string[] = [];
    await tour(() => {
      const { mnemonic, thread } = debug.current!;
      if (seen.length < 9) seen.push(`${mnemonic} ${thread[0]}`);
      debug.step('instruction');
    });
    expect(seen).toEqual([
      ...['ld.param.u64 0', 'mov.u32 0', 'setp.lt.u32 0', 'bra 0'],
      ...['add.s32 16', 'bra 16', 'add.s32 0'],
      ...['add.s32 0', 'and.b32 0'],
    ]);
  });

  test('past a barrier let the other warps come to it', async () => {
    debug.breakAt('scale.cu:7', { thread: [0, 0, 0], block: [0, 0, 0] });
    launch('scale', 2, 64);
    await stop();
    expect(debug.warps().map(({ warp, state }) => [warp, state])).toEqual([
      [0, 'running'],
      [1, 'ready'],
    ]);
    debug.step();
    expect(await stop()).toMatchObject({ source: '/src/kernels/scale.cu:8', thread: [0, 0, 0] });
    // The other one came last, and has gone on to its end.
    expect(debug.warps().map(({ warp }) => warp)).toEqual([0]);
    debug.step();
    expect(await stop()).toMatchObject({ source: '/src/kernels/scale.cu:9' });
    debug.step(); // the thread ends
    expect(await stop()).toMatchObject({ reason: 'step', block: [1, 0, 0], thread: [0, 0, 0] });
  });

  test('into, over and out of functions', async () => {
    debug.breakAt('calls');
    const lines = async (go: () => void) =>
      (await tour(go)).map((place) => place.split(' ')[0]).join(' ');
    launch('calls', 1, 1);
    expect(await lines(() => debug.step())).toBe('36 30 31 30 31 30 32 31 32 31 32 36 37');
    launch('calls', 1, 1);
    expect(await lines(() => debug.step('over'))).toBe('36 37');
    debug.breakAt('factorial');
    launch('calls', 1, 1);
    await stop();
    debug.continue();
    await stop();
    debug.continue();
    expect(await stop()).toMatchObject({ function: 'factorial' });
    debug.continue();
    await stop();
    const line = (place: { source: string | null }) => place.source?.split(':')[1];
    expect(debug.frames().map((each) => `${each.function} ${line(each)}`)).toEqual([
      'factorial 30',
      'factorial 31',
      'factorial 31',
      'calls 36',
    ]);
    debug.step('instruction');
    await stop();
    expect(register('%r1')).toBe(1);
    debug.step('out');
    expect(await stop()).toMatchObject({ source: '/src/kernels/scale.cu:31', reason: 'step' });
    expect(register('%r1')).toBe(2);
  });
});

describe('what is seen', () => {
  test('registers, by their types', async () => {
    debug.breakAt('scale.cu:6');
    launch('scale', 2, 64);
    await stop();
    const at = (thread: number) =>
      Object.fromEntries(
        debug
          .registers({ thread: [thread, 0, 0] })
          .map(({ name, type, value }) => [name, [type, value]]),
      );
    expect(at(9)).toMatchObject({
      '%r1': ['b32', 9],
      '%r2': ['b32', 0],
      '%r3': ['b32', 9],
      '%f1': ['f32', 2],
      '%f2': ['f32', 9],
      '%f3': ['f32', 18],
      '%g1': ['f64', 18],
      '%s1': ['s32', -9],
      '%su1': ['u16', 9],
      '%hf1': ['f16', 18],
      '%p1': ['pred', true],
    });
    expect(at(9)['%rd3']).toEqual(['b64', expect.any(BigInt)]);
    expect(at(3)['%p1']).toEqual(['pred', false]);
    expect(at(9)).not.toHaveProperty('%h1'); // declared, and never used
    expect(register('%f3', 0)).toBe(0);
  });

  test('registers of the lanes of a warp', async () => {
    debug.breakAt('scale.cu:6', { thread: [32, 0, 0] });
    launch('scale', 1, 40);
    await stop();
    const lanes = debug.lanes('%r1').map((each) => each?.value ?? null);
    expect(lanes).toEqual([32, 33, 34, 35, 36, 37, 38, 39, ...Array(24).fill(null)]);
    expect(thrown(() => debug.lanes('%nothing'))).toMatchObject({ code: 'ERR_CUDA_DEBUGGER' });
  });

  test('memory: global, of a block, and of a thread', async () => {
    debug.breakAt('scale.cu:8', { thread: [0, 0, 0], block: [1, 0, 0] });
    launch('scale', 2, 64);
    await stop();
    const floats = (bytes: Uint8Array) => Array.from(new Float32Array(bytes.buffer));
    const address = register('%rd1') as bigint;
    // The first block has stored its part.
    expect(floats(debug.memory('global', address + 4n * 62n, 16))).toEqual([124, 126, 64, 65]);
    expect(floats(debug.memory('shared', 4, 12))).toEqual([130, 132, 134]);
    expect(floats(debug.memory('shared', (1n << 60n) + 4n, 4))).toEqual([130]);
    const own = (thread: number) =>
      new Uint32Array(debug.memory('local', 8, 4, { thread: [thread, 0, 0] }).buffer)[0];
    expect([own(5), own(40)]).toEqual([5, 40]);
    for (const wrong of [
      () => debug.memory('global', 64, 4),
      () => debug.memory('global', address + 508n, 8),
      () => debug.memory('shared', 250, 8),
      () => debug.memory('local', 16, 4),
      () => debug.memory('shared', 0, 2 ** 21),
      () => debug.registers({ thread: [64, 0, 0] }),
      () => debug.registers({ block: [0, 0, 0] }), // has ended
      () => debug.registers({ block: [2, 0, 0] }),
    ]) {
      expect(thrown(wrong)).toMatchObject({ name: 'RangeError', code: 'ERR_CUDA_ARG_RANGE' });
    }
    expect(thrown(() => debug.memory('param' as 'local', 0, 4))).toMatchObject({
      code: 'ERR_CUDA_ARG_TYPE',
    });
  });

  test('where lanes that have parted are', async () => {
    debug.breakAt('scale.cu:21');
    launch('branch', 1, 32);
    await stop();
    const where = debug
      .warps()
      .map(({ lanes, state, source }) => [lanes, state, source?.slice(-2)]);
    expect(where).toEqual([
      [0xffff0000, 'running', '21'],
      [0x0000ffff, 'ready', '22'],
    ]);
    expect(debug.frames({ thread: [0, 0, 0] })[0]).toMatchObject({
      source: '/src/kernels/scale.cu:22',
    });
  });

  test('the PTX', async () => {
    debug.breakAt('branch');
    launch('branch');
    const { ptxLine: line } = await stop();
    expect(debug.ptxLines(line, line + 1)).toEqual([
      '  ld.param.u64 %rd1, [out];',
      '  mov.u32 %r1, %tid.x;',
    ]);
    expect(debug.ptxLines(2 ** 29, 2 ** 29)).toEqual([]);
  });
});

describe('stops that nobody asked for', () => {
  test('the line of the source is told of one that nobody watches', async () => {
    debug.dispose();
    launch('fault');
    expect((await failure(() => device.synchronize())).message).toContain(
      `kernel fault, /src/kernels/scale.cu:41, PTX line ${ptxLine('@%p1 st.global.u32 [%rd1], %r1')} (st.global.u32), block`,
    );
  });

  test('a fault, before the device is lost', async () => {
    launch('fault');
    const waiting = failure(() => device.synchronize());
    expect(await stop()).toMatchObject({
      reason: 'fault',
      breakpoint: null,
      thread: [5, 0, 0],
      source: '/src/kernels/scale.cu:41',
      message: expect.stringContaining('0x40'),
    });
    expect(register('%r1')).toBe(5);
    debug.continue();
    expect(await waiting).toMatchObject({ code: 'ERR_CUDA_KERNEL_FAULT' });
  });

  test('a deadlock', async () => {
    launch('stuck', 1, 64);
    const waiting = failure(() => device.synchronize());
    expect(await stop()).toMatchObject({
      reason: 'deadlock',
      message: expect.stringContaining('deadlock'),
    });
    expect(debug.warps().map(({ state, source }) => [state, source?.slice(-2)])).toEqual([
      ['at a barrier', '52'],
      ['at a barrier', '51'],
    ]);
    debug.step();
    expect(await waiting).toMatchObject({ code: 'ERR_CUDA_KERNEL_FAULT' });
  });

  test('a pause, of a kernel that never ends', async () => {
    launch('spin');
    const waiting = failure(() => device.synchronize());
    debug.pause();
    expect(await stop()).toMatchObject({ reason: 'pause', kernel: 'spin' });
    const before = register('%r1') as number;
    debug.continue();
    debug.pause();
    await stop();
    expect(register('%r1')).toBeGreaterThanOrEqual(before);
    debug.dispose({ endKernels: true });
    expect(await waiting).toMatchObject({ message: expect.stringContaining('debugger has ended') });
    expect(await debug.stopped()).toBeNull();
  });
});

test('a kernel that runs can be ended, and those behind it', async () => {
  launch('spin');
  launch('scale');
  debug.pause();
  await stop();
  debug.continue();
  const waiting = failure(() => device.synchronize());
  debug.dispose({ endKernels: true });
  expect(await waiting).toMatchObject({ code: 'ERR_CUDA_KERNEL_FAULT', fatal: true });
});

test('brkpt stops, and goes on', async () => {
  const data = launch('asks');
  expect(await stop()).toMatchObject({ reason: 'breakpoint', breakpoint: null, mnemonic: 'brkpt' });
  debug.step();
  expect(await stop()).toMatchObject({ source: '/src/kernels/scale.cu:57' });
  debug.continue();
  expect(new Uint32Array((await data.read()).buffer)[0]).toBe(9);
  // Also when what it has stopped for is gone.
  const other = launch('asks');
  await stop();
  debug.dispose();
  expect(new Uint32Array((await other.read()).buffer)[0]).toBe(9);
});

test('blocks that run together', async () => {
  debug.breakAt('scale.cu:8', { block: [1, 0, 0] });
  const module = device.loadModule(PTX);
  const data = device.from(new Float32Array(128).fill(3));
  kept.push(module, data);
  module
    .kernel('scale', ['float32*', 'float32'])
    .launch({ grid: 2, block: 64, cooperative: true }, data, 2);
  await stop();
  // The second warp has come to the barrier last, and gone on.
  const other = { block: [0, 0, 0], thread: [10, 0, 0] } as const;
  const values = Object.fromEntries(debug.registers(other).map(({ name, value }) => [name, value]));
  expect(values).toMatchObject({ '%r1': 10, '%r2': 0 });
  expect(debug.warps(other)).toEqual([expect.objectContaining({ warp: 0, state: 'ready' })]);
  debug.step('instruction', other);
  expect(await stop()).toMatchObject({ reason: 'step', block: [0, 0, 0], thread: [10, 0, 0] });
  debug.deleteBreakpoint(1);
  debug.continue();
  expect((await data.read())[127]).toBe(6);
});

describe('a process that ends while a kernel is stopped', () => {
  const BEGIN = `
    const { cuda } = require('.');
    const debug = cuda.debugger();
    const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    const data = device.alloc('float32', 64);
    debug.breakAt('spin');
    device.loadModule(${JSON.stringify(PTX)}).kernel('spin', ['float32*'])
      .launch({ grid: 1, block: 32 }, data);`;

  test.each([
    ['by process.exit()', `debug.stopped().then(() => process.exit(3));`],
    ['by itself', `debug.stopped().then(() => { process.exitCode = 3; });`],
    [
      'having disposed the device',
      `debug.stopped().then(() => { device.dispose(); process.exitCode = 3; });`,
    ],
    ['with someone waiting', `debug.stopped().then(() => process.exit(3)); device.synchronize();`],
  ])('%s', async (_, end) => {
    expect(await runChild(BEGIN + end)).toMatchObject({ code: 3, signal: null, stderr: '' });
  });

  test.each([
    ['by process.exit()', 'process.exit(3);'],
    ['by an error', `throw new Error('ours');`],
    ['by itself', 'worker.unref(); process.exitCode = 3;'],
  ])('with a Worker that blocks until it goes on, %s', async (_, end) => {
    const blocks = `
      const device = require('.').cuda.device();
      const data = device.alloc('float32', 64);
      device.loadModule(${JSON.stringify(PTX)}).kernel('spin', ['float32*'])
        .launch({ grid: 1, block: 32 }, data);
      device.synchronizeSync();`;
    const { code, signal } = await runChild(
      `const debug = require('.').cuda.debugger();
      debug.breakAt('spin');
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(blocks)}, { eval: true });
      worker.on('error', () => {});
      debug.stopped().then(() => { ${end} });`,
      { env: { NODECUDA_SIMULATE: '1' } },
    );
    expect({ code, signal }).toEqual({ code: end.startsWith('throw') ? 1 : 3, signal: null });
  });

  test('in a Worker that is terminated', async () => {
    const { code, stdout, stderr } = await runChild(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(
        `${BEGIN} debug.stopped().then(() => require('node:worker_threads').parentPort.postMessage(0));
        device.synchronize().catch(() => {});`,
      )}, { eval: true });
      worker.on('message', () => worker.terminate().then(() => {
        const { cuda } = require('.');
        cuda.debugger().dispose(); // there is room for another
        console.log('over');
      }));`);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'over\n', stderr: '' });
  });
});

describe('the life of a debugger', () => {
  test('kernels go on when it is disposed', async () => {
    debug.breakAt('scale.cu:4');
    const data = launch('scale', 2, 64);
    await stop();
    const next = debug.stopped();
    debug.dispose();
    debug.dispose();
    expect(debug.disposed).toBe(true);
    await next;
    expect((await data.read())[100]).toBe(200);
    using other = cuda.debugger();
    other.breakAt('scale');
    const again = launch('scale');
    expect(await other.stopped()).toMatchObject({ kernel: 'scale', breakpoint: 1 });
    other.continue();
    expect((await again.read())[9]).toBe(18);
  });

  test('kernels are debugged that were loaded before, and have run; not once it is disposed', async () => {
    debug.dispose();
    const module = device.loadModule(PTX);
    const kernel = module.kernel('branch', ['int32*']);
    const data = device.alloc('int32', 32);
    kept.push(module, data);
    const run = () => kernel.launch({ grid: 1, block: 32 }, data);
    run();
    expect((await data.read())[0]).toBe(103);
    using other = cuda.debugger();
    other.breakAt('branch');
    run();
    expect(await other.stopped()).toMatchObject({ kernel: 'branch', breakpoint: 1 });
    expect(other.register('%tid.x')?.value).toBe(0);
    other.continue();
    await data.read();
    other.dispose();
    run();
    expect((await data.read())[0]).toBe(103);
    expect(other.current).toBeNull();
  });

  test('kernels of a device that is checked, and those that are counted, stop all the same', async () => {
    using checked = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: ['memory', 'race'] });
    debug.breakAt('branch');
    launch('branch', 1, 32, checked);
    expect(await stop()).toMatchObject({ kernel: 'branch' });
    debug.continue();
    const profile = device.profile(async () => {
      launch('branch');
      expect(await stop()).toMatchObject({ kernel: 'branch' });
      debug.continue();
      await device.synchronize();
    });
    expect((await profile).launches).toHaveLength(1);
    await checked.synchronize();
  });

  test('a device can be disposed while its kernel is stopped', async () => {
    debug.breakAt('scale.cu:4');
    launch('scale', 2, 64);
    await stop();
    device.dispose();
    using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    debug.continue();
    debug.deleteBreakpoint(1);
    expect((await launch('scale', 1, 32, other).read())[4]).toBe(8);
  });

  test('two devices stop one after the other', async () => {
    using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    debug.breakAt('scale.cu:8', { thread: [0, 0, 0] });
    debug.breakAt('branch');
    const data = [launch('scale'), launch('branch', 1, 32, other)];
    const kernels = [(await stop()).kernel];
    debug.continue();
    kernels.push((await stop()).kernel);
    debug.continue();
    expect(kernels.sort()).toEqual(['branch', 'scale']);
    expect((await data[0]!.read())[3]).toBe(6);
    await data[1]!.read();
  });

  test('a checked device is checked all the same', async () => {
    using checked = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: true });
    debug.breakAt('fault');
    launch('fault', 1, 32, checked);
    await stop();
    debug.continue();
    expect(await stop()).toMatchObject({ reason: 'fault' });
    debug.continue();
    await failure(() => checked.synchronize());
    expect(checked.checkReport().findings[0]).toMatchObject({ kind: 'memory' });
  });

  test('there is one at a time, and what would hang is refused', async () => {
    const refused = { name: 'CudaDebuggerError', code: 'ERR_CUDA_DEBUGGER', fatal: false };
    expect(thrown(() => cuda.debugger())).toMatchObject(refused);
    expect(thrown(() => device.synchronizeSync())).toMatchObject(refused);
    using data = device.alloc('float32', 4);
    expect(thrown(() => data.readSync())).toMatchObject(refused);
    for (const call of [
      () => debug.continue(),
      () => debug.step(),
      () => debug.registers(),
      () => debug.lanes('%r1'),
      () => debug.warps(),
      () => debug.frames(),
      () => debug.memory('shared', 0, 4),
      () => debug.ptxLines(1, 2),
    ]) {
      expect(thrown(call)).toMatchObject({
        ...refused,
        message: expect.stringContaining('stopped'),
      });
    }
    expect(debug.current).toBeNull();
    debug.dispose();
    expect(thrown(() => debug.breakAt('scale'))).toMatchObject(refused);
    device.synchronizeSync();
    expect(data.readSync()).toEqual(new Float32Array(4));
  });

  test('native code checks again', async () => {
    debug.dispose();
    const addon = native();
    const handle = addon.openDebugger();
    try {
      const none = new Int32Array(6).fill(-1);
      addon.addBreakpoint(handle, 0, 'spin', 0, none, '', 0, '0', false);
      using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
      launch('spin', 1, 32, other);
      expect(await addon.debuggerStopped(handle)).toBe(true);
      const range = { code: 'ERR_CUDA_ARG_RANGE' };
      const type = { code: 'ERR_CUDA_ARG_TYPE' };
      for (const [call, expected] of [
        [() => addon.addBreakpoint(handle, 3, 'k', 0, none, '', 0, '0', false), type],
        [() => addon.addBreakpoint(handle, 0, 'k', 0, none.subarray(1), '', 0, '0', false), range],
        [() => addon.addBreakpoint(handle, 0, 'k', 0, none, '%r1', 6, '0', false), type],
        [() => addon.breakpointMatch(handle, -1), type],
        [() => addon.debuggerJudge(handle, 32, ''), type],
        [() => addon.debuggerSetRegister(handle, 0, 0, '%r1', '1.5', '0'), type],
        [() => addon.debuggerSetMemory(handle, 0, 0, 3, '0', new Uint8Array(1)), range],
        [() => addon.debuggerSetMemory(handle, 0, 0, 0, '16', new Uint8Array(4)), range],
        [() => addon.debuggerResume(handle, 5, 0, 0), type],
        [() => addon.debuggerResume(handle, 1, 1, 0), range],
        [() => addon.debuggerResume(handle, 1, 0, 32), type],
        [() => addon.debuggerWarps(handle, 2 ** 52), range],
        [() => addon.debuggerRegisters(handle, 0, -1), type],
        [() => addon.debuggerRegister(handle, 1, 0, '%r1'), range],
        [() => addon.debuggerVariable(handle, 0, 32, 'tile'), type],
        [() => addon.debuggerMemory(handle, 0, 0, 5, '0', 4), type],
        [() => addon.debuggerMemory(handle, 0, 0, 0, `${2n ** 64n - 1n}`, 4), range],
        [() => addon.debuggerMemory(handle, 0, 0, 4, `${2n ** 60n + 2n ** 20n}`, 4), range],
        [() => addon.debuggerMemory(handle, 0, 0, 0, '0', 0), range],
        [() => addon.debuggerMemory(handle, 0, 0, 1, '-1', 4), type],
        [() => addon.debuggerMemory(handle, 0, 0, 1, `${2n ** 64n}`, 4), type],
        [() => addon.debuggerMemory(handle, 0, 0, 1, '0', 2 ** 21), type],
        [() => addon.debuggerLines(handle, 0, 4), type],
        [() => addon.debuggerStop(0), type],
      ] as const) {
        expect(thrown(call)).toMatchObject(expected);
      }
      addon.closeDebugger(handle, true);
      await failure(() => other.synchronize());
    } finally {
      addon.closeDebugger(handle, true); // again: nothing
    }
    expect(thrown(() => addon.debuggerPause(handle))).toMatchObject({ code: 'ERR_CUDA_DISPOSED' });
  });

  test('wrong arguments are refused', () => {
    const range = { code: 'ERR_CUDA_ARG_RANGE' };
    const type = { code: 'ERR_CUDA_ARG_TYPE' };
    for (const wrong of ['', 'a b', 'scale.cu:0', 'scale.cu:', 'ptx:99999999999']) {
      expect(thrown(() => debug.breakAt(wrong))).toMatchObject(range);
    }
    for (const when of [
      '',
      '%r1',
      '%r1 = 7',
      '%r1 == x',
      '%r1 == 0x10000000000000000',
      'a == 1 b',
      'i+1 == 3',
    ]) {
      expect(thrown(() => debug.breakAt('k', { when }))).toMatchObject(range);
    }
    expect(thrown(() => debug.breakAt(7 as never))).toMatchObject(type);
    expect(thrown(() => debug.breakAt('k', { when: 7 as never }))).toMatchObject(type);
    expect(thrown(() => debug.breakAt('k', { block: [1] as never }))).toMatchObject(range);
    expect(thrown(() => debug.breakAt('k', { thread: 1 as never }))).toMatchObject(type);
    expect(thrown(() => debug.breakAt('k', { threads: 1 } as never))).toMatchObject(type);
    expect(thrown(() => debug.step('back' as never))).toMatchObject(type);
    expect(debug.breakpoints).toEqual([]);
  });
});
