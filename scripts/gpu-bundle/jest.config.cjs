// The tests of the bundle, compiled already. Those of the package and its build are left out: they
// need a checkout. With NODECUDA_KERNEL_TESTS only those that compare results of kernels.
const kernels = ['unit/operations/*/!(arguments)', 'property/*/*', 'gpu/*/*'];
const folders = ['unit', 'property', 'worker', 'exit', 'gpu'];

/** @type {import('jest').Config} */
module.exports = {
  testMatch: process.env.NODECUDA_KERNEL_TESTS
    ? kernels.map((name) => `<rootDir>/test/${name}.test.js`)
    : folders.map((name) => `<rootDir>/test/${name}/**/*.test.js`),
  testEnvironment: '<rootDir>/test/environment.cjs',
  setupFiles: ['<rootDir>/test/support/property-runs.cjs'],
  transform: {},
  // The cache would be written beside the machine's, for one run.
  cache: false,
  haste: { enableSymlinks: false },
  watchman: false,
  testTimeout: 60_000,
};
