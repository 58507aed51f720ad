#include "bench/simulator/host.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace {

template <typename T>
T* At(void* const* pointers, int index) {
  return static_cast<T*>(pointers[index]);
}

}  // namespace

void HostSaxpy(void* const* pointers, unsigned n) {
  const float* x = At<float>(pointers, 0);
  float* y = At<float>(pointers, 1);
  for (unsigned i = 0; i < n; ++i) y[i] = 2.5f * x[i] + y[i];
}

void HostMandelbrot(void* const* pointers, unsigned width) {
  unsigned* out = At<unsigned>(pointers, 0);
  for (unsigned i = 0; i < width * width; ++i) {
    const unsigned px = i % width, py = i / width;
    const float cx = -2.0f + 3.0f * static_cast<float>(px) / static_cast<float>(width);
    const float cy = -1.5f + 3.0f * static_cast<float>(py) / static_cast<float>(width);
    float x = 0, y = 0;
    unsigned n = 0;
    while (x * x + y * y < 4.0f && n < 100) {
      const float next = x * x - y * y + cx;
      y = 2 * x * y + cy;
      x = next;
      ++n;
    }
    out[i] = n;
  }
}

void HostNbody(void* const* pointers, unsigned n) {
  const float* bodies = At<float>(pointers, 0);
  float* forces = At<float>(pointers, 1);
  for (unsigned i = 0; i < n; ++i) {
    const float* own = bodies + 4 * i;
    float fx = 0, fy = 0, fz = 0;
    for (unsigned j = 0; j < n; ++j) {
      const float* other = bodies + 4 * j;
      const float dx = other[0] - own[0], dy = other[1] - own[1], dz = other[2] - own[2];
      const float inverse = 1 / std::sqrt(dx * dx + dy * dy + dz * dz + 0.01f);
      const float scale = other[3] * inverse * inverse * inverse;
      fx += dx * scale;
      fy += dy * scale;
      fz += dz * scale;
    }
    forces[4 * i] = fx;
    forces[4 * i + 1] = fy;
    forces[4 * i + 2] = fz;
    forces[4 * i + 3] = 0;
  }
}

void HostMatmul(void* const* pointers, unsigned n) {
  const float *a = At<float>(pointers, 0), *b = At<float>(pointers, 1);
  float* c = At<float>(pointers, 2);
  std::fill(c, c + n * n, 0.0f);
  for (unsigned i = 0; i < n; ++i)
    for (unsigned k = 0; k < n; ++k)
      for (unsigned j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
}

void HostHistogram(void* const* pointers, unsigned n) {
  const unsigned* in = At<unsigned>(pointers, 0);
  unsigned* out = At<unsigned>(pointers, 1);
  for (unsigned i = 0; i < n; ++i) ++out[in[i] & 255];
}

void HostReduce(void* const* pointers, unsigned n) {
  const unsigned* in = At<unsigned>(pointers, 0);
  unsigned sum = 0;
  for (unsigned i = 0; i < n; ++i) sum += in[i];
  *At<unsigned>(pointers, 1) += sum;
}

void HostScan(void* const* pointers, unsigned n) {
  const unsigned* in = At<unsigned>(pointers, 0);
  unsigned* out = At<unsigned>(pointers, 1);
  for (unsigned block = 0; block < n; block += 1024) {
    unsigned sum = 0;
    for (unsigned i = block; i < block + 1024; ++i) out[i] = sum += in[i];
  }
}

void HostTranspose(void* const* pointers, unsigned n) {
  const float* in = At<float>(pointers, 0);
  float* out = At<float>(pointers, 1);
  for (unsigned y = 0; y < n; ++y)
    for (unsigned x = 0; x < n; ++x) out[x * n + y] = in[y * n + x];
}

void HostStencil(void* const* pointers, unsigned n) {
  const float* in = At<float>(pointers, 0);
  float* out = At<float>(pointers, 1);
  for (unsigned y = 1; y + 1 < n; ++y) {
    for (unsigned x = 1; x + 1 < n; ++x) {
      const float* at = in + y * n + x;
      out[y * n + x] = 0.25f * (at[-1] + at[1] + *(at - n) + at[n]) - at[0];
    }
  }
}

void HostSort(void* const* pointers, unsigned n) {
  unsigned* data = At<unsigned>(pointers, 0);
  for (unsigned block = 0; block < n; block += 512) std::sort(data + block, data + block + 512);
}

void HostBlackScholes(void* const* pointers, unsigned n) {
  const float *price = At<float>(pointers, 0), *strike = At<float>(pointers, 1);
  float* call = At<float>(pointers, 2);
  const float rate = 0.02f, sigma = 0.3f, years = 2, root = sigma * std::sqrt(years);
  for (unsigned i = 0; i < n; ++i) {
    const float s = price[i], x = strike[i];
    const float d1 = (std::log(s / x) + (rate + 0.5f * sigma * sigma) * years) / root;
    const float d2 = d1 - root;
    const float n1 = 0.5f * std::erfc(-d1 * 0.70710678f), n2 = 0.5f * std::erfc(-d2 * 0.70710678f);
    call[i] = s * n1 - x * std::exp(-rate * years) * n2;
  }
}

void HostSpmv(void* const* pointers, unsigned n) {
  const unsigned *rows = At<unsigned>(pointers, 0), *columns = At<unsigned>(pointers, 1);
  const float *values = At<float>(pointers, 2), *x = At<float>(pointers, 3);
  float* y = At<float>(pointers, 4);
  for (unsigned row = 0; row < n; ++row) {
    float sum = 0;
    for (unsigned i = rows[row]; i < rows[row + 1]; ++i) sum += values[i] * x[columns[i]];
    y[row] = sum;
  }
}

void HostCollatz(void* const* pointers, unsigned n) {
  unsigned* out = At<unsigned>(pointers, 0);
  for (unsigned i = 0; i < n; ++i) {
    unsigned steps = 0;
    for (std::uint64_t value = i + 1; value != 1; ++steps)
      value = value % 2 == 0 ? value / 2 : 3 * value + 1;
    out[i] = steps;
  }
}

void HostHash(void* const* pointers, unsigned n) {
  const std::uint64_t* in = At<std::uint64_t>(pointers, 0);
  std::uint64_t* out = At<std::uint64_t>(pointers, 1);
  for (unsigned i = 0; i < n; ++i) {
    std::uint64_t h = in[i];
    for (int round = 0; round < 16; ++round) {
      h ^= h >> 33;
      h *= 0xff51afd7ed558ccdull;
      h ^= h << 13;
      h += static_cast<std::uint64_t>(std::popcount(h));
    }
    out[i] = h;
  }
}

void HostConvolve(void* const* pointers, unsigned n) {
  const float *in = At<float>(pointers, 0), *weights = At<float>(pointers, 1);
  float* out = At<float>(pointers, 2);
  for (unsigned i = 0; i < n; ++i) {
    float sum = 0;
    for (unsigned k = 0; k < 33; ++k) sum += weights[k] * in[i + k];
    out[i] = sum;
  }
}
