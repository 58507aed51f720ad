// Vector addition and reductions of CUB: a peer as in bench/peers/README.md.
//   nvcc -std=c++17 -O2 cub_peer.cu
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cub/device/device_reduce.cuh>
#include <cub/device/device_transform.cuh>
#include <cub/version.cuh>
#include <cuda/std/tuple>

#include "driver.h"

namespace {

using peer::BytesOf;
using peer::DevicePointer;
using peer::Driver;
using peer::Dtype;
using peer::OperandSets;
using peer::Request;
using peer::Skip;

void Check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorName(status));
}

struct Plus {
  template <typename T>
  __device__ T operator()(T x, T y) const {
    return static_cast<T>(x + y);
  }
};

template <typename T>
T* Pointer(DevicePointer pointer) {
  return reinterpret_cast<T*>(pointer);
}

class CubPeer : public peer::Handler {
 public:
  CubPeer() : sets_(driver_) {
    Check(cudaSetDevice(0));  // the primary context, which the driver part has made current
    scratch_ = driver_.Allocate(kScratchBytes);
  }

  static std::string Ready() {
    const int major = CUB_MAJOR_VERSION;
    return "{\"CUB\":" +
           peer::Quote(std::to_string(major) + "." + std::to_string(CUB_MINOR_VERSION) + "." +
                       std::to_string(CUB_SUBMINOR_VERSION)) +
           "}";
  }

  void Prepare(const Request& request) override {
    if (request.Text("place") == "host") throw Skip("works in device memory only");
    dtype_ = peer::ParseDtype(request.Text("dtype", "float32"));
    switch (dtype_) {
      case Dtype::kFloat32:
        return PrepareAs<float>(request);
      case Dtype::kFloat64:
        return PrepareAs<double>(request);
      case Dtype::kFloat16:
        return PrepareAs<__half>(request);
      case Dtype::kBfloat16:
        return PrepareAs<__nv_bfloat16>(request);
      default:
        return PrepareAs<signed char>(request);
    }
  }

  double Run(std::int64_t times) override {
    return driver_.TimeNs(times, [this] {
      sets_.Next();
      work_();
    });
  }

  double Sample(std::int64_t index) override {
    return driver_.ReadElement(dtype_, sets_[out_], index);
  }

  void Release() override {
    driver_.Synchronize();
    sets_.Clear();
  }

 private:
  static constexpr std::size_t kScratchBytes = std::size_t{16} << 20;

  template <typename T>
  void PrepareAs(const Request& request) {
    const std::int64_t length = request.Int("length", 0);
    const std::int64_t sets = request.Int("sets", 1);
    const auto stream = static_cast<cudaStream_t>(driver_.stream());
    if (request.operation() == "add") {
      const int x = sets_.Add(dtype_, length, sets, 1);
      const int y = sets_.Add(dtype_, length, sets, 2);
      out_ = sets_.Add(dtype_, length, sets);
      work_ = [=, this_sets = &sets_, out = out_] {
        const auto inputs =
            cuda::std::make_tuple(static_cast<const T*>(Pointer<T>((*this_sets)[x])),
                                  static_cast<const T*>(Pointer<T>((*this_sets)[y])));
        Check(cub::DeviceTransform::Transform(inputs, Pointer<T>((*this_sets)[out]), length, Plus{},
                                              stream));
      };
    } else if (request.operation() == "sum" && BytesOf(dtype_) >= sizeof(float)) {
      const int x = sets_.Add(dtype_, length, sets, 1);
      out_ = sets_.Add(dtype_, 1, sets);
      work_ = [=, this_sets = &sets_, scratch = scratch_, out = out_] {
        std::size_t bytes = kScratchBytes;
        Check(cub::DeviceReduce::Sum(Pointer<void>(scratch), bytes, Pointer<T>((*this_sets)[x]),
                                     Pointer<T>((*this_sets)[out]), length, stream));
      };
    } else {
      throw Skip("is not asked for this: it adds narrow types in their own precision");
    }
  }

  Driver driver_;
  OperandSets sets_;
  DevicePointer scratch_ = 0;
  Dtype dtype_ = Dtype::kFloat32;
  int out_ = 0;
  std::function<void()> work_;
};

}  // namespace

int main() {
  return peer::Main([] {
    CubPeer handler;
    peer::Serve(handler, CubPeer::Ready());
  });
}
