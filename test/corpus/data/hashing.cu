// Hashes, checksums, random numbers and a hash table: integer arithmetic of every width.
#include <cstdint>

// FNV-1a of strings that lie one after the other.
extern "C" __global__ void fnv1a(const uint8_t* text, const uint32_t* starts, uint64_t* hashes,
                                 int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint64_t hash = 0xcbf29ce484222325;
  for (uint32_t k = starts[i]; k < starts[i + 1]; ++k) hash = (hash ^ text[k]) * 0x100000001b3;
  hashes[i] = hash;
}

__device__ uint32_t Rotate(uint32_t x, int by) {
  return __funnelshift_l(x, x, by);
}

extern "C" __global__ void murmur3(const uint8_t* text, const uint32_t* starts, uint32_t seed,
                                   uint32_t* hashes, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const uint8_t* bytes = text + starts[i];
  const uint32_t length = starts[i + 1] - starts[i];
  uint32_t hash = seed, word = 0;
  for (uint32_t k = 0; k < length; ++k) {
    word |= uint32_t(bytes[k]) << 8 * (k % 4);
    if (k % 4 != 3 && k + 1 != length) continue;
    hash ^= Rotate(word * 0xcc9e2d51, 15) * 0x1b873593;
    if (k % 4 == 3) hash = Rotate(hash, 13) * 5 + 0xe6546b64;
    word = 0;
  }
  hash ^= length;
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  hashes[i] = hash ^ hash >> 16;
}

__constant__ uint32_t crc_table[256];

extern "C" __global__ void crc32(const uint8_t* text, const uint32_t* starts, uint32_t* sums,
                                 int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint32_t sum = ~0u;
  for (uint32_t k = starts[i]; k < starts[i + 1]; ++k)
    sum = crc_table[(sum ^ text[k]) & 255] ^ sum >> 8;
  sums[i] = ~sum;
}

__constant__ uint32_t kSha256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Messages whose padding the host has made; blocks of 64 bytes. The schedule is in local memory.
extern "C" __global__ void sha256(const uint8_t* blocks, const uint32_t* starts, uint32_t* digests,
                                  int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint32_t hash[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (uint32_t b = starts[i]; b < starts[i + 1]; ++b) {
    uint32_t w[64];
#pragma unroll 1
    for (int t = 0; t < 16; ++t) {
      const uint32_t little = reinterpret_cast<const uint32_t*>(blocks)[16 * b + t];
      w[t] = __byte_perm(little, 0, 0x0123);
    }
#pragma unroll 1
    for (int t = 16; t < 64; ++t) {
      const uint32_t a = w[t - 15], c = w[t - 2];
      w[t] = w[t - 16] + w[t - 7] + (Rotate(a, 25) ^ Rotate(a, 14) ^ a >> 3) +
             (Rotate(c, 15) ^ Rotate(c, 13) ^ c >> 10);
    }
    uint32_t s[8];
    for (int k = 0; k < 8; ++k) s[k] = hash[k];
#pragma unroll 1
    for (int t = 0; t < 64; ++t) {
      const uint32_t e = s[4], a = s[0];
      const uint32_t one = s[7] + (Rotate(e, 26) ^ Rotate(e, 21) ^ Rotate(e, 7)) +
                           ((e & s[5]) ^ (~e & s[6])) + kSha256[t] + w[t];
      const uint32_t two = (Rotate(a, 30) ^ Rotate(a, 19) ^ Rotate(a, 10)) +
                           ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
      for (int k = 7; k > 0; --k) s[k] = s[k - 1];
      s[4] += one;
      s[0] = one + two;
    }
    for (int k = 0; k < 8; ++k) hash[k] += s[k];
  }
  for (int k = 0; k < 8; ++k) digests[8 * i + k] = hash[k];
}

// Philox 4x32-10: counter in, numbers out.
extern "C" __global__ void philox(uint4* out, uint64_t first, uint2 key, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const uint64_t counter = first + i;
  uint4 c = {uint32_t(counter), uint32_t(counter >> 32), 0, 0};
  for (int round = 0; round < 10; ++round) {
    const uint32_t high0 = __umulhi(0xd2511f53u, c.x), low0 = 0xd2511f53u * c.x;
    const uint32_t high1 = __umulhi(0xcd9e8d57u, c.z), low1 = 0xcd9e8d57u * c.z;
    c = {high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0};
    key.x += 0x9e3779b9u;
    key.y += 0xbb67ae85u;
  }
  out[i] = c;
}

// Open addressing; 0 is no key.
extern "C" __global__ void table_insert(const uint32_t* keys, uint32_t* table, uint32_t* counts,
                                        uint32_t mask, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  for (uint32_t slot = keys[i] * 2654435761u & mask;; slot = (slot + 1) & mask) {
    const uint32_t there = atomicCAS(&table[slot], 0, keys[i]);
    if (there != 0 && there != keys[i]) continue;
    atomicAdd(&counts[slot], 1);
    return;
  }
}
extern "C" __global__ void table_count(const uint32_t* keys, const uint32_t* table,
                                       const uint32_t* counts, uint32_t* out, uint32_t mask,
                                       int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint32_t slot = keys[i] * 2654435761u & mask;
  while (table[slot] != 0 && table[slot] != keys[i]) slot = (slot + 1) & mask;
  out[i] = table[slot] == 0 ? 0 : counts[slot];
}

// Integers that take long and differ in how long: threads of a warp go apart.
extern "C" __global__ void collatz(const uint32_t* x, uint32_t* steps, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint32_t count = 0;
  for (uint64_t value = x[i]; value > 1; ++count) value = value % 2 ? 3 * value + 1 : value / 2;
  steps[i] = count;
}

extern "C" __global__ void modular_power(const uint64_t* base, const uint32_t* exponent,
                                         uint64_t* out, uint64_t modulus, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint64_t result = 1 % modulus, square = base[i] % modulus;
  for (uint32_t e = exponent[i]; e != 0; e >>= 1) {
    if (e & 1) result = result * square % modulus;
    square = square * square % modulus;
  }
  out[i] = result;
}
