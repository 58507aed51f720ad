// Own kernels: what the types of arguments follow from, and the mistakes that they find. Each line below
// an expected error fails to compile; that it compiles would be an error itself.
import {
  type ArgumentOf,
  type ArgumentsOf,
  type Device,
  type DeviceBuffer,
  type Extent3,
  type HostArray,
  type Kernel,
  type KernelArguments,
  type KernelInfo,
  type LaunchOptions,
  type LinkOptions,
  type LinkSource,
  Module,
  type ModuleSource,
  type ParameterType,
  type PreparedLaunch,
  type Signature,
  type Surface,
  type TensorMap,
  type Texture,
  type TextureArray,
  type UntypedArgument,
} from 'nodecuda';

/** Compiles only if the two types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

const ONE = { grid: 1, block: 1 } as const;

export function argumentTypes(): void {
  same<ArgumentOf<'float32'>, number>(true);
  same<ArgumentOf<'bfloat16'>, number>(true);
  same<ArgumentOf<'uint64'>, number | bigint>(true);
  same<ArgumentOf<'bool'>, boolean>(true);
  same<ArgumentOf<'float32*'>, DeviceBuffer<'float32'> | null>(true);
  same<ArgumentOf<'const int8*'>, DeviceBuffer<'int8'> | null>(true);
  same<ArgumentOf<'void*'>, DeviceBuffer | null>(true);
  same<ArgumentOf<'const void*'>, DeviceBuffer | null>(true);
  same<ArgumentOf<'float64[3]'>, HostArray<'float64'> | readonly number[]>(true);
  same<ArgumentOf<'int64[2]'>, HostArray<'int64'> | readonly (number | bigint)[]>(true);
  same<ArgumentOf<'tensorMap'>, TensorMap>(true);
  same<ArgumentOf<'texture'>, Texture>(true);
  same<ArgumentOf<'surface'>, Surface>(true);
  same<
    ArgumentOf<{ struct: { n: 'int32'; in: { struct: { p: 'const float32*' }; align: 16 } } }>,
    { readonly n: number; readonly in: { readonly p: DeviceBuffer<'float32'> | null } }
  >(true);
  same<ArgumentOf<{ array: 'int8'; length: 4 }>, readonly number[] | HostArray<'int8'>>(true);
  same<
    ArgumentOf<{ array: { struct: { n: 'int64' } }; length: 2 }>,
    readonly { readonly n: number | bigint }[]
  >(true);
  same<ArgumentsOf<[]>, readonly []>(true);
  same<ArgumentsOf<['bool', 'float32*']>, readonly [boolean, DeviceBuffer<'float32'> | null]>(true);
  same<KernelArguments<undefined>, readonly UntypedArgument[]>(true);
}

export async function links(device: Device, url: URL, bytes: Uint8Array): Promise<void> {
  const sources: LinkSource[] = [
    'a.ptx',
    url,
    bytes,
    { source: 'cuda', options: { name: 'b.cu' } },
  ];
  const options: LinkOptions = { names: ['a', 'b', 'c', 'd'], nvJitLink: '/usr/local/cuda' };
  using module: Module = await device.link(new Set(sources), options);
  using kernel = module.kernel('k', ['float32*']);
  kernel.launch(ONE, null);
  // @ts-expect-error an array of numbers is no source
  await device.link([[1, 2, 3]]);
  // @ts-expect-error there is no such option
  await device.link(sources, { nvrtc: '/usr/local/cuda' });
  // @ts-expect-error the options are those of a compilation
  await device.link([{ source: 'cuda', options: { names: [] } }]);
}

export function launches(device: Device, url: URL, bytes: Uint8Array): void {
  const sources: ModuleSource[] = ['a.ptx', url, bytes, bytes.buffer, new DataView(bytes.buffer)];
  using code: Module = device.loadModule(sources[0]!);
  const name: string = code.kernels[0]!.name;
  const isModule = (value: unknown) => value instanceof Module;
  using saxpy = code.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);
  same<typeof saxpy, Kernel<readonly ['float32', 'const float32*', 'float32*', 'uint32']>>(true);
  using x = device.alloc('float32', 4);
  using ints = device.alloc('int32', 4);
  using stream = device.createStream();

  saxpy.launch(ONE, 2, x, x.slice(1), 4);
  saxpy.launch(ONE, 2, null, null, 0);
  const options: LaunchOptions = {
    ...{ grid: [2, 3], block: [8, 8, 8], sharedMemoryBytes: 1024, cluster: [1, 1], stream },
    ...{ cooperative: false, programmatic: undefined },
  };
  saxpy.launch(options, 2, x, x, 4);
  using prepared: PreparedLaunch = saxpy.prepare({ grid: 64, block: 256 }, 2, x, x, 4);
  prepared.set(0, 3).run();
  using typed = saxpy.prepare(ONE, 2, x, x, 4);
  typed.set(0, 3).set(1, x.slice(1)).set(3, 4).run();
  // @ts-expect-error the dtype of the buffer differs
  typed.set(1, ints);
  // @ts-expect-error a float32 is a number
  typed.set(0, x);
  // @ts-expect-error there are four arguments
  typed.set(4, 1);
  const info: KernelInfo = saxpy.info;
  const occupancy: number =
    saxpy.occupancy([32, 4], 1024) + saxpy.suggestBlockSize({ maxThreads: 256 });

  using everything = code.kernel('everything', [
    ...(['bool', 'int64', 'void*', 'float16[4]', 'tensorMap'] as const),
    { struct: { at: 'float32[2]', n: 'uint64', p: 'float32*' }, align: 16 },
  ]);
  const map = device.tensorMap({ buffer: x, shape: [2, 2], box: [2, 2], swizzle: '32B' });
  const halves = new Uint16Array(4);
  everything.launch(ONE, true, 5n, ints, halves, map, { at: [1, 2], n: 7, p: x });
  everything.launch(ONE, true, 5, x, [1, 2, 3, 4], map, {
    at: new Float32Array(2),
    n: 7n,
    p: null,
  });
  code.kernel('none', []).launch(ONE);

  using bytes8 = device.createTextureArray({ dtype: 'uint8', width: 4, height: 2, surface: true });
  same<typeof bytes8, TextureArray<'uint8'>>(true);
  same<Awaited<ReturnType<typeof bytes8.read>>, HostArray<'uint8'>>(true);
  using texture = device.createTexture(bytes8, { filter: 'linear', address: ['clamp', 'border'] });
  device.createTexture(x, { width: 2, height: 1, pitch: 32 }).dispose();
  using surface = device.createSurface(bytes8);
  code.kernel('both', ['texture', 'surface']).launch(ONE, texture, surface);

  // A signature that is a value of its own.
  const signature = ['float32', { struct: { a: 'int8' } }] as const satisfies Signature;
  code.kernel('mine', signature).launch(ONE, 1, { a: 2 });
  // Without one, or with one that is not known before run time.
  code.kernel('any').launch(ONE, 1, 2n, x, null, bytes);
  const late: readonly ParameterType[] = JSON.parse('["float32"]');
  const loose = code.kernel('late', late);
  same<typeof loose, Kernel<readonly ParameterType[]>>(true);
  loose.launch(ONE, 1);

  const cell: DeviceBuffer<'float32'> = code.global('cell', 'float32');
  const other: DeviceBuffer = code.global('other');
  const extents: Extent3[] = [1, [1], [1, 2], [1, 2, 3]];
  void [name, isModule, info, occupancy, cell, other, extents];
}

export function mistakes(device: Device, code: Module): void {
  const x = device.alloc('float32', 4);
  const ints = device.alloc('int32', 4);
  const saxpy = code.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);

  // @ts-expect-error an argument is missing
  saxpy.launch(ONE, 2, x, x);
  // @ts-expect-error there are four arguments
  saxpy.launch(ONE, 2, x, x, 4, 5);
  // @ts-expect-error a float32 is a number
  saxpy.launch(ONE, 2n, x, x, 4);
  // @ts-expect-error a uint32 is a number
  saxpy.launch(ONE, 2, x, x, 4n);
  // @ts-expect-error the dtype of the buffer differs
  saxpy.launch(ONE, 2, ints, x, 4);
  // @ts-expect-error a typed array is no buffer
  saxpy.launch(ONE, 2, new Float32Array(4), x, 4);
  // @ts-expect-error undefined is no address
  saxpy.launch(ONE, 2, undefined, x, 4);
  // @ts-expect-error the options come first
  saxpy.launch(2, x, x, 4);
  // @ts-expect-error the grid is missing
  saxpy.launch({ block: 1 }, 2, x, x, 4);
  // @ts-expect-error there is no such option
  saxpy.launch({ ...ONE, shared: 4 }, 2, x, x, 4);
  // @ts-expect-error a grid has three extents at most
  saxpy.launch({ grid: [1, 2, 3, 4], block: 1 }, 2, x, x, 4);
  // @ts-expect-error arguments of a prepared launch are the same
  saxpy.prepare(ONE, 2, x, ints, 4);
  // @ts-expect-error there is no such type
  code.kernel('k', ['float']);
  // @ts-expect-error there is no pointer to a pointer
  code.kernel('k', ['float32**']);
  // @ts-expect-error nor one to bool
  code.kernel('k', ['const bool*']);
  // @ts-expect-error a struct has types in it
  code.kernel('k', [{ struct: { a: 'int' } }]);
  // @ts-expect-error a signature is an array
  code.kernel('k', 'float32');
  // @ts-expect-error a kernel of no parameters takes none
  code.kernel('k', []).launch(ONE, 1);
  // @ts-expect-error a field is missing
  code.kernel('k', [{ struct: { a: 'int32', b: 'int32' } }]).launch(ONE, { a: 1 });
  // @ts-expect-error there is no such field
  code.kernel('k', [{ struct: { a: 'int32' } }]).launch(ONE, { a: 1, b: 2 });
  // @ts-expect-error a bool is no number
  code.kernel('k', ['bool']).launch(ONE, 1);
  // @ts-expect-error an array of floats has numbers
  code.kernel('k', ['float32[2]']).launch(ONE, ['1', '2']);
  // @ts-expect-error the typed array has another type
  code.kernel('k', ['float32[2]']).launch(ONE, new Int32Array(2));
  // @ts-expect-error a tensor map is made by device.tensorMap
  code.kernel('k', ['tensorMap']).launch(ONE, x);
  // @ts-expect-error a surface is no texture
  code.kernel('k', ['texture']).launch(ONE, surface);
  // @ts-expect-error without a signature there are no strings either
  code.kernel('k').launch(ONE, '1');
  // @ts-expect-error there is no such dtype
  code.global('cell', 'float');
  // @ts-expect-error the dtype differs
  const wrong: DeviceBuffer<'int32'> = code.global('cell', 'float32');
  // @ts-expect-error an array of numbers is no source
  device.loadModule([1, 2, 3]);
  // @ts-expect-error there is no such swizzle
  device.tensorMap({ buffer: x, shape: [4], box: [4], swizzle: '16B' });
  // @ts-expect-error there are no such elements
  device.createTextureArray({ dtype: 'float64', width: 4 });
  // @ts-expect-error rows are of a buffer
  device.createTexture(device.createTextureArray({ dtype: 'int8', width: 4 }), { pitch: 32 });
  // @ts-expect-error what is told cannot be changed
  saxpy.info.parameters[0]!.byteOffset = 4;
  // @ts-expect-error made by device.loadModule
  const fake = new Module();
  void [wrong, fake];
}
