// Lets plain node run the .ts files of examples/, demo/ and bench/: `node -r ./scripts/run-typescript.cjs x.ts`.
// Node 20 cannot strip types, and no Node below 24 parses `using`.
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};
process.setSourceMapsEnabled(true);
