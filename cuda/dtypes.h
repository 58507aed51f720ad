// Generated from abi/dtypes.mjs by `npm run abi`: not to be edited.
#pragma once

// Element types, as kernels are told them.
namespace dtypes {

enum Dtype : int {
  kFloat32,
  kFloat64,
  kFloat16,
  kBfloat16,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
};

}  // namespace dtypes
