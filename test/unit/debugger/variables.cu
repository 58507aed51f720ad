// Variables of all kinds. By hand, where this file lies in a folder /src:
//   nvcc -G -arch=sm_75 -ptx variables.cu -o variables.ptx
//   nvcc -G -arch=sm_100 -ptx variables.cu -o variables_sm100.ptx
enum Color { RED = -1, GREEN = 5 };
enum class Shape : unsigned char { Round = 1, Square = 200 };
struct Base {
  int id;
};
struct Point : Base {
  float x, y;
  int tags[3];
  static int made;
};
struct Bits {
  unsigned low : 3;
  int high : 5;
  unsigned rest : 24;
};
union Word {
  float number;
  unsigned bits;
};
struct Node {
  Node* next;
  double value;
  Color color;
};
typedef unsigned int uint;

__constant__ float weights[4] = {1, 2, 3, 4};
__device__ int counter = 42;
namespace inner {
__device__ long long big[2] = {1LL << 40, -7};
}

__device__ __noinline__ float scaled(float factor, const Point& point, Word* word) {
  float result = factor * point.x;
  word->number = result;
  return result;
}

__device__ __noinline__ int deep(int depth) {
  int own[2] = {depth, 10 * depth};
  int* first = own;
  if (depth == 0) return *first;
  return deep(depth - 1) + own[1];
}

extern "C" __global__ void variables(const float* in, float* out, int count, Point given,
                                     Node* node, const char* const* names) {
  __shared__ float tile[2][16];
  extern __shared__ double dynamic[];
  uint i = threadIdx.x;
  int squares[4];
  for (int k = 0; k < 4; k++) {
    int square = k * k;
    squares[k] = square + count;
  }
  tile[i / 16][i % 16] = in[i];
  dynamic[i] = in[i] / 2.0;
  node->next = node + 1;
  __syncthreads();
  bool last = i + 1 == count;
  Color color = last ? RED : GREEN;
  Shape shape = last ? Shape::Round : Shape::Square;
  Point copy = given;
  copy.y += i;
  Bits bits = {5, -3, i};
  Word word;
  float product = scaled(2.0f, copy, &word);
  unsigned char letter = 'a' + i;
  short negative = -(short)i;
  long long big = inner::big[0] + i;
  volatile double half = dynamic[i];
  void* anything = out;
  {
    int color = 99;
    squares[0] += color + bits.high + (int)bits.rest;
  }
  int sum = deep(2);
  out[i] = squares[i & 3] + product + letter + negative + big + (int)color + (int)shape + half +
           weights[i & 3] + counter + sum + copy.y + node->value + (anything != nullptr) +
           (names != nullptr);
}
