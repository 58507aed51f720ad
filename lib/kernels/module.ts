/**
 * Modules: device code that users bring.
 */
import { readFileSync } from 'node:fs';
import { types } from 'node:util';
import { native } from '../addon/load.js';
import type { Handle, NativeModuleContents } from '../addon/types.js';
import {
  argumentRangeError,
  argumentTypeError,
  checkDtype,
  rangeError,
  typeError,
} from '../base/checks.js';
import { describeKey } from '../base/describe.js';
import type { Dtype, DtypeInfo } from '../base/dtype.js';
import { dtypeByName } from '../base/dtype.js';
import { CudaModuleError } from '../base/errors.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { ChildState } from '../device/child-state.js';
import type { Device } from '../device/device.js';
import type { DeviceState } from '../device/state.js';
import { type DeviceBuffer, wrapBuffer } from '../memory/buffer.js';
import { type Allocation, BufferState } from '../memory/buffer-state.js';
import { type CompiledCode, imageOf, isCompiled } from './compile/compiled.js';
import { type KernelInfo, kernelInfo } from './info.js';
import { type Kernel, wrapKernel } from './kernel.js';
import { KernelState } from './launch.js';
import { readSignature } from './parameters/layout.js';
import { parametersOf } from './parameters/parameters.js';
import type { Signature } from './parameters/signature.js';

// A URL by what it has: a program may be compiled without a declaration of it.
/** What {@link KernelMethods.loadModule} loads: PTX text, a path, a file `URL`, bytes, or what was compiled. */
export type ModuleSource =
  | string
  | { readonly href: string; readonly protocol: string }
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | CompiledCode;

type FileUrl = Extract<ModuleSource, { readonly href: string }>;

class ModuleState extends ChildState {
  #contents: NativeModuleContents | undefined;

  constructor(
    device: DeviceState,
    handle: Handle,
    /** What it was loaded from, if that was compiled here. */
    readonly code: CompiledCode | null,
    /** What was compiled of it: of what was linked, maybe several. */
    readonly parts: readonly CompiledCode[] = code === null ? [] : [code],
  ) {
    super(device, handle, 'Module');
  }

  contents(): NativeModuleContents {
    const handle = this.handle();
    this.#contents ??= native().moduleContents(handle);
    return this.#contents;
  }

  /** The name in the module of a name expression; other names are that already. */
  mangled(name: string): string {
    for (const part of this.parts) {
      const mangled = part.loweredName(name);
      if (mangled !== undefined) return mangled;
    }
    return name;
  }

  protected release(handle: Handle): void {
    native().closeModule(handle);
  }
}

const leaks = leakRegistry<ModuleState>('Module');
const UNCLONEABLE = uncloneable('a Module: load it in each thread');

let makeModule: (device: Device, state: ModuleState) => Module;
let stateOf: (value: unknown) => ModuleState | undefined;

const MOST_NAMES = 20;

function noSuch(what: string, name: string, there: readonly { readonly name: string }[]): Error {
  // Compilers make variables of their own, such as `$str`.
  const all = there.map((each) => each.name).filter((each) => !/^(\$|__unnamed_)/.test(each));
  const names = all.slice(0, MOST_NAMES);
  const more = all.length > names.length ? ` and ${all.length - names.length} more` : '';
  const list = names.length === 0 ? `it has no ${what}s` : `it has ${names.join(', ')}${more}`;
  return rangeError(`The module has no ${what} \`${describeKey(name)}\`: ${list}`);
}

function checkName(value: unknown): string {
  if (typeof value !== 'string') throw argumentTypeError('a string', 'name', value);
  return value;
}

/** The dtype of a variable that PTX declares with that type: floats as such, the rest as integers. */
function naturalDtype(type: string): DtypeInfo {
  const bits = /^[busf](8|16|32|64)$/.exec(type)?.[1];
  const kind = type.startsWith('s') ? 'int' : type.startsWith('f') ? 'float' : 'uint';
  return dtypeByName(`${kind}${bits}`) ?? dtypeByName('uint8')!;
}

