#include "test/native/ops/matmul/testing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "test/native/ops/kernels/builtin_module.h"

namespace nodecuda::test {
namespace {

// Half a unit in the last place of 1, and the same of the smallest numbers.
struct Rounding {
  double relative, absolute;
};
Rounding RoundingOf(Element element) {
  switch (element) {
    case Element::kFloat64:
      return {0x1p-53, 0};
    case Element::kFloat32:
      return {0x1p-24, 0x1p-150};
    case Element::kFloat16:
      return {0x1p-11, 0x1p-25};
    case Element::kBfloat16:
      return {0x1p-8, 0x1p-134};
    default:
      return {0, 0};
  }
}

std::uint32_t Tiles(std::int64_t size, std::int64_t tile) {
  return static_cast<std::uint32_t>((size + tile - 1) / tile);
}

std::size_t WorkspaceBytes(const MatmulKernel& kernel, const MatmulArguments& arguments) {
  if (arguments.splits <= 1) return 0;
  return static_cast<std::size_t>(arguments.splits * arguments.batches * arguments.m *
                                  arguments.n) *
         SizeOf(AccumulatorOf(kernel.element));
}

MatmulLaunch LaunchOn(SimulatedKernels& device) {
  return [&device](KernelId kernel, Dim3 grid, std::uint32_t threads,
                   const MatmulArguments& arguments) {
    device.Launch(kernel, grid, {threads}, 0, arguments);
  };
}

// Launches the kernel, and with splits the one that adds them up.
void LaunchMatmul(const MatmulLaunch& launch, const MatmulKernel& kernel, MatmulArguments arguments,
                  std::uint32_t grid_z) {
  const Element accumulator = AccumulatorOf(kernel.element);
  const std::uint32_t tiles =
      kernel.max_count != 0 ? Tiles(std::max(arguments.m, arguments.n), kernel.tile_m)
                            : Tiles(arguments.m, kernel.tile_m) * Tiles(arguments.n, kernel.tile_n);
  launch(kernel.kernel, {tiles, static_cast<std::uint32_t>(arguments.splits), grid_z},
         kernel.threads, arguments);
  if (arguments.splits == 1) return;
  const std::int64_t run = 16 / static_cast<std::int64_t>(SizeOf(accumulator));
  const KernelId sum = accumulator == Element::kFloat32   ? KernelId::matmul_split_sum_float32
                       : accumulator == Element::kFloat64 ? KernelId::matmul_split_sum_float64
                                                          : KernelId::matmul_split_sum_int32;
  launch(sum, {Tiles(arguments.m * Tiles(arguments.n, run), 256), 1, grid_z}, 256, arguments);
}

// Gives `place` each operand's bytes and lets it say where they are.
template <typename Place>
MatmulArguments MakeArguments(const MatmulKernel& kernel, const MatmulCase& p,
                              const MatmulOperands& operands, Place place) {
  const auto at = [&](const StoredMatrices& matrices) {
    return place(matrices.bytes) +
           matrices.offset * static_cast<std::int64_t>(SizeOf(matrices.element));
  };
  MatmulArguments arguments{};
  arguments.m = p.m;
  arguments.n = p.n;
  arguments.k = p.k;
  arguments.a = at(operands.a);
  arguments.lda = operands.a.stride;
  arguments.a_batch_stride = operands.a.batch_stride;
  arguments.b = at(operands.b);
  arguments.ldb = operands.b.stride;
  arguments.b_batch_stride = operands.b.batch_stride;
  arguments.c = at(operands.c);
  arguments.ldc = operands.c.stride;
  arguments.c_batch_stride = operands.c.batch_stride;
  arguments.batches = p.batches;
  arguments.splits = p.splits;
  arguments.transpose_a = p.transpose_a;
  arguments.transpose_b = p.transpose_b;
  arguments.epilogue.alpha = p.alpha;
  arguments.epilogue.beta = p.beta;
  arguments.epilogue.activation = p.activation;
  arguments.epilogue.output = OutputOf(p.output);
  arguments.epilogue.bias_per_row = p.bias_per_row;
  if (p.bias) arguments.epilogue.bias = at(operands.bias);
  if (p.row_scale) arguments.epilogue.row_scale = at(operands.row_scale);
  if (p.column_scale) arguments.epilogue.column_scale = at(operands.column_scale);
  // NaN, so that a sum that was not written shows.
  arguments.workspace =
      place(std::vector<std::byte>(WorkspaceBytes(kernel, arguments), std::byte{0xff}));
  return arguments;
}

std::uint32_t GridZ(const MatmulCase& p) {
  return p.grid_z != 0 ? p.grid_z : static_cast<std::uint32_t>(p.batches);
}

long double Activation(long double x, int activation) {
  const long double y = 0.797884560802865356L * (x + 0.044715L * x * x * x);
  switch (activation) {
    case kRelu:
      return x < 0 ? 0 : x;
    case kGelu:
      return 0.5L * x * std::erfc(-x / std::sqrt(2.0L));
    case kGeluTanh:
      return 0.5L * x * (1 + std::tanh(y));
    default:
      return x;
  }
}

}  // namespace

std::vector<std::byte> RunMatmul(int capability, const MatmulKernel& kernel, const MatmulCase& p,
                                 const MatmulOperands& operands) {
  SimulatedKernels& device = SimulatedKernels::Of(capability, p.late_copies);
  std::vector<std::byte*> memory;
  const MatmulArguments arguments =
      MakeArguments(kernel, p, operands, [&](const std::vector<std::byte>& bytes) -> std::byte* {
        if (bytes.empty()) return nullptr;
        return memory.emplace_back(device.Upload(bytes));
      });
  LaunchMatmul(LaunchOn(device), kernel, arguments, GridZ(p));
  const std::byte* c = static_cast<std::byte*>(arguments.c) -
                       operands.c.offset * static_cast<std::int64_t>(SizeOf(p.output));
  std::vector<std::byte> result = device.Download(c, operands.c.bytes.size());
  for (std::byte* pointer : memory) device.Free(pointer);
  return result;
}

std::vector<std::byte> RunMatmulHere(const MatmulLaunch& launch, const MatmulKernel& kernel,
                                     const MatmulCase& p, const MatmulOperands& operands) {
  std::vector<std::unique_ptr<std::vector<std::byte>>> memory;
  const MatmulArguments arguments =
      MakeArguments(kernel, p, operands, [&](const std::vector<std::byte>& bytes) {
        return memory.emplace_back(std::make_unique<std::vector<std::byte>>(bytes))->data();
      });
  LaunchMatmul(launch, kernel, arguments, GridZ(p));
  return *memory[2];  // c is the third to be placed
}

double CheckMatmulKernel(int capability, const MatmulKernel& kernel, const MatmulCase& p,
                         std::mt19937& random) {
  const std::string name = kKernelNames[static_cast<std::size_t>(kernel.kernel)];
  INFO(name, " on ", capability, ": m ", p.m, " n ", p.n, " k ", p.k, " ta ", p.transpose_a, " tb ",
       p.transpose_b, " alpha ", p.alpha, " beta ", p.beta, " batches ", p.batches, " splits ",
       p.splits, " activation ", p.activation, " output ", static_cast<int>(p.output));
  INFO("pads ", p.pad_a, " ", p.pad_b, " ", p.pad_c, " offsets ", p.offset_a, " ", p.offset_b, " ",
       p.offset_c, " bias ", p.bias, " per row ", p.bias_per_row, " scales ", p.row_scale, " ",
       p.column_scale);
  MatmulOperands operands(kernel.element, p, random);

  // A sum of k products, each rounded: the errors add up like sqrt(k) (4 for the steps after it),
  // doubled to be sure. An activation at most stretches them (GELU's slope is below 1.13) and adds
  // its own: of functions that are good to a few units, and of exp, whose argument's rounding
  // counts as often as the argument is large. At last the result is rounded to its type.
  const Rounding computed = RoundingOf(
      AccumulatorOf(kernel.element) == Element::kFloat64 ? Element::kFloat64 : Element::kFloat32);
  const Rounding stored = RoundingOf(p.output);
  const bool exact = IsInteger(kernel.element) && IsInteger(p.output);
  StoredMatrices got = operands.c;
  got.bytes = RunMatmul(capability, kernel, p, operands);
  StoredMatrices &a = operands.a, &b = operands.b, &c = operands.c;
  double largest = 0;
  for (std::int64_t batch = 0; batch < p.batches; ++batch) {
    const std::int64_t in_a = p.share_a ? 0 : batch, in_b = p.share_b ? 0 : batch;
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < p.n; ++j) {
        long double sum = 0, magnitude = 0;
        for (std::int64_t l = 0; l < p.k; ++l) {
          const long double product =
              static_cast<long double>(p.transpose_a ? a.Value(in_a, l, i) : a.Value(in_a, i, l)) *
              (p.transpose_b ? b.Value(in_b, j, l) : b.Value(in_b, l, j));
          sum += product;
          magnitude += std::abs(product);
        }
        long double scale = p.alpha;
        if (p.row_scale) scale *= operands.row_scale.Value(0, 0, i);
        if (p.column_scale) scale *= operands.column_scale.Value(0, 0, j);
        const long double added = p.bias ? operands.bias.Value(0, 0, p.bias_per_row ? i : j) : 0;
        const long double old = p.beta == 0 ? 0 : p.beta * c.Value(batch, i, j);
        const long double inner = scale * sum + added + old;
        const long double expected = Activation(inner, p.activation);
        const auto size =
            static_cast<double>(std::abs(scale) * magnitude + std::abs(added) + std::abs(old));
        const double chain = exact ? 0 : (2 * std::sqrt(static_cast<double>(p.k)) + 8) * 2;
        double bound = chain * computed.relative * size;
        const auto result = static_cast<double>(std::abs(expected));
        if (p.activation == kGelu || p.activation == kGeluTanh) {
          const double argument = static_cast<double>(std::abs(inner * (1.6L + inner * inner)));
          bound = 1.13 * bound + (16 + 8 * argument) * computed.relative * result;
        }
        bound += stored.relative * (result + bound) + stored.absolute;
        const double value = got.Value(batch, i, j);
        const auto error = static_cast<double>(std::abs(value - expected));
        if (!(error <= bound)) {
          INFO("batch ", batch, " row ", i, " column ", j, " value ", value, " expected ",
               static_cast<double>(expected), " bound ", bound);
          REQUIRE(error <= bound);
        }
        if (bound > 0) largest = std::max(largest, error / bound);
        std::memcpy(got.At(batch, i, j), c.At(batch, i, j), SizeOf(p.output));
      }
    }
  }
  CHECK(got.bytes == c.bytes);  // what is not an element of c is as it was
  return largest;
}

std::vector<float> RunFloat32(int capability, const MatmulKernel& kernel, MatmulArguments arguments,
                              const std::vector<float>& a, const std::vector<float>& b,
                              const std::vector<float>& c) {
  SimulatedKernels& device = SimulatedKernels::Of(capability);
  float* const pointers[] = {device.Upload(a), device.Upload(b), device.Upload(c)};
  arguments.a = pointers[0];
  arguments.b = pointers[1];
  arguments.c = pointers[2];
  arguments.workspace = device.Allocate<std::byte>(WorkspaceBytes(kernel, arguments) + 1);
  LaunchMatmul(LaunchOn(device), kernel, arguments, static_cast<std::uint32_t>(arguments.batches));
  device.Free(arguments.workspace);
  std::vector<float> result = device.Download(pointers[2], c.size());
  for (float* pointer : pointers) device.Free(pointer);
  return result;
}

}  // namespace nodecuda::test
