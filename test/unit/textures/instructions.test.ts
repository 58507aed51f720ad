// Instructions for textures and surfaces in PTX: what is refused when a kernel is made, and what is a fault when it
// runs. That they compute what they should is in test/corpus/textures.
import {
  type CudaModuleError,
  cuda,
  type Device,
  type Surface,
  type Texture,
} from '../../../lib/index.js';
import { failure, thrown } from '../../support/errors.js';

const kernel = (name: string, body: string) => `.visible .entry ${name}(.param .u64 object) {
  .reg .pred %p<3>;
  .reg .b16 %h<5>;
  .reg .b32 %r<9>;
  .reg .f32 %f<9>;
  .reg .b64 %rd<9>;
  ld.param.u64 %rd1, [object];
  mov.u32 %r1, 0;
  mov.f32 %f1, 0f00000000;
  ${body}
  ret;
}
`;
const ptx = (...parts: string[]) =>
  `.version 8.0\n.target sm_75\n.address_size 64\n${parts.join('')}`;
const RESULT = '{%f5, %f6, %f7, %f8}';
const WORDS = '{%r5, %r6, %r7, %r8}';

let device: Device;
beforeEach(() => {
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
});
afterEach(() => device.dispose());

test.each([
  `tex.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}];`,
  `tex.base.2d.v4.f32.f32 {_, %f6, _, _}, [%rd1, {%f1, 0f3F800000}];`,
  `tex.1d.v4.s32.s32 ${WORDS}, [%rd1, %r1];`,
  `@%p1 tex.level.a2d.v4.u32.f32 ${WORDS}, [%rd1, {%r1, %f1, %f1, %f1}], 0f00000000;`,
  'suld.b.1d.cg.v2.b64.zero {%rd2, %rd3}, [%rd1, {%r1}];',
  'sust.b.a1d.b8.trap [%rd1, {%r1, -4}], {%h1};',
  'sured.b.add.1d.u64.clamp [%rd1, {%r1}], %rd2;',
  'txq.array_size.b32 %r1, [%rd1];',
])('taken: %s', (body) => {
  using module = device.loadModule(ptx(kernel('k', body)));
  module.kernel('k', ['texture']).dispose();
});

const NO_FORM = 'no such form of this instruction is supported';
const COORDINATES = 'the number of coordinates does not match the geometry';
const NO_SAMPLER = 'a texture or surface in brackets, without a sampler, is missing';

