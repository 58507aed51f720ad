/**
 * NVIDIA's libraries that are opened at run time: what they are called, and how people get them.
 */

/** A library that is looked for. */
export interface LibraryKind {
  /** In messages. */
  readonly name: string;
  readonly purpose: string;
  /** What its file is called, but for the version. */
  readonly file: string;
  /** The option that names it. */
  readonly option: string;
  /** The variable of the environment that names it; with `_ROOTS`, that of further roots. */
  readonly variable: string;
  /** Where the Python package of CUDA 12 has it. */
  readonly packageFolder: string;
  readonly remedy: string;
}

function remedy(
  { name, option, variable, file }: Omit<LibraryKind, 'remedy'>,
  packages: string,
  otherwise: string,
): string {
  return (
    `Install ${name} 12 or 13, any of: the CUDA toolkit; ${packages}. Or name it: the option ` +
    `\`${option}\`, or ${variable}, takes the path of ${file} or of the root that has it, and ` +
    `${variable}_ROOTS those of Python and conda environments. ${otherwise}`
  );
}

const nvrtc = {
  name: 'NVRTC',
  purpose: 'compiles CUDA C++ at run time',
  file: 'libnvrtc.so',
  option: 'nvrtc',
  variable: 'NODECUDA_NVRTC',
  packageFolder: 'nvidia/cuda_nvrtc/lib',
};

const nvJitLink = {
  name: 'nvJitLink',
  purpose: 'links machine code at run time',
  file: 'libnvJitLink.so',
  option: 'nvJitLink',
  variable: 'NODECUDA_NVJITLINK',
  packageFolder: 'nvidia/nvjitlink/lib',
};

/** The compiler of CUDA C++. */
export const NVRTC: LibraryKind = {
  ...nvrtc,
  remedy: remedy(
    nvrtc,
    'Debian `libnvrtc12` and `libnvrtc-builtins12.4` (non-free); conda `cuda-nvrtc`; Python ' +
      '`nvidia-cuda-nvrtc`',
    'Code that is compiled ahead of time, with `npx nodecuda compile`, needs no compiler where it runs',
  ),
};

/** The linker of machine code. */
export const NVJITLINK: LibraryKind = {
  ...nvJitLink,
  remedy: remedy(
    nvJitLink,
    'Debian `libnvjitlink12` (non-free); conda `libnvjitlink`; Python `nvidia-nvjitlink`, or ' +
      '`nvidia-nvjitlink-cu12`',
    'PTX is linked without it: compile with `nvcc -rdc=true -ptx`',
  ),
};
