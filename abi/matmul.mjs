export default {
  slots: [
    ...['dtype', 'outDtype', 'precision', 'flags', 'activation'],
    ...['m', 'n', 'k', 'batches', 'alpha', 'beta'],
    // Handles, leading dimensions and batch strides.
    ...['a', 'lda', 'strideA'],
    ...['b', 'ldb', 'strideB'],
    ...['out', 'ldc', 'strideC'],
    ...['bias', 'rowScale', 'columnScale'],
    'variant', // -1: any
    'splits', // 0: any
    'stream',
    'device', // of a plan, which has no buffers and no stream
  ],
  flags: ['transposeA', 'transposeB', 'biasPerRow', 'unaligned'],
  constants: { MOST_SPLITS: 65_535 }, // blocks along the second dimension of a grid
  kernels: {
    enums: [
      {
        // What a float32 product may give up for speed.
        cpp: 'enum class MatmulPrecision : std::uint8_t',
        tuple: 'PRECISIONS',
        values: [
          ['ieee', 'kIeee', 'nothing: float32 products and sums'],
          ['tf32', 'kTf32', 'inputs are rounded to 11 significant bits'],
          ['fp32-fast', 'kFp32Fast', 'each input is the sum of two of those'],
        ],
      },
      {
        cpp: 'enum MatmulActivation : int',
        tuple: 'ACTIVATIONS',
        values: [
          [undefined, 'kNoActivation'], // the option is not given
          ['relu', 'kRelu'],
          ['gelu', 'kGelu', 'x Phi(x), with the error function'],
          ['gelu-tanh', 'kGeluTanh', 'its approximation with tanh'],
        ],
      },
    ],
  },
};