test.each([
  [`tex.2d.v4.f32.f32 ${RESULT}, [%rd1, %rd2, {%f1, %f1}];`, NO_SAMPLER],
  [`tex.2d.v4.f32.f32 ${RESULT}, [%rd1+8, {%f1, %f1}];`, NO_SAMPLER],
  [`tex.2d.v4.f32.f32 ${RESULT}, %rd1;`, NO_SAMPLER],
  [`tex.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1}];`, COORDINATES],
  [`tex.3d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1, %f1}];`, COORDINATES],
  [`tex.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %rd1}];`, 'an operand must have 32 bits'],
  [`tex.2d.v4.f32.f32 ${RESULT}, [%r1, {%f1, %f1}];`, 'an operand must have 64 bits'],
  ['tex.2d.v4.f32.f32 {%f5, %f6}, [%rd1, {%f1, %f1}];', 'the number of registers'],
  [`tex.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}], {%r1, %r1};`, 'wrong number of operands'],
  [`tex.level.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}];`, 'wrong number of operands'],
  [`tex.grad.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}], {%f1}, {%f1};`, 'number of registers'],
  ['tex.2d.v4.f16x2.f32 {%r5, %r6, %r7, %r8}, [%rd1, {%f1, %f1}];', NO_FORM],
  ['tld4.r.2d.v2.f16x2.f32 {%r5, %r6}, [%rd1, {%f1, %f1}];', NO_FORM],
  [`tex.2dms.v4.f32.s32 ${RESULT}, [%rd1, {%r1, %r1, %r1, %r1}];`, 'multisampled textures'],
  [`tex.4d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}];`, NO_FORM],
  [`tex.2d.v4.f32.f32.x ${RESULT}, [%rd1, {%f1, %f1}];`, NO_FORM],
  [`tld4.r.3d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1, %f1, %f1}];`, NO_FORM],
  [`tld4.x.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}];`, NO_FORM],
  ['suld.b.cube.b32.trap {%r5}, [%rd1, {%r1, %r1, %r1, %r1}];', NO_FORM],
  ['suld.b.1d.v4.b64.trap {%rd2, %rd3, %rd4, %rd5}, [%rd1, {%r1}];', NO_FORM],
  ['sust.p.1d.v4.b32.trap [%rd1, {%r1}], {%r1, %r1, %r1, %r1};', 'formatted stores'],
  ['suld.b.1d.b32 {%r5}, [%rd1, {%r1}];', NO_FORM],
  ['sured.b.and.1d.u32.trap [%rd1, {%r1}], %r1;', NO_FORM],
  ['sured.b.min.1d.u64.trap [%rd1, {%r1}], %rd2;', NO_FORM],
  ['txq.channel_order.b32 %r1, [%rd1];', NO_FORM],
  ['txq.width.b32 %r1, [%rd1, {%r1}];', NO_SAMPLER],
  ['suq.normalized_coords.b32 %r1, [%rd1];', NO_FORM],
])('refused: %s', (body, message) => {
  using module = device.loadModule(ptx(kernel('k', body)));
  const error = thrown(() => module.kernel('k', ['texture']));
  expect(error.name).toBe('CudaModuleError');
  expect((error as CudaModuleError).log).toMatch(/^PTX line 13: (tex|tld4|txq|su)/);
  expect(error.message).toContain(message);
});

test('results as halves are the floats, rounded to the nearest', async () => {
  const STORE = `st.global.v4.b16 [%rd2], {%h1, %h2, %h3, %h4};
  st.global.v2.b32 [%rd2+8], {%r5, %r6};`;
  using module = device.loadModule(
    ptx(
      kernel(
        'k',
        `ld.param.u64 %rd2, [out];
  tex.1d.v4.f16.f32 {%h1, %h2, %h3, %h4}, [%rd1, %f1];
  tex.1d.v2.f16x2.f32 {%r5, %r6}, [%rd1, %f1];
  ${STORE}`,
      ).replace('.param .u64 object', '.param .u64 object, .param .u64 out'),
    ),
  );
  using array = device.createTextureArray({ dtype: 'float32', width: 1, channels: 4 });
  await array.write(Float32Array.of(0.1, -65520, 1 + 2 ** -11, 2 ** -25 * 3));
  using texture = device.createTexture(array);
  using out = device.alloc('uint16', 8);
  module.kernel('k', ['texture', 'uint16*']).launch({ grid: 1, block: 1 }, texture, out);
  const halves = [0x2e66, 0xfc00, 0x3c00, 0x0002];
  expect([...(await out.read())]).toEqual([...halves, ...halves]);
});

test('a reference refuses the kernels that name it, and no other', () => {
  using module = device.loadModule(
    ptx(
      '.global .texref image;\n.visible .global .surfref board;\n.global .samplerref sampler;\n',
      kernel('good', `tex.2d.v4.f32.f32 ${RESULT}, [%rd1, {%f1, %f1}];`),
      kernel('reads', `tex.2d.v4.f32.f32 ${RESULT}, [image, {%f1, %f1}];`),
      kernel('writes', 'sust.b.1d.b32.trap [board, {%r1}], {%r1};'),
    ),
  );
  module.kernel('good', ['texture']).dispose();
  for (const name of ['reads', 'writes']) {
    expect(thrown(() => module.kernel(name, ['texture'])).message).toContain(
      'texture and surface references are not supported: objects are',
    );
  }
});

