/**
 * Several modules to one.
 */
import { native } from '../addon/load.js';
import { argumentRangeError, argumentTypeError, isRecord, readOptions } from '../base/checks.js';
import { assertDeviceOpen, type DeviceState } from '../device/state.js';
import { targetOf } from './compile/architecture.js';
import { compileRequest } from './compile/compile.js';
import { type CompiledCode, isCompiled } from './compile/compiled.js';
import { type LinkRequest, linkCode } from './compile/linker.js';
import {
  type CompileOptions,
  type CompileRequest,
  checkFilled,
  checkList,
  checkPath,
  optional,
  readProgram,
  readRequest,
} from './compile/options.js';
import { bytesOf, loadModule, type Module, type ModuleSource, placeOf } from './module.js';

/**
 * CUDA C++ among what is linked.
 *
 * @group Own kernels
 */
export interface LinkProgram {
  readonly source: string;
  readonly options?: CompileOptions | undefined;
}

/** What {@link KernelMethods.link} links: what can be loaded, also if it is relocatable, and CUDA C++. */
export type LinkSource = ModuleSource | LinkProgram;

/**
 * How to link modules.
 *
 * @group Own kernels
 */
export interface LinkOptions {
  /** What messages call the sources, in their order. Default: their paths, where they have one. */
  names?: readonly string[] | undefined;
  /** Further options of nvJitLink, which links where there is machine code among the sources. */
  options?: readonly string[] | undefined;
  /** nvJitLink itself, or the root of the toolkit that has it, as an absolute path. */
  nvJitLink?: string | undefined;
  /** Further roots to look in, last: a Python environment, `site-packages`, a conda environment. */
  nvJitLinkRoots?: readonly string[] | undefined;
}

interface Part {
  /** Its own, where it has one. */
  readonly name: string | undefined;
  readonly program: CompileRequest | undefined;
  readonly source: unknown;
}

// Without it NVRTC looks for what is not there, and leaves out what nobody here uses.
const RELOCATABLE = ['--relocatable-device-code=true'];

function readPart(source: unknown, at: number): Part {
  const place = placeOf(source, `sources[${at}]`);
  if (place !== null) {
    return { name: place && String(place), program: undefined, source };
  }
  if (isRecord(source) && 'source' in source) {
    const given = readProgram(source);
    const program = readRequest(given.source, given.options, RELOCATABLE);
    return { name: program.name, program, source };
  }
  throw argumentTypeError(
    'PTX text, a path, a file URL, bytes, compiled code or an object with `source`',
    `sources[${at}]`,
    source,
  );
}

function readParts(sources: unknown): Part[] {
  const isIterable = typeof sources === 'object' && sources !== null && Symbol.iterator in sources;
  if (!isIterable || ArrayBuffer.isView(sources)) {
    throw argumentTypeError('an array of sources', 'sources', sources);
  }
  const parts = [...(sources as Iterable<unknown>)].map(readPart);
  if (parts.length === 0) throw argumentRangeError('at least one source', 'sources', sources);
  return parts;
}

function readLinkOptions(given: unknown, parts: readonly Part[]): LinkRequest {
  const slots = readOptions(given, {
    names: undefined as unknown,
    options: undefined as unknown,
    nvJitLink: undefined as unknown,
    nvJitLinkRoots: undefined as unknown,
  });
  const own = parts.map(({ name }) => name);
  const names = slots.names === undefined ? own : checkList(slots.names, 'names', checkFilled);
  if (names.length !== parts.length) {
    throw argumentRangeError(`${parts.length} names, as there are sources`, 'names', names.length);
  }
  return {
    names: names.map((name, i) => (name === undefined ? `source ${i}` : `source ${i} (${name})`)),
    options: checkList(slots.options, 'options', checkFilled),
    nvJitLink: optional(slots.nvJitLink, 'nvJitLink', checkPath),
    nvJitLinkRoots: checkList(slots.nvJitLinkRoots, 'nvJitLinkRoots', checkPath),
  };
}

// A copy: the caller may write to its bytes while others are compiled.
function copyOf(source: unknown): Uint8Array {
  const view = bytesOf(source, true);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** Behind `device.link`. */
export async function linkModules(
  device: object,
  state: DeviceState,
  sources: unknown,
  options: unknown,
): Promise<Module> {
  const parts = readParts(sources);
  const request = readLinkOptions(options, parts);
  const known = parts.map(({ program, source }) => (program ? undefined : copyOf(source)));
  // PTX is linked without a toolkit, and nvJitLink takes it as well.
  const target = { ...targetOf(state), ptxOnly: true };
  const codes: (CompiledCode | undefined)[] = await allOf(
    parts.map(({ program, source }) =>
      program ? compileRequest(program, target) : isCompiled(source) ? source : undefined,
    ),
  );
  const images = known.map((bytes, i) => bytes ?? copyOf(codes[i]));
  assertDeviceOpen(state);
  const linked = await native().linkPtx(state.handle, images, request.names);
  assertDeviceOpen(state);
  const image = linked.needsLinker
    ? await linkCode(state.handle, images, linked.architecture, request)
    : linked.ptx;
  assertDeviceOpen(state);
  const compiled = codes.filter((code) => code !== undefined);
  return loadModule(device, state, image, compiled);
}

/** All are waited for, so that none goes on alone when another fails. */
async function allOf<T>(all: readonly (Promise<T> | T)[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(all);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
