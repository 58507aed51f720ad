// node scripts/cudart.mjs [FOLDER]: the tests that run on a GPU, on the double of the CUDA runtime
// library (test/cudart/), as devices of several compute capabilities, and the double's own tests. Built with
// -DNODECUDA_CUDART_DOUBLE=ON. Jest's counts go to FOLDER.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const double = path.join(root, 'build/cudart');
const results = process.argv[2];

if (!existsSync(path.join(double, 'control.node'))) {
  console.error(
    'There is no double: npx cmake-js configure --CDNODECUDA_CUDART_DOUBLE=ON && npm run build:native',
  );
  process.exit(1);
}

// 9.0 has everything; of the others, what chooses by capability, and a value of each property.
const RUNS = [
  { name: 'rules', capability: 90, part: 'cudart', values: 1, tests: [] },
  { name: '90', capability: 90, part: 'gpu', values: 2, tests: [] },
  ...[75, 80, 120].map((capability) => ({
    name: String(capability),
    capability,
    part: 'gpu',
    values: 1,
    tests: ['test/unit/operations', 'test/unit/kernels', 'test/property/matmul'],
  })),
];

for (const { name, capability, part, values, tests } of RUNS) {
  console.log(`\n== ${name}`);
  const json = results
    ? ['--json', `--outputFile=${path.join(results, `cudart-${name}.json`)}`]
    : [];
  const { status } = spawnSync(
    process.execPath,
    ['--expose-gc', 'node_modules/jest/bin/jest.js', ...json, ...tests],
    {
      cwd: root,
      stdio: ['ignore', results ? 'ignore' : 'inherit', 'inherit'],
      env: {
        ...process.env,
        NODECUDA_PREBUILD: double,
        NODECUDA_TEST_DEVICE: 'gpu',
        NODECUDA_TESTS: part,
        NODECUDA_PROPERTY_RUNS: String(values),
        NODECUDA_DOUBLE_CAPABILITY: String(capability),
      },
    },
  );
  if (status !== 0) process.exit(1);
}
