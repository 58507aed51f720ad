/**
 * What a Device does about kernels of the user's.
 */
import { argumentTypeError, isRecord } from '../base/checks.js';
import { deviceReceiver } from '../device/device.js';
import { assertDeviceOpen } from '../device/state.js';
import { targetOf } from './compile/architecture.js';
import { compileCuda } from './compile/compile.js';
import { type CompileOptions, readProgram } from './compile/options.js';
import { type LinkOptions, type LinkSource, linkModules } from './link.js';
import { loadModule, type Module, type ModuleSource } from './module.js';
import { createTensorMap, type TensorMap, type TensorMapOptions } from './parameters/tensor-map.js';

/**
 * The methods of {@link Device} for kernels of your own.
 *
 * @group What Device and Stream can do
 */
export abstract class KernelMethods {
  /**
   * Loads device code: PTX text, or a file or bytes with PTX, a cubin or a fatbin. The bytes are copied.
   * Only what they declare is read; kernels are made ready by {@link Module.kernel}. The simulated device
   * runs PTX, and the PTX in a fatbin.
   *
   * @param source - text with a `.version` is PTX, other text a path
   * @throws {@link CudaModuleError} for what cannot be read, is damaged, no device code, or for other
   *   devices; `log` says why
   *
   * @example
   * ```ts
   * using module = device.loadModule(new URL('./kernels.ptx', import.meta.url));
   * ```
   *
   * @group Own kernels
   */
  loadModule(source: ModuleSource): Module {
    const state = deviceReceiver(this, 'loadModule');
    assertDeviceOpen(state);
    return loadModule(this, state, source);
  }

  /**
   * Compiles CUDA C++ with NVRTC, on a thread of its own, and loads what comes of it. What was compiled
   * before, by this process or another, comes from a cache. NVRTC is not part of this library: it is
   * opened when it is first needed.
   *
   * @param source - CUDA C++. Kernels that are `extern "C"` keep their names; for others there are
   *   `nameExpressions`, which {@link Module.kernel} takes as names
   * @throws {@link CudaCompileError} for source with errors, whose `log` has the compiler's words, and where
   *   there is no NVRTC: the message says where it was looked for, and how to get it
   * @throws {@link CudaModuleError} if the device does not take what was compiled
   *
   * @example
   * ```ts
   * using module = await device.compile(
   *   'template <typename T> __global__ void twice(T* x) { x[threadIdx.x] *= 2; }',
   *   { nameExpressions: ['twice<float>'] },
   * );
   * using twice = module.kernel('twice<float>', ['float32*']);
   * ```
   *
   * @group Own kernels
   */
  async compile(source: string, options?: CompileOptions): Promise<Module> {
    const state = deviceReceiver(this, 'compile');
    assertDeviceOpen(state);
    const code = await compileCuda(source, options, targetOf(state));
    assertDeviceOpen(state);
    return loadModule(this, state, code);
  }

  /**
   * Links several modules into one: what one declares `extern` and another defines is one and the same in
   * it. CUDA C++ among them is compiled for that (`-rdc=true`). PTX is linked by this library, on a GPU as
   * well, and the PTX in a fatbin. Where a source is machine code alone, which nvcc makes with
   * `-rdc=true -cubin`, nvJitLink links them, which is opened when it is first needed.
   *
   * @param sources - what {@link KernelMethods.loadModule} takes, or programs as in
   *   {@link KernelMethods.warm}
   * @throws {@link CudaModuleError} for what is defined twice, or used and not defined, or declared in two
   *   ways, and for targets that do not fit; `log` names it, and the sources. Also where there is no
   *   nvJitLink and one is needed: the message says where it was looked for, and how to get it
   * @throws {@link CudaCompileError} as {@link KernelMethods.compile}
   *
   * @example
   * ```ts
   * using module = await device.link([
   *   new URL('./library.ptx', import.meta.url), // nvcc -rdc=true -ptx
   *   { source: 'extern __device__ float f(float); extern "C" __global__ void k(float* x) { *x = f(*x); }' },
   * ]);
   * using k = module.kernel('k', ['float32*']);
   * ```
   *
   * @group Own kernels
   */
  async link(sources: Iterable<LinkSource>, options?: LinkOptions): Promise<Module> {
    const state = deviceReceiver(this, 'link');
    assertDeviceOpen(state);
    return linkModules(this, state, sources, options);
  }

  /**
   * Compiles what {@link KernelMethods.compile} will be asked for, so that it is in the cache then: at the
   * start of a service, or when an image is built.
   *
   * @throws as {@link KernelMethods.compile}, once all are over
   *
   * @example
   * ```ts
   * await device.warm([{ source: scale }, { source: blur, options: { defines: { RADIUS: 3 } } }]);
   * ```
   *
   * @group Own kernels
   */
  async warm(
    programs: Iterable<{ readonly source: string; readonly options?: CompileOptions | undefined }>,
  ): Promise<void> {
    const state = deviceReceiver(this, 'warm');
    assertDeviceOpen(state);
    const target = targetOf(state);
    // Async, so that a bad one is an outcome too, and no promise is left alone.
    const start = async (program: unknown) => {
      if (!isRecord(program)) {
        throw argumentTypeError('an object with `source`', 'programs', program);
      }
      const { source, options } = readProgram(program);
      return compileCuda(source, options, target);
    };
    for (const outcome of await Promise.allSettled([...programs].map(start))) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  /**
   * Describes a tensor in device memory for the tensor copies of capability 9.0 and later
   * (`cuTensorMapEncodeTiled`): an argument for a parameter of type `'tensorMap'`.
   *
   * @throws `RangeError` on an earlier device, or for what CUDA's rules do not allow
   *
   * @example
   * ```ts
   * const map = device.tensorMap({ buffer, shape: [1024, 1024], box: [64, 64], swizzle: '128B' });
   * ```
   *
   * @group Own kernels
   */
  tensorMap(options: TensorMapOptions): TensorMap {
    const state = deviceReceiver(this, 'tensorMap');
    assertDeviceOpen(state);
    return createTensorMap(state, options);
  }
}
