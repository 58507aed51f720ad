// Arrays of one or two dimensions, copied as a whole.
#include <cuda_runtime_api.h>

#include <map>
#include <mutex>

#include "../double.h"
#include "../order.h"
#include "registry.h"

using namespace nodecuda::cudart;

namespace {

struct Shape {
  size_t width, height, element;
};

struct Arrays {
  std::mutex mutex;
  std::map<cudaArray_const_t, Shape> shapes;
};

Arrays& All() {
  static auto* all = new Arrays;
  return *all;
}

Shape Whole(const char* call, cudaArray_const_t array, size_t x, size_t y, size_t width,
            size_t height) {
  std::lock_guard lock(All().mutex);
  const auto found = All().shapes.find(array);
  if (found == All().shapes.end()) Violation(call, "an array that cudaMallocArray did not make");
  const Shape shape = found->second;
  if (x + y != 0 || width != shape.width * shape.element || height != shape.height) {
    Violation(call, "not all of the array: the double knows no other copies");
  }
  return shape;
}

// Through device memory without gaps, of which the double's copies are.
template <typename Copies>
cudaError_t Staged(const Shape& shape, Copies copies) {
  const size_t pitch = shape.width * shape.element;
  void* room = nullptr;
  cudaError_t error = cudaMallocAsync(&room, pitch * shape.height, nullptr);
  if (error != cudaSuccess) return error;
  cudaMemcpy3DParms parameters{};
  parameters.extent = {shape.width, shape.height, 1};
  parameters.kind = cudaMemcpyDeviceToDevice;
  error = copies(parameters, cudaPitchedPtr{room, pitch, shape.width, shape.height});
  const cudaError_t freed = cudaFreeAsync(room, nullptr);
  if (error == cudaSuccess) error = freed;
  return Finished(error);
}

}  // namespace

cudaChannelFormatDesc cudaCreateChannelDesc(int x, int y, int z, int w,
                                            cudaChannelFormatKind kind) {
  return {x, y, z, w, kind};
}

cudaError_t cudaMallocArray(cudaArray_t* array, const cudaChannelFormatDesc* format, size_t width,
                            size_t height, unsigned flags) {
  const cudaError_t error = cudaMalloc3DArray(array, format, {width, height, 0}, flags);
  if (error != cudaSuccess) return error;
  const int bits = format->x + format->y + format->z + format->w;
  std::lock_guard lock(All().mutex);
  All().shapes[*array] = {width, height == 0 ? 1 : height, static_cast<size_t>(bits) / 8};
  return error;
}

cudaError_t cudaMemcpy2DToArray(cudaArray_t array, size_t x, size_t y, const void* source,
                                size_t pitch, size_t width, size_t height, cudaMemcpyKind kind) {
  const Shape shape = Whole("cudaMemcpy2DToArray", array, x, y, width, height);
  return Staged(shape, [&](cudaMemcpy3DParms& parameters, const cudaPitchedPtr& room) {
    parameters.srcPtr = room;
    parameters.dstArray = array;
    const cudaError_t error =
        cudaMemcpy2DAsync(room.ptr, room.pitch, source, pitch, width, height, kind, nullptr);
    return error == cudaSuccess ? cudaMemcpy3DAsync(&parameters, nullptr) : error;
  });
}

cudaError_t cudaMemcpy2DFromArray(void* destination, size_t pitch, cudaArray_const_t array,
                                  size_t x, size_t y, size_t width, size_t height,
                                  cudaMemcpyKind kind) {
  const Shape shape = Whole("cudaMemcpy2DFromArray", array, x, y, width, height);
  return Staged(shape, [&](cudaMemcpy3DParms& parameters, const cudaPitchedPtr& room) {
    parameters.srcArray = const_cast<cudaArray_t>(array);
    parameters.dstPtr = room;
    const cudaError_t error = cudaMemcpy3DAsync(&parameters, nullptr);
    return error == cudaSuccess ? cudaMemcpy2DAsync(destination, pitch, room.ptr, room.pitch, width,
                                                    height, kind, nullptr)
                                : error;
  });
}
