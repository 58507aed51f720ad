// Modules: what device.loadModule takes and refuses, and what it tells of kernels.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Device, Module, ModuleSource } from '../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
  openTestDevice,
} from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, failure, thrown } from '../../support/errors.js';
import { refusedBy } from '../../support/faults.js';
import { COPY, idle, ptx, SAXPY, STORE } from '../../support/kernels.js';

const MODULE = { name: 'CudaModuleError', code: 'ERR_CUDA_MODULE', fatal: false };
const folder = mkdtempSync(join(tmpdir(), 'nodecuda-modules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TEXT = ptx(STORE, COPY);
const BYTES = new TextEncoder().encode(TEXT);

function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

function shared(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(BYTES.length + 8));
  bytes.set(BYTES, 3);
  return bytes.subarray(3, 3 + BYTES.length);
}

describe('what is loaded', () => {
  let device: Device;
  beforeAll(() => {
    device = openTestDevice();
  });
  afterAll(() => device.dispose());

  const padded = new Uint8Array(Math.ceil(BYTES.length / 8) * 8).fill(32);
  padded.set(BYTES);
  const wide = new Uint8Array(BYTES.length + 7).fill(0xff);
  wide.set(BYTES, 7);
  const sources: Record<string, () => ModuleSource> = {
    'PTX text': () => TEXT,
    'PTX text behind comments': () => `// .version 1.0\n/* mine */ ${TEXT}`,
    'PTX text with Windows line ends': () => TEXT.replaceAll('\n', '\r\n'),
    'PTX text with a NUL at its end': () => `${TEXT}\0`,
    'a path': () => file('a path with ü.ptx', TEXT),
    'a file URL': () => pathToFileURL(file('a url with %20 and ü.ptx', TEXT)),
    'a Buffer': () => Buffer.from(BYTES),
    'a pooled Buffer': () => Buffer.from(TEXT),
    'an ArrayBuffer': () => BYTES.slice().buffer,
    'a SharedArrayBuffer': () => {
      const buffer = new SharedArrayBuffer(BYTES.length);
      new Uint8Array(buffer).set(BYTES);
      return buffer;
    },
    'a view of a SharedArrayBuffer': shared,
    'a DataView into the middle': () => new DataView(wide.buffer, 7),
    'a Float64Array': () => new Float64Array(padded.buffer),
    'a Uint8ClampedArray': () => new Uint8ClampedArray(padded.buffer),
  };
  test.each(Object.entries(sources))('%s', async (_, source) => {
    using module = device.loadModule(source());
    expect(module.kernels.map(({ name }) => name)).toEqual(['store', 'copy']);
    using out = device.alloc('uint32', 4);
    using store = module.kernel('store', ['uint32*', 'uint32']);
    store.launch({ grid: 1, block: 4 }, out, 0xdeadbeef);
    expect(await out.read()).toEqual(new Uint32Array(4).fill(0xdeadbeef));
  });

  test('bytes are copied: nothing of the source is looked at afterwards', async () => {
    const bytes = BYTES.slice();
    using module = device.loadModule(bytes);
    bytes.fill(0);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    using out = device.alloc('uint32', 1);
    module.kernel('store').launch({ grid: 1, block: 1 }, out, 7);
    expect(await out.read()).toEqual(new Uint32Array([7]));
  });

  test('a path is not looked for when the text is PTX', () => {
    const name = '.version 7.8 .target sm_75 .address_size 64';
    expect(device.loadModule(name).kernels).toEqual([]);
  });
});

describe('what is refused', () => {
  let faulty: FaultyDevice;
  let device: Device;
  beforeAll(() => {
    faulty = openFaultyDevice();
    device = faulty.device;
  });
  afterAll(closeFaultyDevices);

  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const detached = () => {
    const bytes = BYTES.slice();
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  };

  const noSource: Record<string, () => unknown> = {
    undefined: () => undefined,
    null: () => null,
    'a number': () => 7,
    'a symbol': () => Symbol('ptx'),
    'an array of bytes': () => [...BYTES],
    'an object': () => ({ path: 'x.ptx' }),
    'a String object': () => Object(TEXT),
    'what only inherits from URL': () => Object.create(URL.prototype),
    'what only inherits from ArrayBuffer': () => Object.create(ArrayBuffer.prototype),
    'a Proxy of bytes': () => new Proxy(BYTES, {}),
    'a Proxy of an ArrayBuffer': () => new Proxy(BYTES.buffer, {}),
    'a Proxy of a URL': () => new Proxy(pathToFileURL(file('x.ptx', TEXT)), {}),
    'a revoked Proxy': revoked,
    'a DeviceBuffer': () => device.alloc('uint8', 4),
  };
  test.each(Object.entries(noSource))('no source: %s', async (_, make) => {
    const source = make();
    await refusedBy(faulty, () => device.loadModule(source as string), ARG_TYPE);
    expect(thrown(() => device.loadModule(source as string)).message).toMatch(
      /^Expected PTX text, a path, a file URL or bytes for `source` but received /,
    );
  });

  test('a URL that is no file', async () => {
    const url = new URL('https://example.com/x.ptx');
    await refusedBy(faulty, () => device.loadModule(url), ARG_RANGE);
  });

  const unreadable: Record<string, () => string | URL> = {
    'no such file': () => join(folder, 'none.ptx'),
    'no name': () => '',
    'a folder': () => folder,
    'a path with a NUL': () => 'x\0.ptx',
    'a name that is too long': () => 'x'.repeat(10_000),
    'a URL with a host': () => new URL('file://elsewhere/x.ptx'),
  };
  test.each(Object.entries(unreadable))('unreadable: %s', async (_, source) => {
    await refusedBy(faulty, () => device.loadModule(source()), MODULE);
    const error = thrown(() => device.loadModule(source()));
    expect(error.message).toMatch(/^The module cannot be read: /);
    expect(error.cause).toMatchObject({ code: expect.any(String) });
  });

  const noCode: Record<string, [() => ModuleSource, RegExp]> = {
    'no bytes': [() => new Uint8Array(0), /the image is empty/],
    'detached bytes': [detached, /the image is empty|detached/],
    blanks: [() => new Uint8Array(100).fill(32), /nothing but blanks/],
    zeros: [() => new Uint8Array(100), /the image/],
    'text of many lines that is not PTX': [() => 'Once upon\na time', /text, but not PTX/],
    'an empty file': [() => file('empty.ptx', ''), /the image is empty/],
    'PTX without a target': [() => '.version 7.8\n', /PTX line \d+: /],
    'PTX that ends too early': [() => TEXT.slice(0, TEXT.indexOf('ld.param')), /PTX line \d+: /],
    'lone surrogates': [() => `${TEXT}\n\ud800`, /PTX line \d+: /],
    'an ELF of another kind': [
      () => Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), Buffer.alloc(200)]),
      /./,
    ],
  };
  test.each(Object.entries(noCode))('no device code: %s', (_, [source, words]) => {
    const { libraries } = faulty.live();
    const error = thrown(() => device.loadModule(source())) as Error & { log: string };
    expect([error.name, error.message, error.log]).toEqual([
      expect.stringMatching(/^CudaModuleError$|^TypeError$/),
      expect.stringMatching(words),
      error.name === 'TypeError' ? undefined : expect.stringMatching(words),
    ]);
    expect(error.message.length).toBeLessThan(500);
    expect(faulty.live().libraries).toBe(libraries);
  });

  test('text of any length, without a long message', () => {
    const error = thrown(() => device.loadModule(`x\n${'y'.repeat(2 ** 24)}`));
    expect(error).toMatchObject(MODULE);
    expect(error.message.length).toBeLessThan(500);
  });

  test('code for a later device', () => {
    const error = thrown(() => device.loadModule(TEXT.replace('sm_75', 'sm_120')));
    expect(error).toMatchObject({
      ...MODULE,
      status: 209,
      log: expect.stringMatching('12.0|sm_120'),
    });
  });

  test('truncated anywhere it is refused, or has fewer kernels, and never crashes', () => {
    let loaded = 0;
    for (let end = 0; end < BYTES.length; end++) {
      try {
        const module = device.loadModule(BYTES.subarray(0, end));
        expect(module.kernels.length).toBeLessThanOrEqual(2);
        module.dispose();
        loaded++;
      } catch (error) {
        expect(error).toMatchObject(MODULE);
      }
    }
    expect(loaded).toBeGreaterThan(0);
    expect(faulty.live().libraries).toBe(0);
  });

  test.each([
    ['LibraryLoadData', 209, 'ERR_CUDA_MODULE'],
    ['LibraryLoadData', 222, 'ERR_CUDA_MODULE'],
    ['LibraryLoadData', 2, 'ERR_CUDA_OOM'],
    ['LibraryLoadData', 12345, 'ERR_CUDA_DRIVER'],
  ])('%s fails with %d', (call, status, code) => {
    faulty.fail(call, 1, status);
    expect(thrown(() => device.loadModule(TEXT))).toMatchObject({ code, status });
    faulty.clear();
    expect(faulty.live().libraries).toBe(0);
    device.loadModule(TEXT).dispose();
  });
});

