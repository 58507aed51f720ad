#include <cstring>

#include "default_stream.h"
#include "double.h"
#include "order.h"

using namespace nodecuda;
using namespace nodecuda::cudart;

namespace {

// Host and devices share their addresses, so that pointers tell what is to be copied, and a program
// may leave it to them. What it says is on the device has to be there.
cudaMemcpyKind KindOf(const void* destination, const void* source, std::size_t bytes,
                      cudaMemcpyKind said) {
  const bool to = said == cudaMemcpyHostToDevice || said == cudaMemcpyDeviceToDevice;
  const bool from = said == cudaMemcpyDeviceToHost || said == cudaMemcpyDeviceToDevice;
  if (to) NeedMemory("cudaMemcpyAsync", destination, bytes);
  if (from) NeedMemory("cudaMemcpyAsync", source, bytes);
  const bool to_device = IsMemory(destination, bytes), from_device = IsMemory(source, bytes);
  if (to_device) return from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
  return from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

}  // namespace

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return Call("cudaMemGetInfo", [&] {
    NeedDevice("cudaMemGetInfo");
    return Simulated().MemGetInfo(free, total);
  });
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
  return Call("cudaMemPoolCreate", [&] {
    if (properties->allocType != cudaMemAllocationTypePinned ||
        properties->location.type != cudaMemLocationTypeDevice) {
      return Status::kInvalidValue;
    }
    const Status status = Simulated().MemPoolCreate(Cast<MemPool*>(pool), properties->location.id);
    if (status == Status::kSuccess) Made(Kind::kPool, *pool);
    return status;
  });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return Call("cudaMemPoolSetAttribute", [&] {
    Need("cudaMemPoolSetAttribute", Kind::kPool, pool);
    // The simulated pool keeps nothing back, whatever its threshold.
    const bool known = attribute == cudaMemPoolAttrReleaseThreshold && value != nullptr;
    return known ? Status::kSuccess : Status::kInvalidValue;
  });
}

cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return Call("cudaMemPoolDestroy", [&] {
    Take("cudaMemPoolDestroy", Kind::kPool, pool);
    return Simulated().MemPoolDestroy(Cast<MemPool>(pool));
  });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t bytes_to_keep) {
  return Call("cudaMemPoolTrimTo", [&] {
    Need("cudaMemPoolTrimTo", Kind::kPool, pool);
    return Simulated().MemPoolTrimTo(Cast<MemPool>(pool), bytes_to_keep);
  });
}

cudaError_t cudaMallocFromPoolAsync(void** pointer, size_t bytes, cudaMemPool_t pool,
                                    cudaStream_t stream) {
  return Call("cudaMallocFromPoolAsync", [&] {
    Need("cudaMallocFromPoolAsync", Kind::kPool, pool);
    stream = NeedOrdered("cudaMallocFromPoolAsync", stream);
    const Status status =
        Simulated().MallocFromPoolAsync(pointer, bytes, Cast<MemPool>(pool), Cast<Stream>(stream));
    if (status == Status::kSuccess) Made(Kind::kMemory, *pointer, bytes);
    return status;
  });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return Call("cudaFreeAsync", [&] {
    stream = NeedOrdered("cudaFreeAsync", stream);
    Take("cudaFreeAsync", Kind::kMemory, pointer);
    return Simulated().FreeAsync(pointer, Cast<Stream>(stream));
  });
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned flags) {
  return Call("cudaHostAlloc", [&] {
    NeedDevice("cudaHostAlloc");
    const Status status = Simulated().HostAlloc(pointer, bytes, flags);
    if (status == Status::kSuccess) Made(Kind::kPinned, *pointer, bytes);
    return status;
  });
}

cudaError_t cudaFreeHost(void* pointer) {
  return Call("cudaFreeHost", [&] {
    Take("cudaFreeHost", Kind::kPinned, pointer);
    return Simulated().FreeHost(pointer);
  });
}

cudaError_t cudaMemcpyAsync(void* destination, const void* source, size_t bytes,
                            cudaMemcpyKind kind, cudaStream_t stream) {
  return Call("cudaMemcpyAsync", [&] {
    stream = NeedOrdered("cudaMemcpyAsync", stream);
    if (RunsPrograms()) {
      if (bytes == 0) return Status::kSuccess;
      kind = KindOf(destination, source, bytes, kind);
      if (kind == cudaMemcpyHostToHost) {
        const Status status = Simulated().StreamSynchronize(Cast<Stream>(stream));
        if (status == Status::kSuccess) std::memmove(destination, source, bytes);
        return status;
      }
    }
    const bool to_device = kind != cudaMemcpyDeviceToHost;
    const bool from_device = kind != cudaMemcpyHostToDevice;
    if (to_device) NeedMemory("cudaMemcpyAsync", destination, bytes);
    if (from_device) NeedMemory("cudaMemcpyAsync", source, bytes);
    return Simulated().MemcpyAsync(destination, source, bytes, static_cast<MemcpyKind>(kind),
                                   Cast<Stream>(stream));
  });
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  return Call("cudaMemsetAsync", [&] {
    stream = NeedOrdered("cudaMemsetAsync", stream);
    if (RunsPrograms() && bytes == 0) return Status::kSuccess;
    NeedMemory("cudaMemsetAsync", pointer, bytes);
    return Simulated().MemsetAsync(pointer, value, bytes, Cast<Stream>(stream));
  });
}
