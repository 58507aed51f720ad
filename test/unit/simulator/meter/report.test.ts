// Device.profile: what it takes and refuses, what it meters, and its report.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native } from '../../../../lib/addon/load.js';
import { profileDevice } from '../../../../lib/device/profile.js';
import type { DeviceState } from '../../../../lib/device/state.js';
import { type Device, ProfileReport } from '../../../../lib/index.js';
import { runChild } from '../../../support/child.js';
import { ARG_TYPE, DISPOSED, failure, thrown } from '../../../support/errors.js';
import { kernel, openDevice, profile } from './support.js';

const UNSUPPORTED = { name: 'CudaUnavailableError', code: 'ERR_CUDA_UNSUPPORTED' };

describe('refused', () => {
  test.each([undefined, null, 'fn', {}])('%p in place of a function', async (fn) => {
    using device = openDevice();
    expect(await failure(() => device.profile(fn as never))).toMatchObject(ARG_TYPE);
  });

  test('a device that is checked, before anything is called', async () => {
    using device = openDevice({ check: ['memory'] });
    const fn = jest.fn();
    const error = await failure(() => device.profile(fn));
    expect(error).toMatchObject(UNSUPPORTED);
    expect(error.message).toContain('without `check`');
    expect(fn).not.toHaveBeenCalled();
  });

  test('a GPU, with what to do instead', async () => {
    const fn = jest.fn();
    const gpu = { info: { isSimulated: false }, index: 3 } as DeviceState;
    const error = await failure(() => profileDevice(gpu, fn));
    expect(error).toMatchObject({ ...UNSUPPORTED, device: 3 });
    expect(error.message).toContain('Nsight Compute');
    expect(fn).not.toHaveBeenCalled();
  });

  test('a device that was disposed', async () => {
    const device = openDevice();
    device.dispose();
    const fn = jest.fn();
    expect(await failure(() => device.profile(fn))).toMatchObject(DISPOSED);
    expect(fn).not.toHaveBeenCalled();
  });

  test('a second profile of the device, until the first has ended', async () => {
    using device = openDevice();
    const fn = jest.fn();
    const busy = { name: 'CudaUnavailableError', code: 'ERR_CUDA_DEVICE_BUSY' };
    await device.profile(async () => {
      expect(await failure(() => device.profile(fn))).toMatchObject(busy);
      using other = openDevice();
      expect(await other.profile(fn)).toBeInstanceOf(ProfileReport);
    });
    expect(fn).toHaveBeenCalledTimes(1);
    await device.profile(fn);
    expect(fn).toHaveBeenCalledTimes(2);
  });
});

