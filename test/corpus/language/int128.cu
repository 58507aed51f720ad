// 128-bit integers: multi-word sums, products, quotients and shifts, whose carries and borrows are
// the flag's.
typedef unsigned long long word;
typedef unsigned __int128 u128;

__device__ void put(word* out, u128 value) {
  out[0] = (word)value;
  out[1] = (word)(value >> 64);
}

// out: sum, difference, product, quotient, remainder, signed quotient, shifted left and right; 16
// words each.
extern "C" __global__ void int128(const word* x, const word* y, word* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  u128 a = (u128)x[2 * i + 1] << 64 | x[2 * i], b = (u128)y[2 * i + 1] << 64 | y[2 * i];
  out += 16 * i;
  put(out, a + b);
  put(out + 2, a - b);
  put(out + 4, a * b);
  put(out + 6, b == 0 ? 0 : a / b);
  put(out + 8, b == 0 ? 0 : a % b);
  put(out + 10, (word)b == 0 ? 0 : (u128)((__int128)a / (long long)(word)b));
  put(out + 12, a << (x[2 * i] & 127));
  put(out + 14, (u128)((__int128)a >> (y[2 * i] & 127)));
}
