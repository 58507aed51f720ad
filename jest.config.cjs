// Tests run lib/*.ts directly (@swc/jest); types are checked by `npm run typecheck` and test/types.
// `using` needs target es2022: Node 20 and 22 do not parse it.
//
// NODECUDA_TESTS chooses a part, by folders and not by files, so that a new family of operations is in
// it. CONTRIBUTING.md says what the other tests could not find there.
const PARTS = {
  all: ['*', '!(cudart)/**/*'],
  // On the double of the CUDA runtime, by scripts/cudart.mjs: what runs on a GPU, and its own tests.
  cudart: ['cudart/**/*'],
  gpu: [
    ...['gpu/**/*', 'unit/operations/**/*', 'unit/memory/{buffer,transfer}', 'property/**/*'],
    ...['unit/kernels/*', 'corpus/textures/*'],
  ],
  // On the committed binary: that it is the right one, loads everywhere, and computes.
  prebuild: ['package/!(types)', 'worker/*', 'exit/*', 'unit/addon/*', 'property/**/*', 'gpu/**/*'],
  // On other versions of Node.js: modules, flags, callbacks, collection.
  quick: ['package/{entry,loading}', 'unit/{addon,cuda,device,streams}/*', 'unit/collection'],
  // Under sanitizers, beside the C++ tests: what goes through native/binding and native/resources.
  sanitize: ['worker/*', 'exit/*', 'unit/*', 'unit/!(base)/**/*', 'property/**/*'],
};

/** @type {import('jest').Config} */
module.exports = {
  testMatch: PARTS[process.env.NODECUDA_TESTS ?? 'all'].map(
    (name) => `<rootDir>/test/${name}.test.ts`,
  ),
  // All cores: tests mostly wait for one process, and one worker of Jest is a whole core.
  maxWorkers: '100%',
  testSequencer: '<rootDir>/test/support/sequencer.cjs',
  setupFiles: ['<rootDir>/test/support/property-runs.cjs'],
  testEnvironment: '<rootDir>/test/environment.cjs',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
      },
    ],
  },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'node'],
  moduleNameMapper: {
    // NodeNext sources name the file that will exist: './errors.js' is lib/base/errors.ts here.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  testTimeout: 60_000,
};