describe('what is metered', () => {
  let device: Device;
  beforeEach(() => {
    device = openDevice();
  });
  afterEach(() => device.dispose());

  test('launches while the function runs, on all streams, in their order', async () => {
    using module = device.loadModule(kernel(''));
    using a = device.alloc('int32', 1);
    using stream = device.createStream();
    const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
    const run = (grid: number, options = {}) => k.launch({ grid, block: 32, ...options }, a, a, 0);
    run(1);
    const { launches } = await device.profile(async () => {
      run(2);
      await device.synchronize();
      run(3, { stream });
      await new Promise((resolve) => setTimeout(resolve, 5));
      run(4);
    });
    run(5);
    expect(launches.map(({ grid }) => grid[0])).toEqual([2, 3, 4]);
  });

  test('the kernels of the library', async () => {
    using x = device.from(Float32Array.from({ length: 1024 }, (_, i) => i));
    const { launches } = await device.profile(() => device.add(x, x).dispose());
    expect(launches).toHaveLength(1);
    const { counts, kernel: name } = launches[0]!;
    expect(name).toMatch(/add|binary|elementwise/);
    // Two arrays are read and one is written, each byte once.
    expect(counts.global).toMatchObject({
      bytes: 3 * 4096,
      sectors: (3 * 4096) / 32,
      efficiency: 1,
    });
  });

  test('a transpose by way of shared memory: coalesced, and no bank conflicts', async () => {
    using x = device.from(new Float32Array(64 * 96));
    const { launches } = await device.profile(() =>
      device.transpose(x, { rows: 64, columns: 96 }).dispose(),
    );
    const { global, shared } = launches[0]!.counts;
    expect(global).toMatchObject({ bytes: 2 * 4 * 64 * 96, efficiency: 1 });
    expect(shared.requests).toBeGreaterThan(0);
    expect(shared.bankConflicts).toBe(0);
  });

  test('a product', async () => {
    const n = 64;
    using x = device.from(new Float32Array(n * n).fill(1));
    const { launches } = await device.profile(() =>
      device.matmul(x, x, { m: n, n, k: n }).dispose(),
    );
    const instructions = launches.flatMap((launch) => launch.instructions);
    const fma = instructions.filter(({ mnemonic }) => mnemonic.startsWith('fma.rn.f32'));
    const lanes = fma.reduce((sum, { counts }) => sum + counts.threadInstructions, 0);
    expect(lanes).toBe(n * n * n); // each of them once
    expect(launches.reduce((sum, { counts }) => sum + counts.barriers, 0)).toBeGreaterThan(0);
  });

  test('nothing', async () => {
    const report = await device.profile(() => {});
    expect(report.launches).toEqual([]);
    expect(String(report)).toMatch(/^no launches on nodecuda simulated device/);
  });

  test('and nothing after the function has thrown, whose error passes', async () => {
    const mine = new Error('mine');
    const before = native().liveHandles().meters;
    for (const fn of [
      () => {
        throw mine;
      },
      () => Promise.reject(mine),
    ]) {
      expect(await failure(() => device.profile(fn))).toBe(mine);
    }
    expect(native().liveHandles().meters).toBe(before);
    expect((await device.profile(() => {})).launches).toEqual([]);
  });

  test('a kernel that fails', async () => {
    using module = device.loadModule(kernel('st.global.u32 [0], %r2;'));
    using a = device.alloc('int32', 1);
    const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
    const error = await failure(() =>
      device.profile(() => k.launch({ grid: 1, block: 32 }, a, a, 0)),
    );
    expect(error).toMatchObject({ code: 'ERR_CUDA_KERNEL_FAULT' });
    const fn = jest.fn();
    expect(await failure(() => device.profile(fn))).toMatchObject({
      code: 'ERR_CUDA_KERNEL_FAULT',
    });
    expect(fn).not.toHaveBeenCalled();
  });

  test('a device that the function disposes', async () => {
    const error = await failure(() => device.profile(() => device.dispose()));
    expect(error).toMatchObject(DISPOSED);
  });

  test('as much as there is room for', async () => {
    using module = device.loadModule(kernel(`ret;\n${'add.u32 %r4, %r4, 1;\n'.repeat(90_000)}`));
    using a = device.alloc('int32', 1);
    const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
    const report = await device.profile(() => {
      for (let i = 0; i < 4; i++) k.launch({ grid: 1, block: 1 }, a, a, 0);
    });
    expect(report.launches).toHaveLength(2);
    expect(report.dropped).toBe(2);
    expect(String(report)).toMatch(/^2 launches on .*, 2 more not counted/);
    expect(report.toHTML()).toContain('2 more launches were not counted');
  });
});

const WITH_LINES = (file: string) =>
  kernel(`
.loc 1 2 3
  mul.wide.u32 %rd4, %r2, 64;
  add.s64 %rd5, %rd1, %rd4;
  ld.global.u32 %r4, [%rd5];
.loc 1 3 3
  and.b32 %r5, %r2, 1; setp.eq.u32 %p1, %r5, 0;
  @%p1 add.u32 %r4, %r4, 1;
.loc 1 4 3
  st.global.u32 [%rd1], %r4;`).concat(`.file 1 "${file}"\n`);

