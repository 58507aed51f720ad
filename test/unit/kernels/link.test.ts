// device.link: several modules to one, by way of PTX.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { native } from '../../../lib/addon/load.js';
import { type CudaModuleError, cuda, type Device, type LinkSource } from '../../../lib/index.js';
import {
  closeFaultyDevices,
  openFaultyDevice,
  openTestDevice,
  plainRuntime,
} from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure } from '../../support/errors.js';
import { COPY, half, halfText, idle, LIBRARY, PROGRAM, ptx, STORE } from '../../support/kernels.js';
import { skipTest } from '../../support/skip.js';

const MODULE = { name: 'CudaModuleError', code: 'ERR_CUDA_MODULE', fatal: false };
const folder = mkdtempSync(join(tmpdir(), 'nodecuda-link-'));
let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => {
  device.dispose();
  rmSync(folder, { recursive: true });
});
afterEach(closeFaultyDevices);

async function refusal(...sources: LinkSource[]): Promise<CudaModuleError> {
  return (await failure(() => device.link(sources))) as CudaModuleError;
}

function file(name: string, contents: string): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

test('a function and a variable of another module', async () => {
  const module = await device.link([PROGRAM, LIBRARY]);
  expect(module.kernels.map(({ name }) => name)).toEqual(['use']);
  const use = module.kernel('use', ['int32*']);
  const calls = module.global('calls');
  const x = device.from(Int32Array.of(21));
  use.launch({ grid: 1, block: 1 }, x);
  use.launch({ grid: 1, block: 1 }, x);
  expect(await x.read()).toEqual(Int32Array.of(84));
  expect(await calls.read()).toEqual(Uint32Array.of(5));
  // They own what they need.
  module.dispose();
  expect(module.disposed).toBe(true);
  use.launch({ grid: 1, block: 1 }, x);
  expect(await x.read()).toEqual(Int32Array.of(168));
  for (const each of [use, calls, x]) each.dispose();
});

test.each<[string, () => LinkSource]>([
  ['text', () => LIBRARY],
  ['bytes', () => new TextEncoder().encode(LIBRARY)],
  ['an ArrayBuffer', () => new TextEncoder().encode(LIBRARY).buffer as ArrayBuffer],
  ['a path', () => file('library.ptx', LIBRARY)],
  ['a URL', () => pathToFileURL(file('library.ptx', LIBRARY))],
])('what is linked: %s', async (_, source) => {
  const module = await device.link(new Set([source(), PROGRAM]));
  expect(module.code).toBeNull();
  module.kernel('use', ['int32*']).dispose();
  module.dispose();
});

test('halves of a program that nvcc compiled, and a fatbin with PTX', async () => {
  const input = Float32Array.from({ length: 64 }, (_, i) => i / 4);
  const expected = input.map((x, i) => 2 * (x + 1) + 3 + input[0]! + ((i & 3) + 1) + 3 * x);
  for (const other of ['library.ptx', 'library.fatbin']) {
    const module = await device.link([half('program.ptx'), half(other)]);
    const run = module.kernel('run', ['float32*', 'const float32*', 'int32']);
    const read = module.kernel('readCalls', ['int32*']);
    const [out, x] = [device.alloc('float32', 64), device.from(input)];
    const calls = device.alloc('int32', 1);
    run.launch({ grid: 1, block: 64, sharedMemoryBytes: 256 }, out, x, 64);
    read.launch({ grid: 1, block: 1 }, calls);
    expect(await out.read()).toEqual(expected);
    expect(await calls.read()).toEqual(Int32Array.of(5 + 64));
    for (const each of [run, read, out, x, calls, module]) each.dispose();
  }
});

test('names that only their module sees do not meet', async () => {
  const own = (kernel: string, value: number) =>
    ptx(
      `.global .align 4 .u32 value = ${value};
       .func (.param .b32 r) get() {
         .reg .b32 %r; ld.global.u32 %r, [value]; st.param.b32 [r], %r; ret; }
       .visible .entry ${kernel}(.param .u64 p) {
         .reg .b32 value; .reg .b64 %rd; ld.param.u64 %rd, [p];
         { .param .b32 r; call (r), get; ld.param.b32 value, [r]; }
         st.global.u32 [%rd], value; ret; }`,
    );
  const module = await device.link([own('first', 11), own('second', 22)]);
  const x = device.alloc('int32', 1);
  for (const [name, value] of [
    ['first', 11],
    ['second', 22],
  ] as const) {
    const kernel = module.kernel(name, ['int32*']);
    kernel.launch({ grid: 1, block: 1 }, x);
    expect(await x.read()).toEqual(Int32Array.of(value));
    kernel.dispose();
  }
  x.dispose();
  module.dispose();
});

