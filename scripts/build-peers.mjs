// Builds the bench's peers in C++ into build/peers/, as far as there are compilers, and only what
// is older than its sources. See bench/peers/README.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const sources = path.join(root, 'bench/peers/native');
const built = path.join(root, 'build/peers');

const peers = [
  {
    name: 'cublas_peer',
    command: 'g++',
    // The libraries of C++ are linked in: the bundle may run under an older system.
    args: [
      '-std=c++17',
      '-O2',
      '-s',
      '-static-libstdc++',
      '-static-libgcc',
      'cublas_peer.cc',
      '-ldl',
    ],
  },
  {
    name: 'cub_peer',
    command: 'nvcc',
    args: [
      '-std=c++17',
      '-O2',
      // Machine code for what the goals are about; other GPUs compile the PTX when it is loaded.
      '-gencode=arch=compute_90,code=sm_90',
      '-gencode=arch=compute_75,code=compute_75',
      '-Xlinker=-s',
      '-Xcompiler=-static-libstdc++,-static-libgcc',
      'cub_peer.cu',
      '-ldl',
    ],
  },
];

function changed(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

mkdirSync(built, { recursive: true });
const newest = Math.max(...readdirSync(sources).map((file) => changed(path.join(sources, file))));
for (const { name, command, args } of peers) {
  const output = path.join(built, name);
  if (changed(output) > newest) continue;
  const { status, error } = spawnSync(command, [...args, '-o', output], {
    cwd: sources,
    stdio: 'inherit',
  });
  if (error?.code === 'ENOENT') console.log(`${name}: not built, there is no ${command}`);
  else if (error !== undefined || status !== 0) process.exitCode = 1;
  else console.log(`${name}: built`);
}
