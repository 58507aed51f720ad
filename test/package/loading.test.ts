import { spawnSync } from 'node:child_process';
// Loading the addon in surroundings that are not made for it. Each in a process of its own.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild } from '../support/child';
import { skipTest } from '../support/skip.js';

const flags = process.allowedNodeEnvironmentFlags;
const permission = flags.has('--permission') ? '--permission' : '--experimental-permission';
const SIMULATED = { NODECUDA_SIMULATE: '1' };

// What diagnose() says in a child, without what it says when it is asked again.
const REPORT = `
  const before = cuda.deviceCount();
  const diagnosis = cuda.diagnose();
  console.log(JSON.stringify({ before, ...diagnosis }));`;

async function diagnose(env: NodeJS.ProcessEnv, args: string[] = [], code = '') {
  const start = code || `const { cuda } = require('nodecuda');`;
  const child = await runChild(start + REPORT, { env: { ...SIMULATED, ...env }, args });
  if (child.code !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodecuda-loading-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('variables that are in the environment for others do not matter', async () => {
  const env = { LIBC: 'musl', npm_config_arch: 'arm64', npm_config_platform: 'darwin' };
  const found = await diagnose({ ...env, ARM_VERSION: '7', PREBUILDS_ONLY: '1' });
  expect(found).toMatchObject({ before: 1, available: true });
  expect(found.addonPath).toMatch(/prebuilds.linux-x64.nodecuda\.glibc\.node$/);
});

describe('NODECUDA_PREBUILD', () => {
  test('names another folder to load from', async () => {
    const there = join(folder, 'prebuilds/linux-x64');
    mkdirSync(there, { recursive: true });
    const file = 'prebuilds/linux-x64/nodecuda.glibc.node';
    copyFileSync(join(root, file), join(folder, file));
    expect((await diagnose({ NODECUDA_PREBUILD: folder })).addonPath).toBe(join(folder, file));
  });

  test('is refused, not passed over, where there is no addon', async () => {
    const found = await diagnose({ NODECUDA_PREBUILD: folder });
    expect(found).toMatchObject({ before: 0, reason: 'ERR_CUDA_ADDON_LOAD' });
    expect(found.message).toContain(`NODECUDA_PREBUILD=${folder}`);
  });

  test('is refused where the addon is another package’s', async () => {
    const there = join(folder, 'prebuilds/linux-x64');
    mkdirSync(there, { recursive: true });
    const swc = join(root, 'node_modules/@swc/core-linux-x64-gnu');
    const other = readdirSync(swc).find((name) => name.endsWith('.node'))!;
    symlinkSync(join(swc, other), join(there, 'other.node'));
    const found = await diagnose({ NODECUDA_PREBUILD: folder });
    expect(found.message).toContain('other.node is not the addon of nodecuda');
  });
});

describe('flags of Node.js', () => {
  test('--permission: diagnose() does not throw, and names what to allow', async () => {
    const { message, reason } = await diagnose({}, [permission, `--allow-fs-read=${root}`]);
    expect(reason).toBe('ERR_CUDA_ADDON_LOAD');
    expect(message).toContain(`--allow-addons --allow-fs-read=${root}`);
  });

  const allowed = flags.has('--allow-addons') ? test : test.skip;
  allowed('--permission with what it named', async () => {
    const args = [permission, '--allow-addons', `--allow-fs-read=${root}`];
    expect(await diagnose({}, args)).toMatchObject({ before: 1, available: true });
  });

  test('--no-addons', async () => {
    const { before, message } = await diagnose({}, ['--no-addons']);
    expect(before).toBe(0);
    expect(message).toMatch(/--no-addons.*start it without/);
  });
});

describe('bundled', () => {
  // Another's addon, where a bundle would look for its own.
  function layBait() {
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    writeFileSync(join(folder, 'build/Release/bait.node'), 'not an addon');
  }

  test('as CommonJS: the remedy is to mark the package as external', async () => {
    layBait();
    writeFileSync(join(folder, 'package.json'), '{ "name": "app" }');
    cpSync(join(root, 'dist'), join(folder, 'out'), { recursive: true });
    const code = `const { cuda } = require(${JSON.stringify(join(folder, 'out/index.js'))});`;
    const { before, message } = await diagnose({}, [], code);
    expect(before).toBe(0);
    expect(message).toMatch(/bundled.*external/);
    expect(message).not.toContain('bait');
  });

  test('as an ES module, where there is no __dirname', async () => {
    layBait();
    // What a bundler writes: a module as a function, Node's own modules by createRequire.
    const source = readFileSync(join(root, 'dist/index.js'), 'utf8');
    const bundle = `
      import { createRequire } from 'node:module';
      const module = { exports: {} };
      ((module, require) => {${source}\n})(module, createRequire(import.meta.url));
      export const { cuda } = module.exports;`;
    const file = join(folder, 'bundle.mjs');
    writeFileSync(file, bundle);
    const code = `import { cuda } from ${JSON.stringify(file)};`;
    const { message } = await diagnose({}, ['--input-type=module'], code);
    expect(message).toMatch(/bundled.*external/);
  });
});

test('a package whose binary was left out by a tool', async () => {
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const code = `const { cuda } = require(${JSON.stringify(folder)});`;
  const { message } = await diagnose({}, [], code);
  expect(message).toContain(
    `${join(folder, 'prebuilds/linux-x64/nodecuda.glibc.node')} is missing`,
  );
});

if (spawnSync('prlimit', ['--version']).status !== 0) {
  skipTest('too many open files', 'no prlimit');
} else {
  test('too many open files: said so, and the next call tries again', async () => {
    const child = await runChild(
      `
    const { execFileSync } = require('node:child_process');
    const { openSync, closeSync } = require('node:fs');
    const { cuda } = require('nodecuda');
    execFileSync('prlimit', ['--pid=' + process.pid, '--nofile=64:64']);
    const open = [];
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    const { before, message } = { before: cuda.deviceCount(), message: cuda.diagnose().message };
    open.forEach((file) => closeSync(file));
    console.log(JSON.stringify({ before, message, after: cuda.deviceCount() }));`,
      {
        env: SIMULATED,
      },
    );
    expect(child.stderr).toBe('');
    const { before, message, after } = JSON.parse(child.stdout);
    expect({ before, after }).toEqual({ before: 0, after: 1 });
    expect(message).toMatch(/Too many files are open.*tries again/);
  });
}

test('loading the package again and again adds no listeners', async () => {
  const child = await runChild(
    `for (let i = 0; i < 20; i++) {
      for (const file of Object.keys(require.cache)) delete require.cache[file];
      const device = require('nodecuda').cuda.device();
      device.dispose();
    }
    console.log(process.listenerCount('exit'));`,
    { env: SIMULATED },
  );
  expect(child).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
});