test('what is defined twice, or nowhere, is named, with the sources', async () => {
  const path = file('one.ptx', LIBRARY);
  const twice = await refusal(path, LIBRARY);
  expect(twice).toMatchObject({ ...MODULE, operation: 'link', linkerVersion: null });
  expect(twice.log).toBe(
    `source 0 (${path}) and source 1 both define 'calls'\n` +
      `source 0 (${path}) and source 1 both define 'twice'`,
  );
  expect(twice.message).toContain(twice.log);
  expect((await refusal(ptx(STORE), PROGRAM)).log).toBe(
    "source 1 uses 'calls', which nothing defines\nsource 1 uses 'twice', which nothing defines",
  );
  expect((await refusal(ptx(STORE), ptx(COPY), ptx(STORE))).log).toBe(
    "source 0 and source 2 both define 'store'",
  );
  const named = await failure(() => device.link([PROGRAM], { names: ['mine'] }));
  expect((named as CudaModuleError).log).toContain("source 0 (mine) uses 'calls'");
});

test('a declaration that is not that of the definition', async () => {
  const other = PROGRAM.replace('calls;', 'calls[2];').replace('(.param .b32 x);', '();');
  const { log } = await refusal(other.replace('(r), twice, (x)', '(r), twice'), LIBRARY);
  expect(log).toMatch(/source 0 declares 'calls' unlike source 1: 8 bytes .* and 4 bytes/);
  expect(log).toMatch(/source 0 declares 'twice' unlike source 1: \(4\) function\(\) and/);
});

test('targets that do not fit, or not the device', async () => {
  const target = (name: string) => LIBRARY.replace('sm_75', name).replace('7.8', '9.0');
  expect((await refusal(target('sm_90a'), PROGRAM.replace('sm_70', 'sm_100'))).log).toContain(
    'source 0 is for sm_90a and source 1 for sm_100, which no device runs both',
  );
  const newer = await refusal(target('sm_125'), PROGRAM);
  expect(newer.log).toMatch(/nothing for .*PTX for sm_125/);
});

test('images that are none, damaged, or of machine code that the device has not', async () => {
  const nonsense = new TextEncoder().encode('#include <nothing>');
  const none = await refusal(LIBRARY, nonsense);
  expect(none).toMatchObject(MODULE);
  expect(none.log).toMatch(/^source 1: the image seems to be CUDA C\+\+ source/);
  expect((await refusal(ptx('.global .u32;'))).log).toMatch(/^source 0: PTX line 5: expected/);
  const missing = await refusal(join(folder, 'missing.ptx'));
  expect(missing.message).toMatch(/cannot be read: ENOENT/);
  const simulated = cuda.simulatedDevice();
  const code = await failure(() => simulated.link([half('library.cubin'), PROGRAM]));
  expect(code).toMatchObject(MODULE);
  expect(code.message).toMatch(
    /source 0 \(.*library.cubin\): .* the simulated device, which runs PTX/,
  );
  simulated.dispose();
});

