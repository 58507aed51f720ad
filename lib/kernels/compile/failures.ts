/**
 * The error for what NVRTC refuses: its words, and what people need to know who ask why.
 */
import type { NativeCompilation } from '../../addon/types.js';
import { CudaCompileError } from '../../base/errors.js';
import type { CompileTarget } from './architecture.js';
import type { Library } from './library.js';
import type { CompileRequest } from './options.js';

const BUILTIN_OPERATION_FAILURE = 7;
/** So much of the log is in the message; `log` has all of it. */
const MOST_LOG = 4000;

const MISSING_HEADER = /(?:could not|cannot) open source file "([^"]+)"/;
/** Headers of the toolkit, which recent ones of half and bfloat16 include in turn. */
const TOOLKIT_HEADER =
  /^(cuda|crt\/|cooperative_groups|curand|mma\.h|vector_|driver_types|device_|host_|nv\/|cub\/|thrust\/|sm_\d\d_|texture_|surface_|math_)/;
/** Of the host's compiler, which NVRTC has none of. */
const HOST_HEADER =
  /^(std(int|lib|io|def|bool|arg)\.h|string\.h|math\.h|assert\.h|limits(\.h)?|c?std\w+|type_traits|algorithm|array|vector|utility|tuple|iostream|cmath|functional|memory)$/;

function headerHint(header: string, { headerRoot }: Library): string {
  if (TOOLKIT_HEADER.test(header)) {
    return headerRoot === null
      ? `"${header}" belongs to the CUDA toolkit, and no headers are beside this NVRTC. Install those ` +
          'of the same version at the same root (Debian `nvidia-cuda-dev`, conda `cuda-cudart-dev` and ' +
          '`cuda-cccl`, Python `nvidia-cuda-runtime` and `nvidia-cuda-cccl`), or name them in `includePaths`'
      : `"${header}" belongs to the CUDA toolkit, and is not in ${headerRoot}: another package of the ` +
          'toolkit has it (the runtime’s headers, or CCCL’s), in the same version';
  }
  if (HOST_HEADER.test(header)) {
    return (
      `"${header}" is of the host’s compiler, which has no part in this. NVRTC knows the fixed-width ` +
      'integers’ and mathematical functions’ equivalents itself or in <cuda/std/...>; whatever else it ' +
      'is to find, give it in `includes`'
    );
  }
  return `Give "${header}" in \`includes\`, or its folder in \`includePaths\``;
}

function hint(result: NativeCompilation, library: Library): string | undefined {
  if (result.status === BUILTIN_OPERATION_FAILURE && library.builtins === '') {
    return (
      `NVRTC’s other half, libnvrtc-builtins.so.${library.version}, is not beside it: install it there ` +
      '(Debian `libnvrtc-builtins12.4`)'
    );
  }
  const header = MISSING_HEADER.exec(result.log)?.[1];
  return header === undefined ? undefined : headerHint(header, library);
}

function shortened(log: string): string {
  return log.length <= MOST_LOG
    ? log
    : `${log.slice(0, MOST_LOG)}\n... (${log.length - MOST_LOG} more characters in the error's \`log\`)`;
}

/** What every message about a compilation ends with. */
function circumstances(library: Library, driverVersion: string | null): string {
  const { version, path, headerRoot } = library;
  const driver = driverVersion === null ? '' : `; driver for CUDA ${driverVersion}`;
  return `NVRTC ${version}, ${path}; headers: ${headerRoot ?? 'none beside it'}${driver}`;
}

/** The error with what is known of compiler and device. */
export function withCircumstances(
  words: string,
  library: Library,
  target: CompileTarget | undefined,
  details: { log?: string; options?: readonly string[]; operation?: string } = {},
): CudaCompileError {
  const driverVersion = target?.driverVersion() ?? null;
  return new CudaCompileError(`${words}\n(${circumstances(library, driverVersion)})`, {
    ...details,
    nvrtcVersion: library.version,
    libraryPath: library.path,
    headerRoot: library.headerRoot,
    driverVersion,
  });
}

/** The error for a compilation that failed. */
export function compileError(
  request: CompileRequest,
  options: readonly string[],
  result: NativeCompilation,
  library: Library,
  target: CompileTarget | undefined,
): CudaCompileError {
  const lines = [
    `${request.name} was not compiled: ${result.operation} failed with ${result.words}`,
    shortened(result.log.trimEnd()),
    hint(result, library),
  ];
  const words = lines.filter((line) => line !== undefined && line !== '').join('\n');
  const { log, operation } = result;
  return withCircumstances(words, library, target, { log, options, operation });
}
