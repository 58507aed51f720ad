// What the addon's file must be like, of the committed binary and of a local build where there is one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readSharedLibrary } from './elf';

const root = join(__dirname, '../..');
const script = (...args: string[]) =>
  execFileSync(process.execPath, [join(root, 'scripts/source-hash.mjs'), ...args], {
    encoding: 'utf8',
  }).trim();

const prebuild = join(root, 'prebuilds/linux-x64/nodecuda.glibc.node');
const local = join(root, 'build/Release/nodecuda.node');
const binaries = [prebuild, ...(existsSync(local) && !process.env.PREBUILDS_ONLY ? [local] : [])];

describe.each(binaries)('%s', (path) => {
  const library = readSharedLibrary(path);

  test('is built from the sources that are here', () => {
    const mark = /nodecuda-source-hash:([0-9a-f]{64})/.exec(readFileSync(path, 'latin1'));
    expect(mark?.[1]).toBe(script());
  });

  test('loads, and says the same hash', () => {
    const code = `process.stdout.write(require(${JSON.stringify(path)}).buildInfo().sourceHash)`;
    expect(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })).toBe(script());
  });

  test('is hardened', () => {
    expect(library).toMatchObject({ relro: true, bindNow: true, executableStack: false });
    expect(library.shadowStack).toBe(true);
    expect(library.imports).toContain('__stack_chk_fail');
    expect(library.imports.some((name) => /^__\w+_chk$/.test(name))).toBe(true);
  });

  test('stays loaded when its environment ends', () => {
    expect(library.noDelete).toBe(true);
  });

  test('exports its entry points and nothing else', () => {
    expect(library.exports.sort()).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ]);
  });

  test('needs glibc and nothing else: no CUDA, no C++ library, no search path', () => {
    expect(library.searchPaths).toEqual([]);
    const glibc = /^(libc|libm|libdl|libpthread|librt|ld-linux-x86-64)\.so\.\d$/;
    expect(library.needed.filter((name) => !glibc.test(name))).toEqual([]);
  });

  test('needs no glibc newer than 2.17', () => {
    const minors = library.versions.map((version) => Number(/^GLIBC_2\.(\d+)/.exec(version)?.[1]));
    expect(minors.length).toBeGreaterThan(0);
    expect(Math.max(...minors)).toBeLessThanOrEqual(17);
  });
});

test('the committed binary is below 16 MB', () => {
  expect(statSync(prebuild).size).toBeLessThan(16e6);
});

test('the committed PTX is compiled from the kernels that are here', () => {
  expect(readFileSync(join(root, 'prebuilds/ptx/HASH'), 'utf8').trim()).toBe(script('--ptx'));
});
