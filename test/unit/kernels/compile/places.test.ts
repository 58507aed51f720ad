// Where NVRTC is looked for, in which order. In processes of their own: a library stays loaded.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NVRTC } from '../../../../lib/kernels/compile/kinds.js';
import { places } from '../../../../lib/kernels/compile/places.js';
import { runChild } from '../../../support/child.js';
import { hasCompiler, makeFake, removeFolders, temporaryFolder } from '../../../support/nvrtc.js';
import { skipTest } from '../../../support/skip.js';

if (!hasCompiler) {
  skipTest('looking for NVRTC', 'no cc');
} else {
  const folder = temporaryFolder();
  afterAll(removeFolders);

  const NOTHING = {
    NODECUDA_CACHE: 'off',
    NODECUDA_NVRTC: '',
    NODECUDA_NVRTC_ROOTS: '',
    CUDA_PATH: '',
    CUDA_HOME: '',
    LD_LIBRARY_PATH: '',
  };

  let made = 0;
  /** A stand-in at that place in a root of its own. Its version, by which it is told, and the root. */
  function at(place: string, version?: [number, number]) {
    const minor = ++made;
    const root = join(folder, String(minor));
    const file = join(root, place);
    makeFake(dirname(file), { version: version ?? [12, minor], name: file.split('/').pop()! });
    return { root, file, folder: dirname(file), version: version?.join('.') ?? `12.${minor}` };
  }

  /** The version that is found, or the message of the error. */
  async function find(env: NodeJS.ProcessEnv, options: object = {}, first = ''): Promise<string> {
    const ending = await runChild(
      `const { native } = require('./dist/addon/load.js');
       const { compileCuda } = require('./dist/kernels/compile/compile.js');
       (async () => {
         ${first}
         const code = await compileCuda('source', ${JSON.stringify(options)});
         console.log(code.nvrtcVersion);
       })().catch((error) => console.log(error.code + '\\n' + error.message));`,
      { env: { ...NOTHING, ...env } },
    );
    expect(ending).toMatchObject({ code: 0, stderr: '' });
    return ending.stdout.trim();
  }

  test('the option, a file or a root, is followed before anything else', async () => {
    const wished = at('lib64/libnvrtc.so.12');
    const other = at('lib64/libnvrtc.so.12');
    const env = { NODECUDA_NVRTC: other.file, CUDA_PATH: other.root };
    expect(await find(env, { nvrtc: wished.file })).toBe(wished.version);
    expect(await find(env, { nvrtc: wished.root })).toBe(wished.version);
    expect(await find(env)).toBe(other.version);
    expect(await find({ ...env, NODECUDA_NVRTC: wished.root })).toBe(wished.version);
  });

  test('a wish that cannot be followed is refused, and not passed over', async () => {
    const other = at('lib64/libnvrtc.so.12');
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const missing = await find({ CUDA_PATH: other.root }, { nvrtc: '/nowhere/libnvrtc.so' });
    expect(missing).toMatch(/^ERR_CUDA_NO_COMPILER\nNVRTC, which .* was not found/);
    expect(missing).toMatch(/the option nvrtc: \/nowhere.*\n.*\/nowhere\/libnvrtc.so: cannot open/);
    expect(missing).toMatch(/conda `cuda-nvrtc`/);
    const nothing = await find({ CUDA_PATH: other.root, NODECUDA_NVRTC: empty });
    expect(nothing).toContain(`NODECUDA_NVRTC=${empty}: nothing there`);
    const relative = await find({ CUDA_PATH: other.root, NODECUDA_NVRTC: 'lib/libnvrtc.so' });
    expect(relative).toContain('which is no absolute path');
  });

  test('what is loaded already, then the loader’s names, then CUDA_PATH, CUDA_HOME, roots', async () => {
    const loaded = at('libnvrtc.so.12');
    const loader = at('libnvrtc.so.12');
    const [path, home, root] = [
      at('lib64/libnvrtc.so.12'),
      at('targets/x86_64-linux/lib/libnvrtc.so.13'),
      at('lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12'),
    ];
    const last = { NODECUDA_NVRTC_ROOTS: `relative:${root.root}` };
    const two = { ...last, CUDA_HOME: home.root };
    const three = { ...two, CUDA_PATH: path.root };
    const four = { ...three, LD_LIBRARY_PATH: loader.folder };
    const load = `await native().openCompiler(['${loaded.file}']);`;
    expect(await find(four, {}, load)).toBe(loaded.version);
    expect(await find(four)).toBe(loader.version);
    if (systemHasNvrtc()) return;
    expect(await find(three)).toBe(path.version);
    expect(await find(two)).toBe(home.version);
    expect(await find(last)).toBe(root.version);
    expect(await find({}, { nvrtcRoots: [root.root] })).toBe(root.version);
    expect(await find({})).toMatch(
      /Looked at:\n.*loaded already: nothing there\n.*the loader's libnvrtc.so, (.*\n)+.*\/usr\/local\/cuda: nothing there$/,
    );
  });

  /** Then what is found does not say what was tested. */
  function systemHasNvrtc(): boolean {
    return ['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib64'].some((each) =>
      ['libnvrtc.so', 'libnvrtc.so.12', 'libnvrtc.so.13'].some((name) =>
        existsSync(join(each, name)),
      ),
    );
  }

  test('of several in a folder, the newest', async () => {
    const { folder: lib, root } = at('lib/libnvrtc.so.12', [12, 0]);
    makeFake(lib, { version: [13, 1], name: 'libnvrtc.so.13.1.80' });
    makeFake(lib, { version: [13, 0], name: 'libnvrtc.so.13.0.48' });
    symlinkSync('libnvrtc.so.12', join(lib, 'libnvrtc.so'));
    symlinkSync('libnvrtc.so.12', join(lib, 'libnvrtc.so.bak'));
    expect(places(NVRTC, root, [])).toEqual([
      {
        words: `the option nvrtc: ${root}`,
        names: ['.so.13.1.80', '.so.13.0.48', '.so.12', '.so'].map((end) =>
          join(lib, `libnvrtc${end}`),
        ),
      },
    ]);
    expect(await find({}, { nvrtc: root })).toBe('13.1');
  });

  test('what is no NVRTC, or too old, or broken, is passed over and told', async () => {
    const { folder: lib, root } = at('lib/libnvrtc.so.11.8', [11, 8]);
    writeFileSync(join(lib, 'libnvrtc.so.13.9'), 'text');
    makeFake(lib, { version: [0, 0], name: 'libnvrtc.so.13.8' });
    const told = await find({}, { nvrtc: root });
    expect(told).toMatch(/13\.9: (file too short|invalid ELF header)/);
    expect(told).toMatch(/libnvrtc\.so\.13\.8: nvrtcVersion failed/);
    expect(told).toMatch(/libnvrtc\.so\.11\.8: it is NVRTC 11\.8, and 12\.0 is needed/);
    const { version } = at('lib/libnvrtc.so.12');
    makeFake(lib, { version: [12, made], name: 'libnvrtc.so.12' });
    expect(await find({}, { nvrtc: root })).toBe(version);
  });

  test('what was not found may be later', async () => {
    const later = join(folder, 'later');
    mkdirSync(later);
    const { file, version } = at('libnvrtc.so.12');
    const first = `
      await compileCuda('source', { nvrtc: '${later}' }).then(
        () => console.log('found?'), (error) => console.log(error.code));
      require('node:fs').symlinkSync('${file}', '${later}/libnvrtc.so.12');`;
    expect(await find({}, { nvrtc: later }, first)).toBe(`ERR_CUDA_NO_COMPILER\n${version}`);
  });
}