test('wrong arguments are refused before anything is done', async () => {
  const { device: faulty, clearLog, log } = openFaultyDevice();
  clearLog();
  const bad: [unknown, unknown, object][] = [
    [undefined, undefined, ARG_TYPE],
    [LIBRARY, undefined, ARG_TYPE],
    [new Uint8Array(3), undefined, ARG_TYPE],
    [{}, undefined, ARG_TYPE],
    [[], undefined, ARG_RANGE],
    [[LIBRARY, null], undefined, ARG_TYPE],
    [[LIBRARY, 7], undefined, ARG_TYPE],
    [[LIBRARY, {}], undefined, ARG_TYPE],
    [[LIBRARY, [PROGRAM]], undefined, ARG_TYPE],
    [[new URL('https://example.com/x.ptx')], undefined, ARG_RANGE],
    [[{ source: 7 }], undefined, ARG_TYPE],
    [[{ source: '', options: { unknown: 1 } }], undefined, ARG_TYPE],
    [[{ source: 'x', options: { nvrtc: 'relative' } }], undefined, ARG_RANGE],
    [[LIBRARY], 7, ARG_TYPE],
    [[LIBRARY], { unknown: 1 }, ARG_TYPE],
    [[LIBRARY], { names: 'x' }, ARG_TYPE],
    [[LIBRARY], { names: [] }, ARG_RANGE],
    [[LIBRARY], { names: ['a', 'b'] }, ARG_RANGE],
    [[LIBRARY], { names: ['a\0'] }, ARG_RANGE],
    [[LIBRARY], { options: [7] }, ARG_TYPE],
    [[LIBRARY], { nvJitLink: 'relative' }, ARG_RANGE],
    [[LIBRARY], { nvJitLinkRoots: ['relative'] }, ARG_RANGE],
  ];
  for (const [sources, options, expected] of bad) {
    expect(await failure(() => faulty.link(sources as never, options as never))).toMatchObject(
      expected,
    );
  }
  expect(log()).toEqual([]);
  expect((await failure(() => faulty.link([LIBRARY, 7 as never]))).message).toContain('sources[1]');
  const defines = { source: LIBRARY, defines: { A: 1 } } as never;
  for (const act of [() => faulty.link([defines]), () => faulty.warm([defines])]) {
    expect(await failure(act)).toMatchObject({
      ...ARG_TYPE,
      message: 'Unknown option `defines`: expected one of source, options',
    });
  }
});

test('a device that is disposed, before or meanwhile', async () => {
  const gone = cuda.simulatedDevice();
  const pending = failure(() => gone.link([PROGRAM, LIBRARY]));
  gone.dispose();
  expect(await pending).toMatchObject(DISPOSED);
  expect(await failure(() => gone.link([PROGRAM, LIBRARY]))).toMatchObject(DISPOSED);
});

test('the bytes may change once link was called', async () => {
  const bytes = new TextEncoder().encode(LIBRARY);
  const pending = device.link([bytes, PROGRAM]);
  bytes.fill(0);
  (await pending).dispose();
});

test('many at once', async () => {
  const modules = await Promise.all(
    Array.from({ length: 8 }, (_, i) => device.link([LIBRARY, PROGRAM, ptx(idle(`idle${i}`))])),
  );
  modules.forEach((module, i) => {
    expect(module.kernels.map(({ name }) => name)).toEqual(['use', `idle${i}`]);
    module.dispose();
  });
});

if (spawnSync('ptxas', ['--version']).status !== 0) {
  skipTest('ptxas takes what was linked', 'no ptxas');
} else {
  test.each([
    ['by hand', [PROGRAM, LIBRARY]],
    ['by nvcc', [halfText('program.ptx'), halfText('library.ptx')]],
    ['the other way round', [halfText('library.ptx'), halfText('program.ptx')]],
    [
      'with initialisers that name each other',
      [
        ptx('.extern .global .u64 b; .visible .global .u64 a = b; .global .u64 own = a;'),
        ptx(
          '.extern .global .u64 a; .visible .global .u64 b = generic(a)+8; .global .u64 own = b;',
        ),
      ],
    ],
  ])('ptxas takes what was linked: %s', async (_, texts) => {
    const runtime = plainRuntime(native(), { major: 7, minor: 5 });
    const handle = native().openDevice(runtime, 0);
    const images = texts.map((text) => new TextEncoder().encode(text));
    const linked = await native().linkPtx(
      handle,
      images,
      images.map((_, i) => String(i)),
    );
    native().closeDevice(handle);
    native().closeRuntime(runtime);
    const path = join(folder, 'linked.ptx');
    writeFileSync(path, linked.ptx);
    const { status, stderr } = spawnSync('ptxas', ['-arch=sm_75', path, '-o', `${path}.cubin`], {
      encoding: 'utf8',
    });
    // It warns of variables that are declared before they are defined.
    const words = stderr.replaceAll(/^ptxas warning : Unresolved extern variable '[ab]'.*\n/gm, '');
    expect(status === 0 ? words : `${stderr}${readFileSync(path, 'utf8')}`).toBe('');
  });
}
