/**
 * nvcc, where there is no NVRTC: found, and called with an argument vector.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { environment } from '../base/environment.js';
import type { CompileCommand } from './arguments.js';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Its path; undefined where there is none. */
export function findNvcc(): string | undefined {
  const folders = (environment('PATH') ?? '').split(delimiter).filter(isAbsolute);
  for (const name of ['CUDA_PATH', 'CUDA_HOME']) {
    const root = environment(name);
    if (root) folders.push(join(root, 'bin'));
  }
  folders.push('/usr/local/cuda/bin');
  return folders.map((folder) => join(folder, 'nvcc')).find(isExecutable);
}

// A comma separates values for nvcc.
const whole = (text: string) => text.replaceAll(',', '\\,');

export function nvccArguments(command: CompileCommand): string[] {
  const { source, output, format, architecture, defines, includePaths, options } = command;
  return [
    `-${format}`,
    `-arch=${architecture}`,
    ...Object.entries(defines).map(([name, value]) => `-D${name}=${whole(value)}`),
    ...includePaths.map((path) => `-I${whole(path)}`),
    ...options,
    '-o',
    output,
    '-x',
    'cu',
    source.startsWith('-') ? `./${source}` : source,
  ];
}

/** Its exit status. What it says goes to where ours goes. */
export function runNvcc(nvcc: string, command: CompileCommand): number {
  const { status, error } = spawnSync(nvcc, nvccArguments(command), { stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}
