/**
 * `nodecuda compile`: CUDA C++ to PTX or machine code, ahead of time.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CudaCompileError } from '../base/errors.js';
import { compileCuda } from '../kernels/compile/compile.js';
import { imageOf } from '../kernels/compile/compiled.js';
import { type CompileCommand, parseCompile, USAGE, UsageError } from './arguments.js';
import { readKernels } from './kernels.js';
import { findNvcc, runNvcc } from './nvcc.js';
import { signatureModule } from './signatures.js';

async function compileWithNvrtc(command: CompileCommand): Promise<void> {
  const { source, output, format, types } = command;
  const text = readFileSync(source, 'utf8');
  const code = await compileCuda(text, {
    name: source,
    defines: command.defines,
    includePaths: command.includePaths,
    options: command.options,
    architecture: command.architecture,
    nameExpressions: command.names,
    nvrtc: command.nvrtc,
  });
  if (code.log !== '') process.stderr.write(`${code.log.trimEnd()}\n`);
  writeFileSync(output, imageOf(code, format === 'ptx'));
  for (const [expression, name] of code.loweredNames) {
    process.stdout.write(`${expression}: ${name}\n`);
  }
  if (types !== undefined) {
    writeFileSync(types, signatureModule(source, readKernels(code.ptx, text), code.loweredNames));
  }
}

function compileWithNvcc(nvcc: string, command: CompileCommand): number {
  const { source, output, format, names, types } = command;
  if (names.length > 0) throw new UsageError('--name needs NVRTC');
  if (types !== undefined && format !== 'ptx') {
    throw new UsageError('--types needs PTX, or NVRTC');
  }
  // nvcc ends with 0 where it could not write.
  const folder = dirname(output);
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder} to write to`);
  const status = runNvcc(nvcc, command);
  if (status === 0 && types !== undefined) {
    const kernels = readKernels(readFileSync(output, 'utf8'), readFileSync(source, 'utf8'));
    writeFileSync(types, signatureModule(source, kernels));
  }
  return status;
}

async function run(command: CompileCommand): Promise<number> {
  let missing: unknown = new Error('nvcc was not found');
  if (command.compiler !== 'nvcc') {
    try {
      await compileWithNvrtc(command);
      return 0;
    } catch (error) {
      const isMissing = error instanceof CudaCompileError && error.code === 'ERR_CUDA_NO_COMPILER';
      if (!isMissing || command.compiler === 'nvrtc' || command.nvrtc !== undefined) throw error;
      missing = error;
    }
  }
  const nvcc = findNvcc();
  if (nvcc === undefined) throw missing;
  return compileWithNvcc(nvcc, command);
}

/** The exit status. */
export async function compileCommand(args: readonly string[]): Promise<number> {
  try {
    const command = parseCompile(args);
    if (command !== undefined) return await run(command);
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`nodecuda compile: ${(error as Error).message}\n`);
    if (usage) process.stderr.write('Help: nodecuda compile --help\n');
    return usage ? 2 : 1;
  }
}
