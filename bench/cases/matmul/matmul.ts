/** Matrix products in device memory, of every dtype and precision, beside those of cuBLAS. */
import type { Case, Context, Prepared } from '../../measure/case';
import { needsGpu, needsTime } from '../../measure/case';
import { makeCheck } from '../../measure/check';
import { type BenchDtype, BYTES, type ProductDtype, upload } from '../../measure/data';
import { matmulName, NODECUDA } from '../../measure/names';
import { DeviceOperands, deviceContender, sampleBuffer, setsFor } from '../../measure/on-device';
import { expectProduct, MATMUL_TYPES, type Precision, refusal, usableVariants } from './product';

type Layout = 'NN' | 'NT' | 'TN';

interface Product {
  readonly name: string;
  readonly dtype: BenchDtype;
  readonly precision: Precision;
  readonly layout: Layout;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
  readonly variant: string;
  readonly skipped: string | undefined;
}

export function typeName(dtype: BenchDtype, precision: Precision): string {
  return precision === 'ieee' ? dtype : `${dtype} ${precision}`;
}

function outputOf(dtype: BenchDtype): ProductDtype {
  return dtype === 'int8' ? 'int32' : dtype;
}

function bytesOf({ dtype, m, n, k, batches }: Product): number {
  return batches * (BYTES[dtype] * (m * k + k * n) + BYTES[outputOf(dtype)] * m * n);
}

function optionsOf({ precision, layout, m, n, k, batches }: Product) {
  return {
    m,
    n,
    k,
    ...(layout === 'TN' ? { transposeA: true } : {}),
    ...(layout === 'NT' ? { transposeB: true } : {}),
    ...(precision === 'ieee' ? {} : { precision }),
    ...(batches === 1 ? {} : { batches }),
  };
}

function prepare(context: Context, product: Product): Prepared {
  const { device } = context;
  const { dtype, precision, layout, m, n, k, batches } = product;
  const output = outputOf(dtype);
  const options = optionsOf(product);
  const operands = new DeviceOperands(context, bytesOf(product), () => {
    const a = upload(device, dtype, 1, batches * m * k);
    const b = upload(device, dtype, 2, batches * k * n);
    return [a, b, device.alloc(output, batches * m * n)] as const;
  });
  const shape = { m, n, k, transposeA: layout === 'TN', transposeB: layout === 'NT' };
  const contender = (name: string, tuning: { variant?: string }) =>
    deviceContender(
      context,
      name,
      () => {
        const [a, b, out] = operands.next();
        device.matmul(a, b, { ...options, ...tuning, out });
      },
      (indices) => sampleBuffer(operands.current()[2], indices),
    );
  const { variant: chosen } = device.planMatmul({ dtype, ...options });
  const variants = context.variants ? usableVariants(device, { dtype, ...options }) : [];
  return {
    note: chosen,
    contenders: [
      contender(NODECUDA, {}),
      ...variants.map((variant) => contender(`nodecuda, ${variant}`, { variant })),
    ],
    check: makeCheck(batches * m * n, (index) =>
      expectProduct({ dtype, output, precision, ...shape }, index),
    ),
    dispose: () => operands.dispose(),
  };
}

// On some device no variant may be able to compute it.
function unsupported({ device }: Context, product: Product): string | undefined {
  const small = { ...product, m: 16, n: 16, k: 16 };
  const length = 256 * product.batches;
  using a = device.alloc(product.dtype, length);
  using b = device.alloc(product.dtype, length);
  using out = device.alloc(outputOf(product.dtype), length);
  return refusal(() => device.matmul(a, b, { ...optionsOf(small), out }));
}

function toCase(context: Context, product: Product): Case {
  const { name, dtype, precision, layout, m, n, k, batches, variant } = product;
  const bytes = bytesOf(product);
  const flop = 2 * batches * m * n * k;
  const isSkinny = Math.min(m, n) <= 16;
  return {
    name,
    subject: {
      operation: 'matmul',
      type: typeName(dtype, precision),
      variant,
      size: isSkinny ? m : n,
      bytes,
      flop,
    },
    // The time of a skinny product is that of reading its matrix.
    work: isSkinny ? { amount: bytes, unit: 'B' } : { amount: flop, unit: 'FLOP' },
    skipped: product.skipped ?? unsupported(context, product),
    peerWork: {
      operation: 'matmul',
      options: {
        dtype,
        precision,
        m,
        n,
        k,
        transposeA: layout === 'TN',
        transposeB: layout === 'NT',
        batches,
        sets: setsFor(context, bytes),
      },
    },
    prepare: () => prepare(context, product),
  };
}

function square(
  [dtype, precision]: (typeof MATMUL_TYPES)[number],
  n: number,
  layout: Layout,
  skipped: string | undefined,
): Product {
  const variant = layout === 'NN' ? '' : layout;
  const type = typeName(dtype, precision);
  const name = variant === '' ? matmulName(n, type) : `${matmulName(n, type)} ${variant}`;
  return { name, dtype, precision, layout, m: n, n, k: n, batches: 1, variant, skipped };
}

function skinny(dtype: BenchDtype, m: number, n: number, skipped: string | undefined): Product {
  const name = `matmul ${dtype} ${m} x ${n} x ${n}`;
  const shape = { m, n, k: n, batches: 1 };
  return { name, dtype, precision: 'ieee', layout: 'NN', ...shape, variant: 'skinny', skipped };
}

function batched(
  dtype: BenchDtype,
  n: number,
  batches: number,
  skipped: string | undefined,
): Product {
  const name = `matmul ${dtype} ${n}, ${batches} batches`;
  const shape = { m: n, n, k: n, batches };
  return { name, dtype, precision: 'ieee', layout: 'NN', ...shape, variant: 'batched', skipped };
}

function onSimulator(context: Context): Product[] {
  const slow = needsTime(context);
  const [float32, ...others] = MATMUL_TYPES;
  return [
    ...[64, 128, 256, 512].map((n) => square(float32, n, 'NN', undefined)),
    ...(['NT', 'TN'] as const).map((layout) => square(float32, 128, layout, slow)),
    ...others.map((type) => square(type, 128, 'NN', slow)),
    skinny('float32', 1, 512, slow),
    skinny('bfloat16', 16, 512, slow),
    batched('bfloat16', 64, 4, slow),
  ];
}

function onGpu(context: Context): Product[] {
  const gpu = needsGpu(context);
  const slow = gpu ?? needsTime(context);
  return MATMUL_TYPES.flatMap((type) => [
    ...[512, 1024, 2048, 4096, 8192].map((n) =>
      square(type, n, 'NN', n === 1024 || n === 4096 ? gpu : slow),
    ),
    ...(['NT', 'TN'] as const).map((layout) => square(type, 4096, layout, slow)),
  ]).concat([
    skinny('float32', 1, 8192, slow),
    skinny('float32', 16, 8192, slow),
    skinny('bfloat16', 1, 8192, gpu),
    skinny('bfloat16', 16, 8192, slow),
    batched('float32', 512, 64, slow),
    batched('bfloat16', 512, 64, slow),
  ]);
}

export function matmulCases(context: Context): Case[] {
  const products = onGpu(context);
  if (context.device.isSimulated) {
    const small = onSimulator(context);
    const names = new Set(small.map(({ name }) => name));
    products.splice(0, products.length, ...small, ...products.filter((p) => !names.has(p.name)));
  }
  return products.map((product) => toCase(context, product));
}
