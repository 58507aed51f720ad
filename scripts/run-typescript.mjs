// Lets node run the .mts files of examples/: `node --import ./scripts/run-typescript.mjs x.mts`.
// From Node 24 on nothing is needed: it strips types and has `using`.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/** A hook of Node's, which runs on a thread of its own. */
export async function load(url, context, next) {
  if (!url.endsWith('.mts')) return next(url, context);
  const { transform } = await import('@swc/core');
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), {
    filename,
    swcrc: false,
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}

if (isMainThread && Number.parseInt(process.versions.node, 10) < 24) {
  process.setSourceMapsEnabled(true);
  register(import.meta.url);
}
