const MAX_DIMENSIONS = 8;

const scalar = ['low', 'high']; // halves of 32 bits
const operand = ['handle', 'offset'];
const dimension = ['extent', ['strides', 3]]; // of out, x, y

export default {
  slots: [
    'family',
    'operation',
    'source', // dtypes before and after
    'destination',
    'stream',
    ['scalars', 2, scalar],
    ['operands', 3, operand], // out, x, y
    'length', // of a contiguous call
    'repeat', // of benchElementwise
    'dimensions', // 0: contiguous
    ['shape', MAX_DIMENSIONS, dimension],
  ],
  records: { Scalar: scalar, Operand: operand, Dimension: dimension },
  kernels: {
    namespace: 'nodecuda',
    enums: [
      {
        cpp: 'enum class ElementwiseFamily : std::uint8_t',
        enum: 'Family',
        values: [
          ['unary', 'kUnary'],
          ['binary', 'kBinary'],
          ['convert', 'kConvert'],
        ],
      },
      {
        cpp: 'enum BinaryOperation : int',
        tuple: 'BINARY',
        values: [
          ['add', 'kAdd'],
          ['sub', 'kSubtract'],
          ['mul', 'kMultiply'],
          ['div', 'kDivide'],
          ['maximum', 'kMaximum'],
          ['minimum', 'kMinimum'],
          ['axpy', 'kAxpy', 'scalars[0] * x + y'],
          ['pow', 'kPower'],
        ],
        last: { LAST_BINARY_OF_INTEGERS: 'axpy' },
        internal: [['kBinaryOperations']],
      },
      {
        cpp: 'enum UnaryOperation : int',
        tuple: 'UNARY',
        values: [
          ['neg', 'kNegate'],
          ['abs', 'kAbs'],
          ['square', 'kSquare'],
          ['relu', 'kRelu'],
          ['clamp', 'kClamp', 'to scalars[0] .. scalars[1]'],
          ['scale', 'kScale', 'scalars[0] * x'],
          ['sqrt', 'kSqrt'],
          ['rsqrt', 'kRsqrt'],
          ['reciprocal', 'kReciprocal'],
          ['exp', 'kExp'],
          ['log', 'kLog'],
          ['sin', 'kSin'],
          ['cos', 'kCos'],
          ['tanh', 'kTanh'],
          ['sigmoid', 'kSigmoid'],
          ['silu', 'kSilu'],
          ['gelu', 'kGelu'],
        ],
        last: { LAST_UNARY_OF_INTEGERS: 'scale' },
        internal: [['kUnaryOperations']],
      },
    ],
    constants: { MAX_DIMENSIONS },
  },
};
