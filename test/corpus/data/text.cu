// Strings.
#include <cstdint>

// Where the needle begins, in any order.
extern "C" __global__ void find(const uint8_t* text, int length, const uint8_t* needle, int size,
                                int* places, int* count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i + size > length) return;
  for (int k = 0; k < size; ++k)
    if (text[i + k] != needle[k]) return;
  places[atomicAdd(count, 1)] = i;
}

// Edit distance by diagonals, in one block: three of them in shared memory.
extern "C" __global__ void levenshtein(const uint8_t* a, int n, const uint8_t* b, int m,
                                       int* distance) {
  extern __shared__ int diagonals[];
  int *before = diagonals, *last = before + n + 1, *next = last + n + 1;
  for (int d = 0; d <= n + m; ++d) {
    for (int i = max(0, d - m) + threadIdx.x; i <= min(n, d); i += blockDim.x) {
      const int j = d - i;
      if (i == 0 || j == 0) {
        next[i] = d;
      } else {
        const int changed = before[i - 1] + (a[i - 1] != b[j - 1]);
        next[i] = min(changed, 1 + min(last[i - 1], last[i]));
      }
    }
    __syncthreads();
    int* free = before;
    before = last;
    last = next;
    next = free;
  }
  if (threadIdx.x == 0) *distance = last[n];
}

// Words: starts of letters after something else.
extern "C" __global__ void count_words(const uint8_t* text, int length, int* count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  auto letter = [&](int k) { return k >= 0 && k < length && ((text[k] | 32) - 'a') < 26u; };
  const int words = __syncthreads_count(letter(i) && !letter(i - 1));
  if (threadIdx.x == 0) atomicAdd(count, words);
}

// ASCII to upper case, in place, with the byte-wise comparisons of SIMD in a word.
extern "C" __global__ void upper_case(uint32_t* words, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const uint32_t w = words[i];
  const uint32_t lower = __vcmpgeu4(w, 0x61616161) & __vcmpleu4(w, 0x7a7a7a7a);
  words[i] = w ^ (lower & 0x20202020);
}
