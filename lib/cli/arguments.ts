/**
 * The command line of `nodecuda compile`.
 */
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `Usage: nodecuda compile FILE.cu [-o FILE.ptx|FILE.cubin] [options]

Compiles CUDA C++ ahead of time, with NVRTC or nvcc, whichever is there.

  -o, --output FILE       what to write: PTX or machine code, by its name. Default: FILE.ptx
  --arch ARCH             such as sm_75. Default: sm_75, whose PTX all newer devices take
  -D NAME[=VALUE]         defines a macro
  -I FOLDER               looks for headers there
  --name EXPRESSION       a template's instance to compile, such as 'scale<float>' (NVRTC)
  --option OPTION         a further option of the compiler, such as --option=--use_fast_math
  --types FILE.ts         writes a TypeScript module of the kernels' signatures
  --compiler nvrtc|nvcc   that one and no other
  --nvrtc PATH            NVRTC, or the root that has it
  --help                  this text
`;

/** What is wrong with a command line. */
export class UsageError extends Error {}

export interface CompileCommand {
  readonly source: string;
  readonly output: string;
  readonly format: 'ptx' | 'cubin';
  /** As compilers take it: `compute_75` for PTX, `sm_75` for machine code. */
  readonly architecture: string;
  readonly defines: Readonly<Record<string, string>>;
  readonly includePaths: readonly string[];
  readonly names: readonly string[];
  readonly options: readonly string[];
  readonly types: string | undefined;
  readonly compiler: 'nvrtc' | 'nvcc' | undefined;
  readonly nvrtc: string | undefined;
}

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  arch: { type: 'string' },
  define: { type: 'string', short: 'D', multiple: true },
  include: { type: 'string', short: 'I', multiple: true },
  name: { type: 'string', multiple: true },
  option: { type: 'string', multiple: true },
  types: { type: 'string' },
  compiler: { type: 'string' },
  nvrtc: { type: 'string' },
  help: { type: 'boolean' },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function definesOf(given: readonly string[]): Record<string, string> {
  const defines: Record<string, string> = {};
  for (const text of given) {
    const [, name, value = '1'] = /^([^=]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
    if (name === undefined) throw new UsageError(`-D ${text}: a macro needs a name`);
    defines[name] = value;
  }
  return defines;
}

function formatOf(output: string): 'ptx' | 'cubin' {
  const extension = extname(output);
  if (extension === '.ptx') return 'ptx';
  if (extension === '.cubin') return 'cubin';
  throw new UsageError(`-o ${output}: the name has to end in .ptx or .cubin`);
}

function architectureOf(arch: string, format: 'ptx' | 'cubin'): string {
  const [, number] = /^(?:sm|compute)_(\d{2,3}[af]?)$/.exec(arch) ?? [];
  if (number === undefined) throw new UsageError(`--arch ${arch}: expected one such as sm_75`);
  return format === 'ptx' ? `compute_${number}` : `sm_${number}`;
}

function compilerOf(name: string | undefined): 'nvrtc' | 'nvcc' | undefined {
  if (name === undefined || name === 'nvrtc' || name === 'nvcc') return name;
  throw new UsageError(`--compiler ${name}: expected nvrtc or nvcc`);
}

/** Undefined if help was asked for. Throws {@link UsageError}. */
export function parseCompile(args: readonly string[]): CompileCommand | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [source, ...more] = positionals;
  if (source === undefined) throw new UsageError('Which file is to be compiled?');
  if (more.length > 0) throw new UsageError(`One file at a time: ${positionals.join(' ')}`);
  const output = values.output ?? join(dirname(source), `${basename(source, '.cu')}.ptx`);
  const format = formatOf(output);
  const { types } = values;
  if (types !== undefined && [source, output].some((file) => resolve(file) === resolve(types))) {
    throw new UsageError(
      `--types ${types}: that is the ${resolve(types) === resolve(source) ? 'source' : 'output'}`,
    );
  }
  return {
    source,
    output,
    format,
    architecture: architectureOf(values.arch ?? 'sm_75', format),
    defines: definesOf(values.define ?? []),
    // Of the source's own folder too, as compilers of files do.
    includePaths: [dirname(source), ...(values.include ?? [])].map((path) => resolve(path)),
    names: values.name ?? [],
    options: values.option ?? [],
    types,
    compiler: compilerOf(values.compiler),
    nvrtc: values.nvrtc === undefined ? undefined : resolve(values.nvrtc),
  };
}
