// Processes that end while NVRTC compiles, and processes that compile the same at once.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntry } from '../../../../lib/kernels/compile/cache/entry.js';
import { type ChildOptions, root, runChild } from '../../../support/child.js';
import { hasCompiler, makeFake, removeFolders, temporaryFolder } from '../../../support/nvrtc.js';
import { skipTest } from '../../../support/skip.js';

if (!hasCompiler) {
  skipTest('processes that compile', 'no cc');
} else {
  const folder = temporaryFolder();
  const fakes: Record<string, string> = {};
  beforeAll(() => {
    fakes.plain = makeFake(join(folder, 'plain'));
    fakes.flow = makeFake(join(folder, 'flow'), { macros: ['WITH_FLOW'] });
  });
  afterAll(removeFolders);

  const COMPILE = `const { compileCuda, compileCounts, cacheWritten } =
      require(${JSON.stringify(join(root, 'dist/kernels/compile/compile.js'))});`;
  const run = (fake: string, code: string, options: ChildOptions = {}) =>
    runChild(`${COMPILE} ${code}`, {
      ...options,
      env: { NODECUDA_NVRTC: fakes[fake], NODECUDA_CACHE: 'off', ...options.env },
    });

  // The stand-in's destructor ends the process with SIGABRT if it is run during a compilation.
  const LONG = `compileCuda('FAKE_SLEEP_MS=40000').then(() => console.log('compiled'), () => {});`;
  const SOON = 'setTimeout(() => { ACT }, 150);';
  const WORKER = (code: string) =>
    `const { Worker } = require('node:worker_threads');
     const worker = new Worker(${JSON.stringify(`${COMPILE} ${code}`)}, { eval: true });`;

  test('a signal ends the process after NVRTC has lost the flags of its handler', async () => {
    const both = ['one', 'two'].map((name) => `compileCuda('// ${name} FAKE_SIGNALS=1')`).join();
    const code = `Promise.all([${both}]).then(() => process.kill(process.pid, 'SIGTERM'));
      setTimeout(() => {}, 5000);`;
    expect(await run('plain', code)).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  interface Way {
    readonly code: string;
    readonly status?: number | null;
    readonly signal?: NodeJS.Signals;
  }
  const WAYS: Record<string, Way> = {
    'process.exit': { code: LONG + SOON.replace('ACT', 'process.exit(7)'), status: 7 },
    'an uncaught exception': {
      code: LONG + SOON.replace('ACT', 'throw new Error("mine")'),
      status: 1,
    },
    SIGTERM: {
      code: LONG + SOON.replace('ACT', `process.kill(process.pid, 'SIGTERM')`),
      status: null,
      signal: 'SIGTERM',
    },
    'a worker that is terminated': {
      code: WORKER(LONG) + SOON.replace('ACT', 'worker.terminate()'),
      status: 0,
    },
    'a worker that exits': {
      code: WORKER(LONG + SOON.replace('ACT', 'process.exit()')),
      status: 0,
    },
    'process.exit beside a worker': {
      code: WORKER(LONG) + SOON.replace('ACT', 'process.exit(7)'),
      status: 7,
    },
  };

  describe.each(['plain', 'flow'])('NVRTC, %s', (fake) => {
    test.each(Object.entries(WAYS))(
      '%s ends a compilation',
      async (_, { code, status, signal }) => {
        const ending = await run(fake, code);
        expect(ending).toMatchObject({ code: status, signal: signal ?? null, stdout: '' });
        expect(ending.elapsedMs).toBeLessThan(5000);
      },
    );

    test('the natural end waits for it', async () => {
      const ending = await run(
        fake,
        `compileCuda('FAKE_SLEEP_MS=300').then(() => console.log('compiled'));`,
      );
      expect(ending).toMatchObject({ code: 0, stdout: 'compiled\n', stderr: '' });
    });

    test('a worker’s end disturbs nobody else', async () => {
      const ending = await run(
        fake,
        `compileCuda('FAKE_SLEEP_MS=500').then(() => console.log('compiled'));
         ${WORKER(LONG)} ${SOON.replace('ACT', 'worker.terminate()')}`,
      );
      expect(ending).toMatchObject({ code: 0, stdout: 'compiled\n', stderr: '' });
    });
  });

  test('a process for which everything is in the cache does not open the library', async () => {
    const cache = join(folder, 'known');
    const library = makeFake(join(folder, 'known-lib'), { version: [12, 5] });
    const ask = async () => {
      const { stdout, ...ending } = await run(
        'plain',
        `const open = () => /known-lib/.test(require('node:fs').readFileSync('/proc/self/maps', 'latin1'));
         compileCuda('source').then(async ({ nvrtcVersion }) => {
           await cacheWritten();
           await new Promise((resolve) => setTimeout(resolve, 50)); // for the note
           console.log(nvrtcVersion, compileCounts().fromDisk, open());
         }, ({ code }) => console.log(code));`,
        { env: { NODECUDA_CACHE: '', NODECUDA_CACHE_DIR: cache, NODECUDA_NVRTC: library } },
      );
      expect(ending).toMatchObject({ code: 0, stderr: '' });
      return stdout.trim();
    };
    expect(await ask()).toBe('12.5 0 true');
    expect(await ask()).toBe('12.5 1 false');
    // Another build in its place.
    makeFake(join(folder, 'known-lib'), { version: [12, 6] });
    expect(await ask()).toBe('12.6 0 true');
    expect(await ask()).toBe('12.6 1 false');
    // A note that is damaged, or not ours to believe.
    for (const spoiled of ['', '{', '{}', 'null', '{"path":"/etc/passwd","version":"99.0"}']) {
      for (const name of readdirSync(cache).filter((each) => each.endsWith('.library'))) {
        writeFileSync(join(cache, name), spoiled);
      }
      expect(await ask()).toBe('12.6 1 true');
    }
    rmSync(library);
    expect(await ask()).toBe('ERR_CUDA_NO_COMPILER');
  });

  test('workers that ask for the same at once share one compilation', async () => {
    const ask = `
      const { parentPort } = require('node:worker_threads');
      compileCuda('FAKE_SLEEP_MS=4000').then((code) => {
        const { compiled, joined } = compileCounts();
        console.log(compiled, joined, code.ptx.includes('kernel.cu'));
      });`;
    const ending = await run('plain', ask.replace(/.*parentPort.*/, '') + WORKER(ask));
    expect(ending).toMatchObject({ code: 0, stderr: '' });
    expect(ending.stdout.trim().split('\n').sort()).toEqual(['0 1 true', '1 0 true']);
  });

  test('many processes with one cache: each gets its code, and every entry is whole', async () => {
    const cache = join(folder, 'shared');
    const processes = 6;
    const sources = 12;
    const endings = await Promise.all(
      Array.from({ length: processes }, () =>
        run(
          'plain',
          `(async () => {
             const wrong = [];
             for (let i = 0; i < ${sources}; i++) {
               const code = await compileCuda('// ' + i + ' FAKE_BYTES=5000', { name: 'n' + i });
               if (!code.ptx.includes('name: n' + i)) wrong.push(i);
             }
             await cacheWritten();
             console.log(JSON.stringify({ wrong, ...compileCounts() }));
           })();`,
          // Room for two thirds: entries go while others read them.
          { env: { NODECUDA_CACHE: '', NODECUDA_CACHE_DIR: cache, NODECUDA_CACHE_BYTES: '45000' } },
        ),
      ),
    );
    let compiled = 0;
    for (const ending of endings) {
      expect(ending).toMatchObject({ code: 0, stderr: '' });
      const counts = JSON.parse(ending.stdout);
      expect(counts.wrong).toEqual([]);
      expect(counts.compiled + counts.fromDisk).toBe(sources);
      compiled += counts.compiled;
    }
    expect(compiled).toBeGreaterThanOrEqual(sources);
    const names = readdirSync(cache).filter((name) => !name.endsWith('.library'));
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{64}\.nvrtc$/);
      const key = Buffer.from(name.slice(0, 64), 'hex');
      expect(decodeEntry(key, readFileSync(join(cache, name)))).toBeDefined();
    }
  });

  test('a disk that is full keeps nothing, leaves nothing and fails nothing', async () => {
    const cache = join(folder, 'full');
    mkdirSync(cache, { mode: 0o700 });
    // As full as it gets without a file system of its own: no file may have more than 1 KiB.
    const code = `${COMPILE}
      process.on('SIGXFSZ', () => {});
      compileCuda('FAKE_BYTES=100000').then(async (code) => {
        await cacheWritten();
        console.log(code.ptx.length > 100000, compileCounts().written);
      });`;
    const limited = 'ulimit -f 1; exec "$0" -e "$1"';
    const ending = spawnSync('sh', ['-c', limited, process.execPath, code], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NODECUDA_NVRTC: fakes.plain, NODECUDA_CACHE_DIR: cache },
    });
    expect(ending).toMatchObject({ status: 0, stdout: 'true 0\n', stderr: '' });
    // The note about the library is short enough.
    expect(readdirSync(cache).filter((name) => !name.endsWith('.library'))).toEqual([]);
  });
}
