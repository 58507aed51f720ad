// Elements are walked as (outer, axis, inner), the axis being reduced. Strides are in elements.
const operand = ['handle', 'offset', 'outerStride', 'axisStride', 'innerStride'];

// What a softmax has too: see abi/softmax.mjs.
export const axisSlots = [
  ...['dtype', 'outDtype', 'stream', 'out', 'outOffset'],
  ...['outer', 'axis', 'inner'],
  ['x', 1, operand],
];

export default {
  slots: ['operation', ...axisSlots, ['y', 1, operand]], // y: of a dot product
  records: { Operand: operand },
  kernels: {
    enums: [
      {
        cpp: 'enum ReduceOperation : int',
        tuple: 'REDUCTIONS',
        values: [
          ['sum', 'kReduceSum'],
          ['prod', 'kReduceProduct'],
          ['mean', 'kReduceMean'],
          ['norm', 'kReduceNorm', 'square root of the sum of squares'],
          ['dot', 'kReduceDot', 'sum of x * y'],
          ['max', 'kReduceMax'],
          ['min', 'kReduceMin'],
          ['argmax', 'kReduceArgmax'],
          ['argmin', 'kReduceArgmin'],
        ],
        // Not for TypeScript.
        internal: [['kReduceSoftmax', 'maximum and sum of exponentials: partial results only']],
      },
    ],
  },
};