describe('kernels', () => {
  let module: Module;
  let device: Device;
  beforeAll(() => {
    device = openFaultyDevice().device;
    module = device.loadModule(
      ptx(
        SAXPY,
        idle('bounded', '', '.maxntid 64, 2, 1'),
        idle('exact', '', '.reqntid 8, 4, 2'),
        idle('many', '.param .u8 a, .param .align 16 .b8 b[24], .param .f64 c, .param .b16 d'),
        '.visible .entry odd(.param .u64 p)\n{\n  .reg .b32 %r<3>;\n  frob.u32 %r1, %r2;\n  ret;\n}',
        '.visible .entry damaged(.param .u64 p)\n{\n  .reg .b32 %r<3>;\n  add.u32 %r1, ;\n  ret;\n}',
        '.func helper() { ret; }',
      ),
    );
  });
  afterAll(closeFaultyDevices);

  test('are listed in order, with parameters', () => {
    const { kernels } = module;
    expect(kernels.map(({ name }) => name)).toEqual([
      'saxpy',
      'bounded',
      'exact',
      'many',
      'odd',
      'damaged',
    ]);
    expect(kernels[0]!.parameters).toEqual([
      { byteOffset: 0, byteLength: 4, alignment: 4, type: 'f32', isPointer: false },
      { byteOffset: 8, byteLength: 8, alignment: 8, type: 'u64', isPointer: null },
      { byteOffset: 16, byteLength: 8, alignment: 8, type: 'u64', isPointer: null },
      { byteOffset: 24, byteLength: 4, alignment: 4, type: 'u32', isPointer: false },
    ]);
    expect(
      kernels[3]!.parameters.map(({ byteOffset, byteLength, alignment, type }) =>
        [byteOffset, byteLength, alignment, type].join(),
      ),
    ).toEqual(['0,1,1,u8', '16,24,16,b8', '40,8,8,f64', '48,2,2,b16']);
    expect(kernels[1]).toMatchObject({ maxThreadsPerBlock: 128, requiredBlock: null });
    expect(kernels[2]).toMatchObject({ requiredBlock: [8, 4, 2], requiredCluster: null });
  });

  test('what they take is known once they are there', () => {
    expect(module.kernel('saxpy').info).toMatchObject({
      ...{ name: 'saxpy', sharedMemoryBytes: 0, localMemoryBytes: 0, maxThreadsPerBlock: 1024 },
    });
    expect(module.kernel('bounded').info.maxThreadsPerBlock).toBe(128);
  });

  test('what is told cannot be changed', () => {
    const { info } = module.kernel('saxpy');
    for (const frozen of [info, info.parameters, info.parameters[0]!]) {
      expect(Object.isFrozen(frozen)).toBe(true);
    }
  });

  test('an unknown instruction harms no other kernel, and is named with its line', () => {
    const lines = { odd: 'frob.u32', damaged: 'PTX line' };
    for (const [name, words] of Object.entries(lines)) {
      const error = thrown(() => module.kernel(name)) as Error & { log: string };
      expect(error).toMatchObject({ ...MODULE, operation: 'cudaLibraryGetKernel' });
      expect(error.log).toMatch(/PTX line \d+: /);
      expect(error.log).toMatch(words);
      expect(error.message).toContain(error.log);
    }
    module.kernel('saxpy').dispose();
  });

  test('the line is that of the text', () => {
    const text = ptx(idle('fine'), '.entry odd()\n{\n  .reg .b32 %r<3>;\n  frob.u32 %r1, %r2;\n}');
    const line = text.split('\n').findIndex((each) => each.includes('frob')) + 1;
    const { log } = thrown(() => device.loadModule(text).kernel('odd')) as Error & { log: string };
    expect(log).toContain(`PTX line ${line}: `);
  });

  test('a name that there is not, and what is no name', async () => {
    expect(thrown(() => module.kernel('saxpi'))).toMatchObject({
      ...ARG_RANGE,
      message: 'The module has no kernel `saxpi`: it has saxpy, bounded, exact, many, odd, damaged',
    });
    for (const name of ['', 'saxpy\0', 'helper', 'SAXPY', 'x'.repeat(2 ** 20)]) {
      const error = thrown(() => module.kernel(name));
      expect(error).toMatchObject(ARG_RANGE);
      expect(error.message.length).toBeLessThan(500);
    }
    for (const name of [undefined, null, 7, {}, Symbol('x'), ['saxpy']]) {
      expect(await failure(() => module.kernel(name as string))).toMatchObject(ARG_TYPE);
    }
    const many = Array.from({ length: 1000 }, (_, i) => idle(`k${i}`));
    using large = device.loadModule(ptx(...many));
    expect(thrown(() => large.kernel('x')).message).toMatch(/k19 and 980 more$/);
  });
});
