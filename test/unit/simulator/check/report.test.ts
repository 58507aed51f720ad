// The options of the checker, its report, suppressions, errors and leaks.

import { native } from '../../../../lib/addon/load.js';
import type { SimulatedDeviceOptions } from '../../../../lib/index.js';
import { CheckReport, cuda } from '../../../../lib/index.js';
import { ARG_RANGE, ARG_TYPE, failure, thrown } from '../../../support/errors.js';
import { check, kernel } from './support.js';

const RACE = kernel(`
.loc 1 12 3
  ld.global.u32 %r4, [%rd1];
.loc 1 13 3
  add.u32 %r4, %r4, 1;
  st.global.u32 [%rd1], %r4;`).concat('.file 1 "/src/count.cu"\n');

test.each([
  [{ check: 'all' }, ARG_TYPE],
  [{ check: false }, ARG_TYPE],
  [{ check: ['races'] }, ARG_RANGE],
  [{ check: true, suppress: 'all' }, ARG_TYPE],
  [{ check: true, suppress: [{ line: 3 }] }, ARG_TYPE],
  [{ check: true, suppress: [{ kind: 'races' }] }, ARG_RANGE],
  [{ check: true, suppress: [{ kernel: 3 }] }, ARG_TYPE],
  [{ check: true, onFinding: 'exit' }, ARG_TYPE],
  [{ schedule: 'random' }, ARG_TYPE],
  [{ schedule: { policy: 'any' } }, ARG_TYPE],
  [{ schedule: { seed: -1 } }, ARG_RANGE],
])('options %j', (options, error) => {
  expect(thrown(() => cuda.simulatedDevice(options as SimulatedDeviceOptions))).toMatchObject(
    error,
  );
});

test('a device that is not checked says so', () => {
  using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  expect(thrown(() => device.checkReport())).toMatchObject({
    code: 'ERR_CUDA_UNSUPPORTED',
    message: expect.stringContaining('cuda.simulatedDevice({ check: true })'),
  });
  using none = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: [] });
  expect(thrown(() => none.checkReport())).toMatchObject({ code: 'ERR_CUDA_UNSUPPORTED' });
});

test('source lines, in text and JSON', async () => {
  const { device } = await check(RACE, ['race']);
  const report = device.checkReport();
  expect(report).toBeInstanceOf(CheckReport);
  const sources = report.findings.map(({ at, other }) => [at!.source, other!.source]);
  expect(sources).toContainEqual(['/src/count.cu:13', '/src/count.cu:12']);
  const words = String(report);
  expect(words).toMatch(
    /^race: a write of 4 bytes of device memory at 0x[0-9a-f]+ and a read by another lane/m,
  );
  expect(words).toContain('/src/count.cu:13, PTX line ');
  expect(words).toMatch(/\n\d findings$/);
  const json = JSON.parse(JSON.stringify(report));
  expect(json.findings).toHaveLength(report.findings.length);
  expect(json.findings[0]).toMatchObject({
    kind: 'race',
    at: { kernel: 'k', source: '/src/count.cu:13' },
    address: expect.stringMatching(/^0x[0-9a-f]+$/),
    allocation: { bytes: 4096, address: expect.stringMatching(/^0x/) },
  });
  expect(json).toMatchObject({ suppressed: 0, dropped: 0 });
});

test('nothing found', async () => {
  const { device } = await check(kernel(''), true);
  expect(String(device.checkReport())).toBe('no findings');
});

test.each([
  [{ kind: 'race' as const }, true],
  [{ kind: 'init' as const }, false],
  [{ kernel: 'k' }, true],
  [{ kernel: 'kk' }, false],
  [{ kernel: /^k$/ }, true],
  [{ source: 'count.cu' }, true],
  [{ source: 'other.cu' }, false],
  [{ source: /src/ }, true],
  [{ kind: 'race' as const, kernel: 'other' }, false],
])('suppressed by %j: %s', async (suppression, isSuppressed) => {
  const { device, findings } = await check(RACE, ['race'], {
    options: { suppress: [suppression] },
  });
  expect(findings.length === 0).toBe(isSuppressed);
  expect(device.checkReport().suppressed > 0).toBe(isSuppressed);
});