describe('faults', () => {
  const array = (options: object) =>
    device.createTextureArray({ dtype: 'float32', width: 8, ...options } as never);
  const read = (form: string, coordinates: string, result = RESULT) =>
    `${form} ${result}, [%rd1, {${coordinates}}];`;

  const CASES: Record<string, [string, () => Texture | Surface, string]> = {
    'integers as floats': [
      read('tex.1d.v4.f32.f32', '%f1'),
      () => device.createTexture(array({ dtype: 'int32' })),
      'the texture is read as integers, and the instruction gives floats',
    ],
    'floats as integers': [
      read('tex.1d.v4.u32.f32', '%f1', WORDS),
      () => device.createTexture(array({ dtype: 'uint8' }), { readAs: 'normalized' }),
      'the texture is read as floats, and the instruction gives integers',
    ],
    'integers as halves': [
      'tex.1d.v4.f16.f32 {%h1, %h2, %h3, %h4}, [%rd1, {%f1}];',
      () => device.createTexture(array({ dtype: 'int32' })),
      'the texture is read as integers, and the instruction gives floats',
    ],
    'an array by index': [
      read('tex.1d.v4.f32.s32', '%r1'),
      () => device.createTexture(array({})),
      'the texture is no line of device memory, which integer coordinates are for',
    ],
    'a line by coordinates': [
      read('tex.1d.v4.f32.f32', '%f1'),
      () => device.createTexture(device.alloc('float32', 8)),
      'the texture is a line of device memory, which tex1Dfetch reads',
    ],
    'layers without a layer': [
      read('tex.1d.v4.f32.f32', '%f1'),
      () => device.createTexture(array({ layers: 2 })),
      'the texture has layers, and the instruction names none',
    ],
    'a layer of none': [
      read('tex.a2d.v4.f32.f32', '%r1, %f1, %f1, %f1'),
      () => device.createTexture(array({ height: 2 })),
      'the texture has no layers, and the instruction names one',
    ],
    'a cube as a room': [
      read('tex.3d.v4.f32.f32', '%f1, %f1, %f1, %f1'),
      () => device.createTexture(array({ cubemap: true })),
      'the texture is a cubemap, and the instruction is not for one',
    ],
    'a room as a cube': [
      read('tex.cube.v4.f32.f32', '%f1, %f1, %f1, %f1'),
      () => device.createTexture(array({ height: 2, depth: 2 })),
      'the texture is no cubemap, and the instruction is for one',
    ],
    'gathering from what was not made for it': [
      read('tld4.r.2d.v4.f32.f32', '%f1, %f1'),
      () => device.createTexture(array({ height: 2 })),
      'the texture is of an array that was not made to be gathered from',
    ],
    'a surface that is smaller than the access': [
      'suld.b.1d.v4.b32.zero {%r5, %r6, %r7, %r8}, [%rd1, {%r1}];',
      () => device.createSurface(array({ width: 2, surface: true })),
      'a row of the surface is smaller than the access',
    ],
  };

  test.each(Object.entries(CASES))('%s', async (_, [body, open, message]) => {
    const object = open();
    const isSurface = body.startsWith('su');
    const k = device
      .loadModule(ptx(kernel('k', body)))
      .kernel('k', [isSurface ? 'surface' : 'texture']);
    k.launch({ grid: 1, block: 1 }, object as never);
    const error = await failure(() => device.synchronize());
    expect(error.name).toBe('CudaKernelFaultError');
    expect(error.message).toContain(message);
    expect(error.message).toContain('PTX line 13');
  });

  test('a number that is no texture, or is a surface', async () => {
    const k = device.loadModule(ptx(kernel('k', read('tex.1d.v4.f32.f32', '%f1')))).kernel('k');
    k.launch({ grid: 1, block: 1 }, 0xdeadbeefn);
    expect((await failure(() => device.synchronize())).message).toContain(
      '0xdeadbeef is no texture object of this device',
    );
  });
});
