// How long a product would take: waves of blocks times steps along k, or the bytes that have to
// move, whichever is more. Only the order among the variants of one problem matters, so that
// published rates do; docs/kernels.md has the sources, and what was measured.
#include <algorithm>

#include "ops/kernels/launch.h"
#include "ops/matmul/hopper.h"
#include "ops/matmul/matmul.h"

namespace nodecuda {
namespace {

constexpr double kFixedCycles = 2500;      // filling the pipeline, and the epilogue
constexpr double kLaunchSeconds = 2.5e-6;  // another kernel in the stream
constexpr double kBandwidthReached = 0.9;  // of the memory's nominal rate
// What a block alone on its multiprocessor reaches, of a variant that is meant to share it.
constexpr double kAlone = 0.65;

// Fused multiply-adds per cycle and multiprocessor: the tables of the CUDA programming guide and
// of NVIDIA's architecture white papers.
double CoreRate(Dtype dtype, int capability) {
  const bool data_center = capability == 80 || capability == 90 || capability == 100;
  if (dtype == Dtype::kFloat64) return data_center ? (capability == 80 ? 32 : 64) : 2;
  return capability == 75 || capability == 80 ? 64 : 128;
}

double TensorRate(const MatmulVariant& variant, int capability) {
  const bool data_center = capability == 80 || capability == 90 || capability == 100;
  if (variant.dtype == Dtype::kFloat64) return data_center ? (capability == 80 ? 64 : 128) : 2;
  // 16-bit inputs, float32 sums.
  double rate = 512;
  if (capability == 80) rate = 1024;
  if (capability >= 90 && data_center) rate = 2048;
  if (variant.dtype == Dtype::kInt8) rate *= 2;
  if (variant.dtype == Dtype::kFloat32) rate /= 2;
  if (variant.precision == MatmulPrecision::kFp32Fast) rate /= 3;
  // mma.sync reaches about 65 % of what wgmma does (arXiv 2402.13499), and less of tcgen05.
  if (variant.family == MatmulFamily::kMma && data_center && capability >= 90) rate *= 0.65;
  return rate;
}

double Rate(const MatmulVariant& variant, int capability) {
  switch (variant.family) {
    case MatmulFamily::kMma:
    case MatmulFamily::kWgmma:
      return TensorRate(variant, capability) * variant.efficiency;
    case MatmulFamily::kSimt:
    case MatmulFamily::kSkinnyDot:
    case MatmulFamily::kSkinnyAxpy:
      return CoreRate(variant.dtype, capability) * variant.efficiency;
  }
  return 1;
}

double BytesPerSecond(const DeviceProperties& properties) {
  const double nominal =
      properties.memory_clock_rate_khz * 1e3 * 2 * properties.memory_bus_width_bits / 8;
  return (nominal > 0 ? nominal : 1e12) * kBandwidthReached;
}

}  // namespace

double ModelledSeconds(const MatmulVariant& variant, const MatmulProblem& problem,
                       const DeviceProperties& properties, std::uint64_t tiles, int splits) {
  const MatmulArguments& p = problem.arguments;
  const double batches = static_cast<double>(p.batches);
  const double processors = std::max(properties.multiprocessor_count, 1);
  const double hertz = properties.clock_rate_khz > 0 ? properties.clock_rate_khz * 1e3 : 1.5e9;
  const int capability = properties.major * 10 + properties.minor;

  // The busiest multiprocessor decides. Its blocks share its arithmetic, so they take as long as
  // they would one after the other, but each needs its start and end only once a round.
  const double blocks = static_cast<double>(tiles) * splits * batches;
  const double per_processor = std::max(1.0, blocks / processors);
  const double busiest = static_cast<double>(static_cast<std::uint64_t>(per_processor + 0.999999));
  const double steps = static_cast<double>(
      CeilDiv(CeilDiv(p.k, variant.tile_k), static_cast<std::uint64_t>(splits)));
  const double tile_work = static_cast<double>(variant.tile_m * variant.tile_n * variant.tile_k);
  double rate = Rate(variant, capability);
  if (busiest < variant.blocks_per_multiprocessor) rate *= kAlone;
  const double rounds =
      (busiest + variant.blocks_per_multiprocessor - 1) / variant.blocks_per_multiprocessor;
  const double compute = (busiest * steps * tile_work / rate + rounds * kFixedCycles) / hertz;

  const double element = static_cast<double>(ByteSize(problem.dtype));
  const double m = static_cast<double>(p.m), n = static_cast<double>(p.n);
  const double k = static_cast<double>(p.k);
  double bytes = batches * (m * k + k * n) * element + batches * m * n * 4;
  double seconds = kLaunchSeconds;
  if (splits > 1) {
    // Written, and read by the kernel that adds them up.
    bytes +=
        2 * batches * m * n * splits * static_cast<double>(ByteSize(AccumulatorOf(problem.dtype)));
    seconds += kLaunchSeconds;
  }
  if (variant.family == MatmulFamily::kWgmma) {
    const std::size_t packs = HopperPackBytes(variant, p);
    if (packs > 0) {
      // Read and written by kernels that come before.
      seconds += kLaunchSeconds + 2 * static_cast<double>(packs) / BytesPerSecond(properties);
    }
  }
  // Memory is only as fast as the multiprocessors that ask for it: an eighth of them nearly fill
  // it.
  const double asking = std::min(1.0, std::min(blocks, processors) / processors * 2);
  return seconds + std::max(compute, bytes / (BytesPerSecond(properties) * asking));
}

}  // namespace nodecuda
