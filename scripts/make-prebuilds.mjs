#!/usr/bin/env node
// Makes what is committed under prebuilds/: the stripped addon (through prebuildify) and the PTX.
//
// prebuildify would run `node-gyp rebuild`, which throws the whole build away first. It is given
// this script as its node-gyp instead, which brings build/Release up to date.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceHash } from './source-hash.mjs';

const self = fileURLToPath(import.meta.url);
const root = path.dirname(path.dirname(self));
const bin = path.join(root, 'node_modules/.bin');

function run(command, ...args) {
  execFileSync(path.join(bin, command), args, { cwd: root, stdio: 'inherit' });
}

if (process.argv[2] === 'rebuild') {
  run('cmake-js', 'build');
} else {
  // As a whole, whatever an earlier build was told to leave out.
  const all = ['--CDNODECUDA_ONLY_TARGETS=OFF', '--CDNODECUDA_OTHERS_PREBUILT=OFF'];
  run('cmake-js', 'configure', '--CDNODECUDA_WITH_CUDA=ON', ...all);
  for (const old of [`${process.platform}-${process.arch}`, 'ptx/HASH']) {
    rmSync(path.join(root, 'prebuilds', old), { recursive: true, force: true });
  }
  const target = process.versions.node; // any: the Node-API does not change with it
  run('prebuildify', '--napi', '--strip', '--tag-libc', '-t', target, '--node-gyp', self);
  // CI compiles a part of the kernels, and takes what is written here for the others.
  execFileSync('node', ['scripts/check-ptx.mjs'], { cwd: root, stdio: 'inherit' });
  run('cmake-js', 'build', '--target', 'nodecuda_write_ptx');
  writeFileSync(path.join(root, 'prebuilds/ptx/HASH'), `${sourceHash(['cuda'])}\n`);
  run('cmake-js', 'build'); // prebuildify moved the addon away; this only links it again
}