/**
 * Device code of your own, made by {@link KernelMethods.loadModule}: its kernels and its variables.
 * Kernels and buffers of variables go on working when the module is disposed; the code is unloaded with
 * the last of them, once what was launched has ended.
 *
 * Every method throws {@link CudaDisposedError} after `dispose()`, {@link CudaDeviceLostError} once
 * the device is lost, and `TypeError` or `RangeError` for wrong arguments, before anything is done.
 *
 * @example
 * ```ts
 * using module = device.loadModule('kernels.ptx');
 * for (const { name, parameters } of module.kernels) console.log(name, parameters.length);
 * ```
 *
 * @group Own kernels
 */
export class Module {
  readonly #device: Device;
  readonly #state: ModuleState;
  /** One for each variable, for all its buffers: they share memory. */
  readonly #allocations = new Map<string, Allocation>();
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(device: Device, state: ModuleState) {
    if (!(state instanceof ModuleState)) throw typeError('Use device.loadModule()');
    this.#device = device;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makeModule = (device, state) => new Module(device, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** The device it was loaded for. */
  get device(): Device {
    receiver(this, 'device');
    return this.#device;
  }

  /** True after {@link Module.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed').isOpen();
  }

  /** What {@link KernelMethods.compile} made, with the compiler's warnings; null for other modules. */
  get code(): CompiledCode | null {
    return receiver(this, 'code').code;
  }

  /** Its kernels, as the image declares them. {@link Kernel.info} has what they take on this device. */
  get kernels(): readonly KernelInfo[] {
    const { kernels } = receiver(this, 'kernels').contents();
    return kernels.map((facts) => kernelInfo(facts));
  }

  /**
   * Finds a kernel and has it made ready for the device. On a GPU, PTX may be compiled here; the simulated
   * device decodes the kernel.
   *
   * @param name - as in the module: `saxpy` of `extern "C" __global__ void saxpy(...)`, the mangled name of
   *   others, or one of the `nameExpressions` with which it was compiled
   * @param signature - the types of its parameters. They are checked against what the kernel says, and
   *   TypeScript checks arguments against them. Without it arguments are taken as far as the kernel itself
   *   tells what they are, and every buffer counts as written
   * @throws `RangeError` if there is no such kernel, `TypeError` if the signature is not the kernel's
   * @throws {@link CudaModuleError} if the kernel cannot be made ready; `log` has the loader's words
   *
   * @example
   * ```ts
   * const saxpy = module.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);
   * ```
   */
  kernel<const S extends Signature>(name: string, signature: S): Kernel<S>;
  kernel(name: string): Kernel;
  kernel(name: string, signature?: Signature): Kernel<Signature | undefined> {
    const state = receiver(this, 'kernel');
    const mangled = state.mangled(checkName(name));
    const layouts = signature === undefined ? undefined : readSignature(signature);
    const handle = state.handle();
    const { kernels } = state.contents();
    const facts = kernels.find((each) => each.name === mangled);
    if (facts === undefined) throw noSuch('kernel', name, kernels);
    const parameters = parametersOf(facts, layouts);
    const kernel = native().openKernel(handle, mangled, parameters.pointers);
    return wrapKernel(this, new KernelState(state.device, kernel, facts, parameters));
  }

  /**
   * A variable of the module as a buffer: `__device__` or `__constant__` in CUDA C++. While the buffer is
   * open, a launch of any kernel of the module counts as a use of it.
   *
   * @param name - as in the module
   * @param dtype - of its elements. Default: as PTX declares it (`uint8` for structs, and where that is not
   *   known)
   * @throws `RangeError` if there is no such variable, or it has no whole number of such elements
   *
   * @example
   * ```ts
   * using table = module.global('table', 'float32');
   * await table.write(new Float32Array(256));
   * ```
   */
  global<D extends Dtype>(name: string, dtype: D): DeviceBuffer<D>;
  global(name: string): DeviceBuffer;
  global(name: string, dtype?: Dtype): DeviceBuffer {
    const state = receiver(this, 'global');
    const mangled = state.mangled(checkName(name));
    const asked = dtype === undefined ? undefined : checkDtype(dtype);
    const handle = state.handle();
    const { variables } = state.contents();
    const facts = variables.find((each) => each.name === mangled);
    if (facts === undefined) throw noSuch('variable', name, variables);
    const info = asked ?? naturalDtype(facts.type);
    const { byteLength } = facts;
    if (byteLength % info.byteSize !== 0) {
      throw rangeError(`${byteLength} bytes of \`${name}\` are no whole number of ${info.name}`);
    }
    const buffer = native().moduleGlobal(handle, mangled, state.device.defaultStream);
    // It belongs to the module: nothing is freed with it, so that forgetting it is no leak.
    const allocation = this.#allocations.get(mangled) ?? { byteLength: 0, views: 0, owner: this };
    this.#allocations.set(mangled, allocation);
    const length = byteLength / info.byteSize;
    return wrapBuffer(
      this.#device,
      new BufferState(state.device, buffer, info, length, allocation, 0),
    );
  }

  /** Gives the module back. Returns at once, may be called again, never throws. */
  dispose(): void {
    receiver(this, 'dispose').close();
  }

  /** Calls {@link Module.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    const open = state.isOpen();
    return inspected(Module.prototype, {
      ...(open ? { kernels: state.contents().kernels.map(({ name }) => name) } : {}),
      device: state.device.label,
      disposed: !open,
    });
  }
}

function receiver(value: unknown, member: string): ModuleState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a Module', `this of Module.${member}`, value);
  return state;
}

/** Whether text is PTX and not a path: every module says its version. What has lines is meant as PTX. */
function isPtx(text: string): boolean {
  return /\n|(^|[\s*/])\.version\s/.test(text);
}

function readFile(path: string | FileUrl): Uint8Array {
  try {
    return readFileSync(path as string | URL);
  } catch (cause) {
    const { message } = cause as Error;
    throw new CudaModuleError(`The module cannot be read: ${message}`, { cause });
  }
}

const href = Object.getOwnPropertyDescriptor(URL.prototype, 'href')!.get!;

/** Of a URL. Not `instanceof`, which runs the code of a Proxy, and is true of what only inherits. */
function addressOf(value: unknown): string | undefined {
  try {
    return href.call(value) as string;
  } catch {
    return undefined;
  }
}

/**
 * Where a source is read from: a path or a file URL, undefined for what is there already, null for what is no
 * source. `name` is what messages call it.
 */
export function placeOf(source: unknown, name: string): string | FileUrl | undefined | null {
  if (typeof source === 'string') return isPtx(source) ? undefined : source;
  if (isCompiled(source) || ArrayBuffer.isView(source) || types.isAnyArrayBuffer(source)) {
    return undefined;
  }
  const address = addressOf(source);
  if (address === undefined) return null;
  if (address.startsWith('file:')) return new URL(address);
  throw argumentRangeError('a file: URL', name, address);
}

/** The bytes of a {@link ModuleSource}; `ptxOnly`: of what was compiled, not the machine code. */
export function bytesOf(source: unknown, ptxOnly: boolean): ArrayBufferView {
  if (isCompiled(source)) return bytesOf(imageOf(source, ptxOnly), ptxOnly);
  const place = placeOf(source, 'source');
  if (place === null) {
    throw argumentTypeError('PTX text, a path, a file URL or bytes', 'source', source);
  }
  if (place !== undefined) return readFile(place);
  if (typeof source === 'string') return new TextEncoder().encode(source);
  return ArrayBuffer.isView(source) ? source : new Uint8Array(source as ArrayBuffer);
}

/** Behind `device.loadModule`. `parts` are what was compiled of it, if it was linked. */
export function loadModule(
  device: object,
  state: DeviceState,
  source: unknown,
  parts?: readonly CompiledCode[],
): Module {
  const code = isCompiled(source) ? source : null;
  const handle = native().loadModule(state.handle, bytesOf(source, state.info.isSimulated));
  return makeModule(device as Device, new ModuleState(state, handle, code, parts));
}
