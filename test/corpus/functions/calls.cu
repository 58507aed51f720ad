// Functions that call themselves, each other, and whatever a pointer or an object says.
#include <alloca.h>

extern "C" {

// Each thread sorts a row of its own, of its own length.
__device__ __noinline__ void SortRange(int* row, int low, int high) {
  if (low >= high) return;
  const int pivot = row[(low + high) / 2];
  int i = low, j = high;
  while (i <= j) {
    while (row[i] < pivot) ++i;
    while (row[j] > pivot) --j;
    if (i <= j) {
      const int t = row[i];
      row[i++] = row[j];
      row[j--] = t;
    }
  }
  SortRange(row, low, j);
  SortRange(row, i, high);
}
__global__ void quicksort(int* rows, int width, int n) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < n) SortRange(rows + row * width, 0, row % width);
}

// A tree in two arrays of children, -1 where there is none: the sum of depth times value.
__device__ __noinline__ int WalkFrom(const int* left, const int* right, int node, int depth) {
  if (node < 0) return 0;
  int sum = node * depth;
  if (left[node] >= 0) sum += WalkFrom(left, right, left[node], depth + 1);
  __syncwarp(__activemask());
  if (right[node] >= 0) sum += WalkFrom(left, right, right[node], depth + 1);
  return sum;
}
__global__ void walk(const int* left, const int* right, int* out, int n) {
  const int node = blockIdx.x * blockDim.x + threadIdx.x;
  if (node < n) out[node] = WalkFrom(left, right, node, 1);
}

// Mutual recursion, with a structure by value each way.
struct State {
  int steps, odd[4];
};
__device__ State Even(State state, int n);
__device__ __noinline__ State Odd(State state, int n) {
  ++state.odd[n % 4];
  ++state.steps;
  return n == 1 ? state : Even(state, n / 2 * 3);
}
__device__ __noinline__ State Even(State state, int n) {
  ++state.steps;
  if (n <= 1 || state.steps > 60) return state;
  n /= 2;
  return n & 1 ? Odd(state, n) : Even(state, n);
}
__global__ void bounce(int* out) {
  State state = {};
  const int n = threadIdx.x + 1;
  state = n & 1 ? Odd(state, n) : Even(state, n);
  out[threadIdx.x] = state.steps * 1000 + state.odd[1] * 10 + state.odd[3];
}

// A lane's own room on the stack.
__device__ __noinline__ int Reversed(int n) {
  int* digits = static_cast<int*>(alloca(n * sizeof(int)));
  for (int i = 0; i < n; ++i) digits[i] = i % 10;
  int number = 0;
  for (int i = n - 1; i >= 0; --i) number = (number * 10 + digits[i]) % 1000003;
  return number;
}
__global__ void reverse(int* out) {
  out[threadIdx.x] = Reversed(threadIdx.x + 1);
}

// A reduction whose steps are taken in functions with barriers.
__device__ __noinline__ void Halve(float* values, int half) {
  if (half == 0) return;
  __syncthreads();
  if (threadIdx.x < half) values[threadIdx.x] += values[threadIdx.x + half];
  Halve(values, half / 2);
}
__global__ void halve(const float* x, float* out) {
  __shared__ float values[128];
  values[threadIdx.x] = x[threadIdx.x];
  Halve(values, 64);
  if (threadIdx.x == 0) *out = values[0];
}
}

// Shapes, some on the stack, some on the heap, behind their base.
struct Shape {
  __device__ virtual float Area() const = 0;
  __device__ virtual int Corners() const { return 0; }
  __device__ virtual ~Shape() {}
};
struct Circle : Shape {
  float r;
  __device__ explicit Circle(float r) : r(r) {}
  __device__ float Area() const override { return 3.0f * r * r; }
};
struct Box : Shape {
  float a, b;
  __device__ Box(float a, float b) : a(a), b(b) {}
  __device__ float Area() const override { return a * b; }
  __device__ int Corners() const override { return 4; }
};
struct Pair : Shape {
  const Shape *first, *second;
  __device__ Pair(const Shape* first, const Shape* second) : first(first), second(second) {}
  __device__ float Area() const override { return first->Area() + second->Area(); }
  __device__ int Corners() const override { return first->Corners() + second->Corners(); }
};
__device__ __noinline__ Shape* MakeShape(int kind) {
  if (kind == 0) return new Circle(2.0f);
  return new Box(2.0f, static_cast<float>(kind));
}
extern "C" __global__ void shapes(float* areas, int* corners) {
  const Shape* one = MakeShape(threadIdx.x % 3);
  const Box two(1.0f, 0.5f);
  const Pair both(one, &two);
  const Pair all(&both, one);
  const Shape* seen = threadIdx.x % 2 ? static_cast<const Shape*>(&all) : one;
  areas[threadIdx.x] = seen->Area();
  corners[threadIdx.x] = seen->Corners();
  delete one;
}

// Objects that one kernel makes and another uses.
__device__ Shape* kept[32];
extern "C" __global__ void keep() {
  kept[threadIdx.x] = MakeShape(threadIdx.x % 4);
}
extern "C" __global__ void useKept(float* areas) {
  areas[threadIdx.x] = kept[threadIdx.x]->Area();
  delete kept[threadIdx.x];
}

// Words behind pointers in an initialiser.
__device__ const char* const words[] = {"zero", "one", "two", "three"};
extern "C" __global__ void lengths(int* out) {
  const char* word = words[threadIdx.x % 4];
  int n = 0;
  while (word[n] != 0) ++n;
  out[threadIdx.x] = n;
}

// No stack has room for this.
__device__ __noinline__ int Endless(int n) {
  return n < 0 ? 0 : 1 + Endless(n + 1 & 0x7fffffff) * n;
}
extern "C" __global__ void endless(int* out) {
  out[threadIdx.x] = Endless(threadIdx.x);
}

extern "C" __global__ void callNull(int* out, int which) {
  using Function = int (*)(int);
  const Function f = reinterpret_cast<Function>(static_cast<unsigned long long>(which));
  out[threadIdx.x] = f(threadIdx.x);
}
