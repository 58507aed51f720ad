#ifndef NODECUDA_TEST_NATIVE_OPS_MATMUL_SIMT_TESTING_H_
#define NODECUDA_TEST_NATIVE_OPS_MATMUL_SIMT_TESTING_H_

#include <algorithm>
#include <string>

#include "test/native/ops/matmul/testing.h"

// The kernels of cuda/modules/matmul_simt.cu, and random problems for them.
namespace nodecuda::test {

inline const MatmulKernel kTiles[] = {
    {KernelId::matmul_float32_256x128, Element::kFloat32, 256, 128, 256},
    {KernelId::matmul_float32_128x256, Element::kFloat32, 128, 256, 256},
    {KernelId::matmul_float32_128x128, Element::kFloat32, 128, 128, 256},
    {KernelId::matmul_float32_64x64, Element::kFloat32, 64, 64, 128},
    {KernelId::matmul_float64_128x64, Element::kFloat64, 128, 64, 256},
    {KernelId::matmul_float64_64x64, Element::kFloat64, 64, 64, 128},
    {KernelId::matmul_generic_float16, Element::kFloat16, 64, 64, 128},
    {KernelId::matmul_generic_bfloat16, Element::kBfloat16, 64, 64, 128},
    {KernelId::matmul_generic_int8, Element::kInt8, 64, 64, 128},
};

// A block of the dot kernels takes 4 vectors of the large operand, or 2; of the axpy kernels 32
// times the neighbours of a thread, which are 16 bytes, or what 64 sums allow.
#define NODECUDA_SKINNY(dtype, element, count, dots, columns)                      \
  {KernelId::matmul_skinny_dot##count##_##dtype, element, dots, 0, 128, count}, {  \
    KernelId::matmul_skinny_axpy##count##_##dtype, element, columns, 0, 128, count \
  }
inline const MatmulKernel kSkinny[] = {
    NODECUDA_SKINNY(float32, Element::kFloat32, 1, 4, 128),
    NODECUDA_SKINNY(float32, Element::kFloat32, 4, 4, 128),
    NODECUDA_SKINNY(float32, Element::kFloat32, 16, 4, 128),
    NODECUDA_SKINNY(float64, Element::kFloat64, 1, 4, 64),
    NODECUDA_SKINNY(float64, Element::kFloat64, 4, 4, 64),
    NODECUDA_SKINNY(float64, Element::kFloat64, 16, 2, 64),
    NODECUDA_SKINNY(float16, Element::kFloat16, 1, 4, 256),
    NODECUDA_SKINNY(float16, Element::kFloat16, 4, 4, 256),
    NODECUDA_SKINNY(float16, Element::kFloat16, 16, 4, 128),
    NODECUDA_SKINNY(bfloat16, Element::kBfloat16, 1, 4, 256),
    NODECUDA_SKINNY(bfloat16, Element::kBfloat16, 4, 4, 256),
    NODECUDA_SKINNY(bfloat16, Element::kBfloat16, 16, 4, 128),
};
#undef NODECUDA_SKINNY

inline bool IsDot(const MatmulKernel& kernel) {
  return std::string(kKernelNames[static_cast<std::size_t>(kernel.kernel)]).find("_dot") !=
         std::string::npos;
}

inline Element DefaultOutput(Element element) {
  return element == Element::kInt8 ? Element::kInt32 : element;
}

class Random {
 public:
  std::mt19937& bits() { return bits_; }
  std::int64_t UpTo(std::int64_t limit) { return static_cast<std::int64_t>(bits_() % (limit + 1)); }
  bool Flip() { return bits_() % 2 != 0; }
  template <typename T>
  T Of(std::initializer_list<T> values) {
    return values.begin()[bits_() % values.size()];
  }
  // A multiple of the tile, something smaller, something that crosses it, or 1.
  std::int64_t Extent(std::int64_t tile) {
    return Of<std::int64_t>({tile, 1 + UpTo(tile - 1), tile + 1 + UpTo(tile / 2), 1});
  }

 private:
  std::mt19937 bits_{20261121};
};

// Everything but the sizes.
inline MatmulCase RandomCase(Random& random, Element element) {
  MatmulCase p;
  p.transpose_a = random.Flip();
  p.transpose_b = random.Flip();
  p.alpha = random.Of({1.0, 1.0, -2.0, 0.0});
  p.beta = random.Of({0.0, 0.0, 1.0, -3.0});
  // Aligned or not: 16 bytes are at most 16 elements.
  const auto gap = [&] { return random.Flip() ? 0 : random.Of<std::int64_t>({1, 3, 16, 32}); };
  p.pad_a = gap();
  p.pad_b = gap();
  p.pad_c = gap();
  p.offset_a = gap();
  p.offset_b = gap();
  p.offset_c = gap();
  p.output = DefaultOutput(element);
  p.late_copies = random.Flip();
  return p;
}

// Sizes and layout that the kernel is for: `count` vectors of the small operand, `extent` of the
// large one.
inline void MakeSkinny(const MatmulKernel& kernel, std::int64_t count, std::int64_t extent,
                       bool small_is_rows, MatmulCase* p) {
  p->m = small_is_rows ? count : extent;
  p->n = small_is_rows ? extent : count;
  const bool rows = p->m <= p->n;
  (rows ? p->transpose_b : p->transpose_a) = rows == IsDot(kernel);
}

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_MATMUL_SIMT_TESTING_H_
