// The cuBLAS peer on libraries that compute in host memory, and the NumPy peer: both must make the
// numbers that the bench makes, and multiply the matrices that it means.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectProduct, type Product } from '../../bench/cases/matmul/product';
import { judge, makeCheck, ROUNDING } from '../../bench/measure/check';
import { valueAt } from '../../bench/measure/data';
import { Peer, PeerSkip } from '../../bench/peers/client';
import { root } from '../support/child';
import { failure } from '../support/errors';
import { skipTest } from '../support/skip';

/** Not the sanitizers that the tests may run with: they are not what is tested here. */
const PLAIN = { LD_PRELOAD: '' };
const hasCompiler = spawnSync('g++', ['--version']).status === 0;
const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;

function productCheck(shape: Partial<Product> & { batches?: number }) {
  const { batches = 1, ...rest } = shape;
  const product: Product = {
    dtype: 'float32',
    output: 'float32',
    precision: 'ieee',
    m: 5,
    n: 7,
    k: 6,
    transposeA: false,
    transposeB: false,
    ...rest,
  };
  const { output: _, ...options } = { ...product, batches, sets: 2 };
  return {
    work: { operation: 'matmul', options },
    check: makeCheck(batches * product.m * product.n, (i) => expectProduct(product, i)),
  };
}

async function expectRight(peer: Peer, shape: Parameters<typeof productCheck>[0], place = {}) {
  const { work, check } = productCheck(shape);
  await peer.prepare({ ...work, options: { ...work.options, ...place } });
  const contender = peer.contender(work);
  expect(await contender.run(3)).toBeGreaterThan(0);
  expect(judge(check, await contender.sample!(check.indices)).problem).toBeUndefined();
}

if (!hasCompiler) {
  skipTest('the cuBLAS peer', 'no g++');
} else {
  describe('the cuBLAS peer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nodecuda-peer-'));
    const command = join(folder, 'cublas_peer');
    const opened: Peer[] = [];

    async function start(env: NodeJS.ProcessEnv = {}): Promise<Peer> {
      const libraries = { ...PLAIN, LD_LIBRARY_PATH: folder, ...env };
      const peer = await Peer.start({ name: 'cuBLAS', command, env: libraries });
      opened.push(peer);
      return peer;
    }

    beforeAll(() => {
      const compile = (...args: string[]) =>
        execFileSync('g++', ['-std=c++17', '-O1', ...args], { env: { ...process.env, ...PLAIN } });
      const fake = join(folder, 'libcuda.so.1');
      compile('-shared', '-fPIC', join(__dirname, 'fake-cuda.cc'), '-o', fake);
      execFileSync('ln', ['-s', fake, join(folder, 'libcublas.so.13')]);
      compile(join(root, 'bench/peers/native/cublas_peer.cc'), '-o', command, '-ldl');
    });

    afterEach(() => {
      for (const peer of opened.splice(0)) peer.close();
    });

    afterAll(() => rmSync(folder, { recursive: true }));

    test('says what it found, or what is missing', async () => {
      expect((await start()).versions).toEqual({ cuBLAS: '13.1.2' });
      const noLibrary = await failure(() => start({ LD_LIBRARY_PATH: '/nowhere' }));
      expect(noLibrary.message).toMatch(/^libcuda\.so\.1: cannot open/);
      const noDevice = await failure(() => start({ FAKE_CUDA_FAILS: '1' }));
      expect(noDevice.message).toBe('cuInit: CUDA_ERROR_FAKE');
    });

    test.each([
      [{}],
      [{ transposeA: true }],
      [{ transposeB: true }],
      [{ transposeA: true, transposeB: true }],
      [{ batches: 3 }],
      [{ batches: 2, transposeB: true }],
      [{ dtype: 'float64', output: 'float64' }],
      [{ dtype: 'float16', output: 'float16' }],
      [{ dtype: 'bfloat16', output: 'bfloat16' }],
      [{ dtype: 'int8', output: 'int32' }],
      [{ precision: 'tf32' }],
      [{ m: 1, k: 9000, n: 2000 }], // longer than a period
    ] as Parameters<typeof productCheck>[0][][])(
      'multiplies what the bench means: %j',
      async (shape) => {
        await expectRight(await start(), shape!);
      },
    );

    test('passes on what cuBLAS does not support', async () => {
      const peer = await start({ FAKE_CUBLAS_HAS_NO_TF32: '1' });
      const { work } = productCheck({ precision: 'tf32' });
      const refused = await failure(() => peer.prepare(work));
      expect(refused).toBeInstanceOf(PeerSkip);
      expect(refused.message).toContain('not supported');
    });

    test.each(['host-to-device', 'device-to-host', 'device-to-device'])(
      'copies %s',
      async (direction) => {
        const peer = await start();
        for (const memory of ['pageable', 'pinned']) {
          const work = { operation: 'copy', options: { direction, bytes: 4096, memory } };
          await peer.prepare(work);
          const values = await peer.contender(work).sample!([0, 1023]);
          expect(values).toEqual([valueAt('float32', 1, 0), valueAt('float32', 1, 1023)]);
        }
      },
    );
  });
}

if (!hasNumpy) {
  skipTest('the NumPy peer', 'no python3 with NumPy');
} else {
  describe('the NumPy peer', () => {
    let peer: Peer;

    beforeAll(async () => {
      const script = join(root, 'bench/peers/peer.py');
      peer = await Peer.start({
        name: 'NumPy',
        command: 'python3',
        args: [script, 'numpy'],
        env: PLAIN,
      });
    });

    afterAll(() => peer.close());

    test.each(['float32', 'float64', 'float16', 'int8'] as const)(
      'adds the numbers of %s',
      async (dtype) => {
        const length = dtype === 'float32' ? 16_777_213 + 50 : 1000;
        const options = { dtype, length, place: 'host' };
        await peer.prepare({ operation: 'add', options });
        const check = makeCheck(length, (i) => {
          const sum = valueAt(dtype, 1, i) + valueAt(dtype, 2, i);
          const exact = dtype === 'int8' ? (sum << 24) >> 24 : sum;
          return { exact, bound: ROUNDING[dtype] * Math.abs(exact) };
        });
        const contender = peer.contender({ operation: 'add', options });
        expect(judge(check, await contender.sample!(check.indices)).problem).toBeUndefined();
      },
    );

    test('multiplies', async () => {
      await expectRight(peer, { m: 33, n: 20, k: 300 }, { place: 'host' });
      expect(await failure(() => peer.prepare(productCheck({}).work))).toMatchObject({
        message: 'works in host memory only',
      });
    });
  });
}
