// Generated from abi/matmul.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_MATMUL_H_
#define NODECUDA_BINDING_ABI_MATMUL_H_

#include <cstddef>

namespace nodecuda::abi::matmul {

inline constexpr int kMostSplits = 65535;

// Places in the argument block.
enum Slot : std::size_t {
  kDtype = 0,
  kOutDtype = 1,
  kPrecision = 2,
  kFlags = 3,
  kActivation = 4,
  kM = 5,
  kN = 6,
  kK = 7,
  kBatches = 8,
  kAlpha = 9,
  kBeta = 10,
  kA = 11,
  kLda = 12,
  kStrideA = 13,
  kB = 14,
  kLdb = 15,
  kStrideB = 16,
  kOut = 17,
  kLdc = 18,
  kStrideC = 19,
  kBias = 20,
  kRowScale = 21,
  kColumnScale = 22,
  kVariant = 23,
  kSplits = 24,
  kStream = 25,
  kDevice = 26,
};

// Added up.
enum Flag : int {
  kTransposeA = 1,
  kTransposeB = 2,
  kBiasPerRow = 4,
  kUnaligned = 8,
  kAllFlags = 15,
};

}  // namespace nodecuda::abi::matmul

#endif  // NODECUDA_BINDING_ABI_MATMUL_H_
