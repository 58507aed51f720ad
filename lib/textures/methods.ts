/**
 * What a Device does about textures.
 */
import { deviceReceiver } from '../device/device.js';
import { assertDeviceOpen } from '../device/state.js';
import type { DeviceBuffer } from '../memory/buffer.js';
import { createArray, type TextureArray, type TextureArrayOptions } from './array.js';
import type { TextureDtype } from './format.js';
import type { TextureSampling } from './sampling.js';
import {
  type BufferTextureOptions,
  createSurface,
  createTexture,
  type Surface,
  type Texture,
} from './texture.js';

/**
 * The methods of {@link Device} for textures and surfaces.
 *
 * @group What Device and Stream can do
 */
export abstract class TextureMethods {
  /**
   * Makes an array for textures and surfaces (`cudaMalloc3DArray`).
   *
   * @throws `RangeError` for a shape that CUDA has not, {@link CudaOutOfMemoryError}
   *
   * @example
   * ```ts
   * using volume = device.createTextureArray({ dtype: 'float32', width: 64, height: 64, depth: 64 });
   * ```
   *
   * @group Textures
   */
  createTextureArray<D extends TextureDtype>(options: TextureArrayOptions<D>): TextureArray<D> {
    const state = deviceReceiver(this, 'createTextureArray');
    assertDeviceOpen(state);
    return createArray(this, state, options) as TextureArray<D>;
  }

  /**
   * Makes a texture of an array, or of a buffer as it lies in memory: one line for `tex1Dfetch`, or rows
   * for `tex2D` if there is a `height`. What the source holds when a kernel runs is what that reads; within
   * a kernel that writes to it, it may read either.
   *
   * @throws `RangeError` for options that do not go together
   *
   * @example
   * ```ts
   * using texture = device.createTexture(image, { filter: 'linear', normalizedCoordinates: true });
   * using kernel = module.kernel('resize', ['texture', 'float32*', 'int32', 'int32']);
   * kernel.launch({ grid, block }, texture, out, width, height);
   * ```
   *
   * @group Textures
   */
  createTexture(source: TextureArray, options?: TextureSampling): Texture;
  createTexture(source: DeviceBuffer<TextureDtype>, options?: BufferTextureOptions): Texture;
  createTexture(
    source: TextureArray | DeviceBuffer<TextureDtype>,
    options?: BufferTextureOptions,
  ): Texture {
    const state = deviceReceiver(this, 'createTexture');
    assertDeviceOpen(state);
    return createTexture(state, source, options);
  }

  /**
   * Makes a surface of an array, which kernels read and write by coordinates: x in bytes.
   *
   * @throws `RangeError` for an array that was made without `surface: true`
   *
   * @example
   * ```ts
   * using surface = device.createSurface(image);
   * ```
   *
   * @group Textures
   */
  createSurface(array: TextureArray): Surface {
    const state = deviceReceiver(this, 'createSurface');
    assertDeviceOpen(state);
    return createSurface(state, array);
  }
}
