// Resizes an image: a texture filters it, a surface takes the result.
//   17-textures.mts [--width 8] [--height 4]
import { parseArgs } from 'node:util';
import { cuda } from 'nodecuda';

const { values: given } = parseArgs({
  options: {
    width: { type: 'string', default: '8' },
    height: { type: 'string', default: '4' },
  },
});
const width = Number(given.width);
const height = Number(given.height);

using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
console.log(`using ${device.name}`);
using module = device.loadModule(new URL('./kernels/resize.ptx', import.meta.url));
using resize = module.kernel('resize', ['texture', 'surface', 'int32', 'int32']);

// Four pixels, RGBA: black, red; green, blue.
const pixels = Uint8Array.of(0, 0, 0, 255, 255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255);
const format = { dtype: 'uint8', channels: 4 } as const;
using image = device.createTextureArray({ ...format, width: 2, height: 2 });
image.write(pixels);
using texture = device.createTexture(image, {
  filter: 'linear',
  readAs: 'normalized', // bytes as floats from 0 to 1, without which there is no filter
  normalizedCoordinates: true,
  address: 'clamp',
});
using result = device.createTextureArray({ ...format, width, height, surface: true });
using surface = device.createSurface(result);

const block = [16, 16] as const;
const grid = [Math.ceil(width / block[0]), Math.ceil(height / block[1])] as const;
resize.launch({ grid, block }, texture, surface, width, height);
const resized = await result.read();
for (let y = 0; y < height; y++) {
  const reds = Array.from({ length: width }, (_, x) => resized[4 * (y * width + x)]);
  console.log(`red: ${reds.join(' ')}`);
}