describe("onFinding: 'throw'", () => {
  const open = (more: SimulatedDeviceOptions = {}) => {
    const device = cuda.simulatedDevice({
      memoryBytes: 2 ** 24,
      check: true,
      onFinding: 'throw',
      ...more,
    });
    const module = device.loadModule(RACE);
    const a = device.alloc('int32', 4);
    const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
    return { device, a, launch: (block: number) => k.launch({ grid: 1, block }, a, a, 0) };
  };

  test('what waits fails, once, and the device goes on', async () => {
    const { device, a, launch } = open();
    using _ = device;
    launch(32);
    const error = await failure(() => a.read());
    expect(error).toMatchObject({ name: 'CudaCheckError', code: 'ERR_CUDA_CHECK', fatal: false });
    expect((error as unknown as CheckReport).findings[0]).toMatchObject({ kind: 'race' });
    expect(error.message).toContain('race: ');
    expect(await a.read()).toBeInstanceOf(Int32Array);
    launch(32); // nothing new
    device.synchronizeSync();
    expect(device.checkReport().findings.length).toBeGreaterThan(0);
  });

  test('those that block as well', () => {
    const { device, launch } = open();
    using _ = device;
    launch(32);
    expect(thrown(() => device.synchronizeSync())).toMatchObject({ code: 'ERR_CUDA_CHECK' });
  });

  test('not for what is suppressed or fine', async () => {
    const suppressed = open({ suppress: [{ kind: 'race' }] });
    using first = suppressed.device;
    suppressed.launch(32);
    await first.synchronize();
    const fine = open();
    using second = fine.device;
    fine.launch(1);
    await second.synchronize();
  });
});

describe('leaks', () => {
  test('what is not disposed of before its device', async () => {
    const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: ['leak'] });
    const kept = device.alloc('float32', 10);
    device.from(new Float32Array(3)).dispose();
    expect(device.checkReport().findings).toEqual([]);
    device.dispose();
    const { findings } = device.checkReport();
    expect(findings).toMatchObject([
      {
        kind: 'leak',
        at: null,
        allocation: { bytes: 40, createdAt: expect.stringContaining('report.test.ts') },
      },
    ]);
    expect(kept.disposed).toBe(true);
    expect(String(device.checkReport())).toContain('40 bytes of device memory were never freed');
  });

  test('what operations use for themselves is none', async () => {
    const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, check: true });
    {
      using x = device.from(new Float32Array(4096).fill(1));
      using sum = device.sum(x);
      expect(await sum.read()).toEqual(new Float32Array([4096]));
    }
    device.dispose();
    expect(device.checkReport().findings).toEqual([]);
  });

  test('memory of malloc', async () => {
    const before = `
.extern .func (.param .b64 p) malloc(.param .b64 n);
.extern .func free(.param .b64 p);`;
    const text = (free: string) =>
      kernel(
        `
  { .param .b64 pn; .param .b64 pp;
  st.param.b64 [pn], 24;
  call (pp), malloc, (pn);
  ld.param.b64 %rd4, [pp]; }
  ${free}`,
        { before },
      );
    const free = '{ .param .b64 pf; st.param.b64 [pf], %rd4; call free, (pf); }';
    const run = { block: 1 };
    const leaky = (await check(text(''), ['leak'], run)).device.checkReport();
    expect(leaky.findings.map(({ message }) => message)).toEqual([
      '24 bytes that kernels took with malloc were never freed',
    ]);
    const more = (await check(text(''), ['leak'], { block: 5 })).device.checkReport();
    expect(more.findings.map(({ message }) => message)).toEqual([
      '120 bytes that kernels took with malloc, in 5 pieces, were never freed',
    ]);
    expect((await check(text(free), true, run)).device.checkReport().findings).toEqual([]);
    const twice = (await check(text(free + free), ['memory'], run)).findings;
    expect(twice[0]!.message).toContain('free is already'.replace('free is', 'is free'));
  });
});

test('a log is closed when its device has ended', async () => {
  const before = native().liveHandles().checkLogs;
  const { device } = await check(kernel(''), true);
  // The platform's threads let go of it in their time.
  for (let i = 0; i < 100 && native().liveHandles().checkLogs > before; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    device.checkReport();
  }
  // Those of tests before this one may have ended meanwhile.
  expect(native().liveHandles().checkLogs).toBeLessThanOrEqual(before);
});

test('what is inlined from headers of the toolkit is told at the line that calls it', async () => {
  const text = (header: string) =>
    `${kernel(`
  .shared .align 4 .b32 cell;
  .loc 1 7 3
  .loc 2 20 5, function_name $L0, inlined_at 1 7 3
  .loc 3 90 9, function_name $L0, inlined_at 2 20 5
  st.shared.u32 [cell], %r2;
  .loc 1 9 3
  ld.shared.u32 %r5, [cell];`)}
.file 1 "/home/me/sum.cu"
.file 2 "${header}"
.file 3 "/opt/toolkit/targets/x86_64-linux/include/sm_20.hpp"
`;
  const sources = async (header: string) => {
    const { findings } = await check(text(header), ['race'], { block: 64 });
    return new Set(findings.flatMap(({ at, other }) => [at?.source, other?.source]));
  };
  expect(await sources('/usr/local/cuda-13.0/include/cg.h')).toContain('/home/me/sum.cu:7');
  expect(await sources('/home/me/include/own.cuh')).toContain('/home/me/include/own.cuh:20');
});
