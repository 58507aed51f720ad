// Whole CUDA programs, as nvcc compiles them, on the double of the CUDA runtime: corpus/ has programs as
// people write them, each with a check of its own. Run by scripts/cudart.mjs.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { skipTest } from '../../support/skip.js';

const double = process.env.NODECUDA_PREBUILD!;
const corpus = join(__dirname, 'corpus');
const folder = mkdtempSync(join(tmpdir(), 'nodecuda-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PTX = ['-gencode', 'arch=compute_75,code=compute_75'];
const LINK = [
  ...[`-L${double}`, '-lnodecuda_cudart_programs', '-lnodecuda_cudart_double'],
  ...['-Xlinker', `-rpath=${double}`],
];

/** Compiles and links a program; what the compiler says, which is nothing if all is well. */
function build(name: string, source: string, flags: string[] = PTX): Promise<string> {
  const out = ['-o', join(folder, name), source];
  const all = ['-cudart', 'none', '-std=c++17', '--extended-lambda', '-O1', ...flags, ...out];
  return new Promise((resolve) => {
    execFile('nvcc', [...all, ...LINK], (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

function run(name: string, args: string[] = [], capability = 90) {
  const env = { ...process.env, NODECUDA_DOUBLE_CAPABILITY: String(capability) };
  return spawnSync(join(folder, name), args, { encoding: 'utf8', timeout: 50_000, env });
}

// Thrust takes as long as half of the others together.
const programs = readdirSync(corpus)
  .filter((file) => file.endsWith('.cu'))
  .map((file) => basename(file, '.cu'))
  .sort((a, b) => Number(b === 'sort') - Number(a === 'sort'));
const said = new Map<string, string>();

/** As many at a time as there are cores. */
async function buildAll(waiting: (() => Promise<unknown>)[]) {
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

if (spawnSync('nvcc', ['--version']).status !== 0) {
  skipTest('whole programs', 'no nvcc');
} else {
  const add = join(corpus, 'vector_add.cu');
  const source = (name: string, text: string) => {
    const file = join(folder, `${name}.cu`);
    writeFileSync(file, text);
    return file;
  };
  const graph = source('graph', 'int main() { cudaGraph_t g; return cudaGraphCreate(&g, 0); }');
  const unknown = source(
    'unknown',
    `#include <cstdio>
     __global__ void known() { printf("known\\n"); }
     __global__ void strange() { asm volatile("frobnicate;"); }
     int main() {
       for (int i = 0; i < 2; i++) {
         strange<<<1, 1>>>();
         printf("%s\\n", cudaGetErrorName(cudaGetLastError()));
       }
       known<<<1, 1>>>();
       return cudaDeviceSynchronize();
     }`,
  );
  beforeAll(async () => {
    const builds: [string, string, string[]?][] = [
      ...programs.map((name): [string, string] => [name, join(corpus, `${name}.cu`)]),
      ['uncompressed', add, [...PTX, '--compress-mode=none']],
      ['machine code', add, ['-gencode', 'arch=compute_75,code=sm_75']],
      ['newer', add, ['-gencode', 'arch=compute_100,code=compute_100']],
      ['graph', graph],
      ['unknown', unknown],
    ];
    await buildAll(
      builds.map(
        ([name, source, flags]) =>
          async () =>
            said.set(name, await build(name, source, flags)),
      ),
    );
  }, 300_000);

  test.each(programs)('%s', (name) => {
    expect(said.get(name)).toBe('');
    for (const capability of [75, 90, 120]) {
      const { status, stdout, stderr } = run(name, [], capability);
      expect({ capability, status, stdout }).toEqual({
        capability,
        status: 0,
        stdout: expect.stringMatching(/^PASS /m),
      });
      if (name !== 'errors') expect(stderr).toBe('');
    }
  });

  test('what kernels print comes with the waits, and at exit', () => {
    const { status, stdout, stderr } = run('errors', ['exit']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const hello = (who: number, from: number) => `hello ${who} from ${from}, half 0.50`;
    const lines = [hello(1, 0), hello(1, 2), 'after it', 'PASS errors', hello(2, 0), ''];
    expect(stdout.split('\n')).toEqual(lines);
  });

  test.each([
    [
      'fault',
      'an illegal memory access was encountered',
      /^cudart double: kernel _Z5writePii, PTX line .*outside any live allocation/,
    ],
    ['assert', 'device-side assert triggered', /Assertion `threadIdx.x < n && "too many"` failed/],
  ])('why a kernel ended is told once, on stderr: %s', (how, words, report) => {
    const { status, stdout, stderr } = run('errors', [how]);
    expect(status).toBe(0);
    expect(stdout).toContain(`PASS ${words}\n`);
    expect(stderr).toMatch(report);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a fatbin that is not compressed', () => {
    expect(said.get('uncompressed')).toBe('');
    expect(run('uncompressed')).toMatchObject({ status: 0, stderr: '' });
  });

  test.each([
    ['machine code', 'it has machine code for sm_75'],
    ['newer', 'it has PTX for sm_100'],
  ])('a fatbin without PTX for the device is refused in words: %s', (name, words) => {
    const { status, stderr } = run(name);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^cudart double: the program's device code: the image has nothing for/);
    expect(stderr).toContain(words);
    expect(stderr).toContain('no kernel image is available for execution on the device');
    expect(stderr.match(/cudart double/g)).toHaveLength(1);
  });

  test('a kernel that the simulated device cannot run is refused in words, once', () => {
    const { status, stdout, stderr } = run('unknown');
    expect(stderr).toMatch(/^cudart double: kernel _Z7strangev: .*frobnicate.*\n$/);
    const refused = 'cudaErrorInvalidPtx';
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${refused}\n${refused}\nknown\n` });
  });

  test('a call that the double has not is told by the linker', () => {
    expect(said.get('graph')).toMatch(/undefined reference to .cudaGraphCreate/);
  });
}
