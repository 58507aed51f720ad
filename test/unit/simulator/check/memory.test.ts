// Accesses out of bounds, after free and misaligned, and what is told of the allocation.
import { cuda } from '../../../../lib/index.js';
import { failure } from '../../../support/errors.js';
import { check, kernel, kinds } from './support.js';

const AT = (offset: string) =>
  kernel(`
  mov.u64 %rd4, ${offset};
  add.s64 %rd5, %rd1, %rd4;
  ld.global.u32 %r5, [%rd5];
  st.global.u32 [%rd1], %r5;`);

test.each([
  ['past the end', '4104', '8 bytes past the end of the allocation of 4096 bytes'],
  ['before the begin', '-16', '16 bytes before the allocation of 4096 bytes'],
  ['misaligned', '2', 'is misaligned'],
])('%s', async (_, offset, words) => {
  const { findings, error } = await check(AT(offset), ['memory'], { block: 1 });
  expect(error).toMatchObject({ name: 'CudaKernelFaultError' });
  expect(findings).toHaveLength(1);
  const [finding] = findings;
  expect(finding).toMatchObject({ kind: 'memory', severity: 'error', count: 1, other: null });
  expect(finding!.message).toContain(words);
  expect(finding!.at).toMatchObject({ kernel: 'k', mnemonic: 'ld.global.u32', block: [0, 0, 0] });
  expect(finding!.allocation).toMatchObject({ bytes: 4096, freed: false });
  expect(finding!.allocation!.createdAt).toMatch(/check[\\/]support\.ts:\d+:\d+$/);
});

test('within bounds it is silent', async () => {
  expect(await kinds(AT('4092'), true, { block: 1 })).toEqual([]);
});

test.each(['shared', 'local'])('out of bounds of %s memory', async (space) => {
  const text = kernel(`
  .${space} .align 4 .b8 array[128];
  mov.u32 %r4, array;
  st.${space}.u32 [%r4+256], %r2;`);
  expect(await kinds(text, ['memory'])).toEqual(['memory']);
});

test('memory that was freed is known, and who made it', async () => {
  using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: ['memory'] });
  using module = device.loadModule(
    kernel(`
  ld.global.u64 %rd4, [%rd1];
  ld.global.u32 %r5, [%rd4+12];
  st.global.u32 [%rd2], %r5;`),
  );
  using pointers = device.alloc('uint64', 1);
  using out = device.alloc('int32', 1);
  const k = module.kernel('k', ['uint64*', 'int32*', 'uint32']);
  const gone = device.alloc('int32', 16);
  // A kernel keeps the address.
  using keep = device.loadModule(kernel('st.global.u64 [%rd1], %rd2;'));
  keep
    .kernel('k', ['uint64*', 'int32*', 'uint32'])
    .launch({ grid: 1, block: 1 }, pointers, gone, 0);
  gone.dispose();
  k.launch({ grid: 1, block: 1 }, pointers, out, 0);
  await failure(() => device.synchronize());
  const [finding] = device.checkReport().findings;
  expect(finding!.message).toContain('12 bytes into the allocation of 64 bytes');
  expect(finding!.message).toContain('which was freed');
  expect(finding!.allocation).toMatchObject({ bytes: 64, freed: true });
  expect(finding!.allocation!.createdAt).toContain('memory.test.ts:');
  const words = String(device.checkReport());
  expect(words).toContain('memory: read of 4 bytes');
  expect(words).toContain('1 finding');
});
