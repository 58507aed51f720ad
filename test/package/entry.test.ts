// Importing the package, by both kinds of module, in a process of its own.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

function run(args: string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

const esm = (code: string) => run(['--input-type=module', '-e', code]);

test('import and require give the same objects', () => {
  const output = esm(`
    import { createRequire } from 'node:module';
    import * as esm from 'nodecuda';
    const cjs = createRequire(process.cwd() + '/x.js')('nodecuda');
    const names = Object.keys(esm).filter((name) => name !== 'default').sort();
    console.log(JSON.stringify({
      names,
      cjs: Object.keys(cjs).filter((name) => name !== '__esModule').sort(),
      different: names.filter((name) => esm[name] !== cjs[name]),
    }));`);
  const { names, cjs, different } = JSON.parse(output);
  expect(names).toEqual(
    expect.arrayContaining(['Device', 'DeviceBuffer', 'Stream', 'cuda', 'matmul', 'matmulSync']),
  );
  expect(cjs).toEqual(names);
  expect(different).toEqual([]);
});

test('package.json can be read, inner files cannot', () => {
  const output = run([
    '-e',
    `const read = (name) => { try { return typeof require(name) } catch (error) { return error.code } };
     console.log(read('nodecuda/package.json'), read('nodecuda/dist/addon/load.js'))`,
  ]);
  expect(output.trim()).toBe('object ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('importing loads no native code, starts no thread, opens no file, keeps nothing alive', () => {
  const output = run([
    '-e',
    `const { readFileSync, readdirSync } = require('node:fs');
     const state = () => ({
       native: /nodecuda[^\\n]*\\.node|libcuda/.test(readFileSync('/proc/self/maps', 'latin1')),
       threads: readdirSync('/proc/self/task').length,
       files: readdirSync('/proc/self/fd').length,
       handles: process.getActiveResourcesInfo().length,
       listeners: process.eventNames().sort(),
       globals: Object.keys(globalThis).sort(),
     });
     const before = state();
     require('nodecuda');
     console.log(JSON.stringify([before, state()]));`,
  ]);
  const [before, after] = JSON.parse(output);
  expect(after).toEqual(before);
  expect(after.native).toBe(false);
});

test('asking for devices where there is no GPU answers and leaves the process clean', () => {
  const output = run(
    ['-e', `const { cuda } = require('nodecuda'); console.log(cuda.deviceCount())`],
    { CUDA_VISIBLE_DEVICES: '', NODECUDA_SIMULATE: '' },
  );
  expect(output).toBe('0\n');
});