describe('the report', () => {
  test('by lines of the source', async () => {
    const { launches } = await profile(WITH_LINES('/src/<b>.cu'));
    const { lines, instructions } = launches[0]!;
    expect(lines.map(({ file, line }) => `${file}:${line}`)).toEqual([
      '/src/<b>.cu:2',
      '/src/<b>.cu:3',
      '/src/<b>.cu:4',
    ]);
    expect(lines.map(({ counts }) => counts.warpInstructions)).toEqual([3, 3, 2]); // and `ret`
    expect(lines[0]!.counts.global).toMatchObject({ requests: 1, sectors: 32, fewestSectors: 4 });
    expect(instructions[0]!.source).toBeNull();
    expect(instructions.find(({ mnemonic }) => mnemonic === 'ld.global.u32')).toMatchObject({
      source: '/src/<b>.cu:2',
      text: 'ld.global.u32 %r4, [%rd5]',
      counts: { global: { sectors: 32 } },
    });
  });

  test('in words', async () => {
    const words = String(await profile(WITH_LINES('/src/b.cu')));
    expect(words).toMatch(
      /^1 launch on nodecuda simulated device \(sm_80\): counts, no times\n\nk: /,
    );
    expect(words).toContain('k: grid (1,1,1), block (32,1,1)\n');
    expect(words).toContain(
      'global memory: 2 requests for 256 bytes, 33 sectors where 5 would do (15 % efficient)',
    );
    // The share is of 14 warp instructions, the place that of 3 of them and 32 sectors.
    expect(words).toMatch(
      /warp instructions:\n {3}21 % {2}\/src\/b\.cu:2 {2}\(28 sectors too many\)\n/,
    );
    expect(words).toContain('limited by blocks'.replace('blocks', 'the number of blocks'));
    expect(words).toContain('registers are not known and not counted');
  });

  test('launches of one configuration are one in words, and each in data', async () => {
    using device = openDevice();
    using module = device.loadModule(kernel(''));
    using a = device.alloc('int32', 1);
    const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
    const report = await device.profile(() => {
      for (const grid of [1, 1, 2]) k.launch({ grid, block: 32 }, a, a, 0);
    });
    expect(report.launches).toHaveLength(3);
    const words = String(report);
    expect(words).toContain('k: grid (1,1,1), block (32,1,1), 2 launches\n  14 warp instructions');
    expect(words).toContain('k: grid (2,1,1), block (32,1,1)\n  14 warp instructions');
  });

  test('as JSON', async () => {
    const report = await profile(WITH_LINES('/src/b.cu'));
    const parsed = JSON.parse(JSON.stringify(report));
    expect(parsed).toEqual({
      device: 'nodecuda simulated device (sm_80)',
      launches: report.launches,
      dropped: 0,
    });
  });

  describe('as a page', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nodecuda-profile-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    const SOURCE = 'first\n"second" <script>alert(1)</script>\nthird & more\nfourth\n';

    test('with the source that is on the disk, escaped', async () => {
      const file = join(folder, 'b.cu');
      writeFileSync(file, SOURCE);
      const page = (await profile(WITH_LINES(file))).toHTML();
      expect(page).toMatch(/^<!doctype html>/);
      expect(page).not.toMatch(/<script|src=|href=|@import|url\(/);
      expect(page).toContain('&quot;second&quot; &lt;script&gt;alert(1)&lt;/script&gt;');
      expect(page).toContain('third &amp; more');
      expect(page).toMatch(/background:rgba\(255,120,0,0\.500\)/);
      expect(page).toContain('28 sectors too many');
    });

    test('with the source that is given', async () => {
      const report = await profile(WITH_LINES('b.cu'));
      const page = report.toHTML({ sources: { 'b.cu': SOURCE } });
      expect(page).toContain('third &amp; more');
      expect(page).toContain('<h3>b.cu</h3>');
      // By the end of its path, and no other.
      const deep = await profile(WITH_LINES('/build/src/b.cu'));
      expect(deep.toHTML({ sources: { 'src/b.cu': SOURCE } })).toContain('third &amp; more');
      expect(deep.toHTML({ sources: { 'rc/b.cu': SOURCE } })).not.toContain('third');
    });

    test('with lines of PTX where there is none, and a name that is escaped', async () => {
      const page = (await profile(WITH_LINES('/no/<img>.cu'))).toHTML();
      expect(page).toContain('<h3>PTX</h3>');
      expect(page).toContain('@%p1 add.u32 %r4, %r4, 1');
      expect(page).not.toContain('<img>');
    });

    test('files that are no source are not read', async () => {
      const file = join(folder, 'secret.key');
      writeFileSync(file, SOURCE);
      const page = (await profile(WITH_LINES(file))).toHTML();
      expect(page).not.toContain('third');
      expect(page).toContain('<h3>PTX</h3>');
    });

    test('options', async () => {
      const report = await profile(kernel(''));
      for (const options of [{ source: {} }, { sources: [] }, { sources: { a: 1 } }, 'all']) {
        expect(thrown(() => report.toHTML(options as never))).toMatchObject(ARG_TYPE);
      }
    });
  });
});

test('a device of NODECUDA_SIMULATE, whichever Device object launches', async () => {
  const { stdout } = await runChild(
    `const { cuda } = require('nodecuda');
     (async () => {
       const one = cuda.device(), other = cuda.device();
       const x = other.from(new Float32Array(8));
       const { launches } = await one.profile(async () => {
         other.add(x, x);
         await other.profile(() => {}).catch((error) => console.log(error.code));
         await other.synchronize();
       });
       console.log(one.name, one.multiprocessorCount, launches.length, launches[0].counts.warpInstructions > 0);
       one.dispose();
       other.dispose();
     })();`,
    { env: { NODECUDA_SIMULATE: 'H100' } },
  );
  expect(stdout).toBe('ERR_CUDA_DEVICE_BUSY\nnodecuda simulated device (H100) 132 1 true\n');
});
