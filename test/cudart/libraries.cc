// Libraries, kernels, launches and tensor maps.
#include <cuda.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "default_stream.h"
#include "double.h"
#include "order.h"
#include "runtime/ptx_image.h"
#include "simulator/exec/memory/tensor_map.h"

using namespace nodecuda;
using namespace nodecuda::cudart;

namespace {

// PTX for several targets, one after the other: what a test build embeds as the "fatbin". (A real
// one is NVIDIA's format, and its machine code would be of no use here.)
struct Images {
  explicit Images(const char* code) : text(code) {
    constexpr std::string_view kBegin = "\n.version ", kTarget = "\n.target sm_";
    const std::string_view all = text;
    std::size_t begin = 0;
    while (begin < all.size()) {
      const std::size_t version = all.find(kBegin, begin);
      // What stands above the next .version are comments of its own; they may end up with this one.
      const std::size_t end =
          version == all.npos ? all.size() : all.find(kBegin, version + kBegin.size());
      const std::string_view one = all.substr(begin, end - begin);
      std::size_t digits = one.find(kTarget);
      int target = 0;
      bool specific = false;
      if (digits != one.npos) {
        for (digits += kTarget.size(); digits < one.size() && std::isdigit(one[digits]); ++digits) {
          target = target * 10 + (one[digits] - '0');
        }
        specific = digits < one.size() && one[digits] == 'a';
      }
      ptx.push_back({.target = target, .text = one, .architecture_specific = specific});
      begin = end == all.npos ? all.size() : end;
    }
  }
  const std::string text;
  std::vector<PtxImage> ptx;
};

// The simulated device does not know how many a kernel takes; a GPU always does.
constexpr int kRegisters = 32;

// The simulated library reads them as long as it is loaded.
struct Loaded {
  std::mutex mutex;
  std::map<cudaLibrary_t, std::unique_ptr<Images>> images;
  std::map<const void*, cudaLibrary_t> library_of;  // by kernel
};

Loaded& AllLoaded() {
  static auto* loaded = new Loaded;
  return *loaded;
}

// What the kernel's code was compiled for, 75 for sm_75.
int PtxTargetOf(const void* kernel) {
  std::lock_guard lock(AllLoaded().mutex);
  const auto& images = AllLoaded().images.at(AllLoaded().library_of.at(kernel));
  const PtxImage* chosen = ChoosePtx(images->ptx, Capability());
  return chosen != nullptr ? chosen->target : 0;
}

void WriteLog(const std::string& log, cudaJitOption* names, void** values, unsigned count) {
  char* buffer = nullptr;
  std::size_t size = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (names[i] == cudaJitErrorLogBuffer) {
      buffer = static_cast<char*>(values[i]);
    } else if (names[i] == cudaJitErrorLogBufferSizeBytes) {
      size = reinterpret_cast<std::size_t>(values[i]);
    } else {
      Violation("cudaLibraryLoadData", "the double does not know this option");
    }
  }
  // Filled to the brim it has no NUL at its end: a reader must not rely on one.
  if (buffer != nullptr) std::copy_n(log.data(), std::min(size, log.size()), buffer);
}

LaunchConfig Convert(const cudaLaunchConfig_t& from) {
  LaunchConfig to;
  to.grid = {from.gridDim.x, from.gridDim.y, from.gridDim.z};
  to.block = {from.blockDim.x, from.blockDim.y, from.blockDim.z};
  to.dynamic_shared_bytes = from.dynamicSmemBytes;
  to.printf = Printf();
  for (unsigned i = 0; i < from.numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = from.attrs[i];
    if (Capability() < 90 && attribute.id != cudaLaunchAttributeCooperative) {
      Violation("cudaLaunchKernelExC", "a launch attribute that 9.0 is the first to have");
    }
    if (attribute.id == cudaLaunchAttributeClusterDimension) {
      const auto& cluster = attribute.val.clusterDim;
      to.cluster = {cluster.x, cluster.y, cluster.z};
    } else if (attribute.id == cudaLaunchAttributeCooperative) {
      to.cooperative = attribute.val.cooperative != 0;
    } else if (attribute.id == cudaLaunchAttributeProgrammaticStreamSerialization) {
      to.programmatic_stream_serialization =
          attribute.val.programmaticStreamSerializationAllowed != 0;
    } else {
      Violation("cudaLaunchKernelExC", "the double does not know this attribute");
    }
  }
  return to;
}

// What the driver's function of that name does, with the simulated device's own encoding.
CUresult EncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                     const cuuint64_t* dim, const cuuint64_t* strides, const cuuint32_t* box,
                     const cuuint32_t* element_strides, CUtensorMapInterleave interleave,
                     CUtensorMapSwizzle swizzle, CUtensorMapL2promotion promotion,
                     CUtensorMapFloatOOBfill fill) {
  constexpr const char* kName = "cuTensorMapEncodeTiled";
  const cudaError_t ordered = Begin(kName);  // an error of the driver is not cudart's last one
  if (ordered != cudaSuccess) return static_cast<CUresult>(ordered);
  if (Capability() < 90) Violation(kName, "9.0 is the first to have it");
  if (interleave != CU_TENSOR_MAP_INTERLEAVE_NONE || fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) {
    Violation(kName, "the double knows no interleave, and zeros only for what is outside");
  }
  if (rank < 1 || rank > kMaxTensorRank) return CUDA_ERROR_INVALID_VALUE;
  NeedMemory(kName, address, 1);
  TensorMapTiled tiled;
  tiled.data_type = static_cast<TensorMapDataType>(type);
  tiled.rank = rank;
  tiled.global_address = address;
  std::copy_n(dim, rank, tiled.global_dim);
  std::copy_n(strides, rank - 1, tiled.global_strides);
  std::copy_n(box, rank, tiled.box_dim);
  std::copy_n(element_strides, rank, tiled.element_strides);
  tiled.swizzle = static_cast<TensorMapSwizzle>(swizzle);
  tiled.l2_promotion = static_cast<TensorMapL2Promotion>(promotion);
  return simulator::EncodeTensorMap(tiled, Cast<TensorMap*>(map)) ? CUDA_SUCCESS
                                                                  : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* code, cudaJitOption* names,
                                void** values, unsigned count, cudaLibraryOption*, void**,
                                unsigned library_option_count) {
  return Call("cudaLibraryLoadData", [&] {
    NeedDevice("cudaLibraryLoadData");
    if (code == nullptr || library_option_count != 0) return Status::kInvalidValue;
    auto images = std::make_unique<Images>(static_cast<const char*>(code));
    std::string log;
    const Status status =
        Simulated().LibraryLoadData(Cast<Library*>(library), {{}, images->ptx}, &log);
    if (status != Status::kSuccess) {
      WriteLog(log, names, values, count);
      return status;
    }
    Made(Kind::kLibrary, *library);
    std::lock_guard lock(AllLoaded().mutex);
    AllLoaded().images[*library] = std::move(images);
    return status;
  });
}

cudaError_t cudaLibraryUnload(cudaLibrary_t library) {
  return Call("cudaLibraryUnload", [&] {
    Take("cudaLibraryUnload", Kind::kLibrary, library);
    // Launches that are under way keep their decoded program, not the text.
    const Status status = Simulated().LibraryUnload(Cast<Library>(library));
    std::lock_guard lock(AllLoaded().mutex);
    AllLoaded().images.erase(library);
    std::erase_if(AllLoaded().library_of, [&](const auto& each) { return each.second == library; });
    return status;
  });
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library, const char* name) {
  return Call("cudaLibraryGetKernel", [&] {
    NeedDevice("cudaLibraryGetKernel");
    Need("cudaLibraryGetKernel", Kind::kLibrary, library);
    std::string log;  // the driver keeps it to itself, but whose program it is wants to know
    const Status status =
        Simulated().LibraryGetKernel(Cast<Kernel*>(kernel), Cast<Library>(library), name, &log);
    if (status == Status::kSuccess) {
      Made(Kind::kKernel, *kernel, 0, library);
      std::lock_guard lock(AllLoaded().mutex);
      AllLoaded().library_of[*kernel] = library;
    } else if (RunsPrograms()) {
      std::fprintf(stderr, "cudart double: kernel %s: %s\n", name, log.c_str());
    }
    return status;
  });
}

cudaError_t cudaLibraryGetGlobal(void** pointer, size_t* bytes, cudaLibrary_t library,
                                 const char* name) {
  return Call("cudaLibraryGetGlobal", [&] {
    NeedDevice("cudaLibraryGetGlobal");
    Need("cudaLibraryGetGlobal", Kind::kLibrary, library);
    const Status status =
        Simulated().LibraryGetGlobal(pointer, bytes, Cast<Library>(library), name);
    if (status == Status::kSuccess) Made(Kind::kMemory, *pointer, *bytes, library);
    return status;
  });
}

cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t kernel, cudaFuncAttribute attribute,
                                            int value, int device) {
  return Call("cudaKernelSetAttributeForDevice", [&] {
    Need("cudaKernelSetAttributeForDevice", Kind::kKernel, kernel);
    return Simulated().KernelSetAttributeForDevice(
        Cast<Kernel>(kernel), static_cast<KernelAttribute>(attribute), value, device);
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  return Call("cudaFuncGetAttributes", [&] {
    NeedDevice("cudaFuncGetAttributes");
    const cudaError_t found = NeedKernel("cudaFuncGetAttributes", &kernel);
    if (found != cudaSuccess) return static_cast<Status>(found);
    FunctionAttributes from;
    const Status status =
        Simulated().FuncGetAttributes(&from, Cast<Kernel>(const_cast<void*>(kernel)));
    *attributes = {};
    attributes->sharedSizeBytes = from.shared_bytes;
    attributes->localSizeBytes = from.local_bytes;
    attributes->numRegs = kRegisters;
    attributes->maxThreadsPerBlock = from.max_threads_per_block;
    attributes->ptxVersion = PtxTargetOf(kernel);
    attributes->binaryVersion = Capability();
    return status;
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                          int block_threads,
                                                          size_t dynamic_shared_bytes) {
  return Call("cudaOccupancyMaxActiveBlocksPerMultiprocessor", [&] {
    NeedDevice("cudaOccupancyMaxActiveBlocksPerMultiprocessor");
    const cudaError_t found = NeedKernel("cudaOccupancyMaxActiveBlocksPerMultiprocessor", &kernel);
    if (found != cudaSuccess) return static_cast<Status>(found);
    return Simulated().OccupancyMaxActiveBlocksPerMultiprocessor(
        blocks, Cast<Kernel>(const_cast<void*>(kernel)), block_threads, dynamic_shared_bytes);
  });
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* kernel,
                                void** arguments) {
  return Call("cudaLaunchKernelExC", [&] {
    NeedDevice("cudaLaunchKernelExC");
    const cudaError_t found = NeedKernel("cudaLaunchKernelExC", &kernel);
    if (found != cudaSuccess) return static_cast<Status>(found);
    LaunchConfig launch = Convert(*config);
    launch.stream = Cast<Stream>(NeedOrdered("cudaLaunchKernelExC", config->stream));
    return Simulated().LaunchKernelExC(launch, Cast<Kernel>(const_cast<void*>(kernel)), arguments);
  });
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** entry, unsigned version,
                                             unsigned long long,
                                             cudaDriverEntryPointQueryResult* found) {
  return Call("cudaGetDriverEntryPointByVersion", [&] {
    *entry = nullptr;
    *found = cudaDriverEntryPointSymbolNotFound;
    constexpr unsigned kSince = 12000;
    if (std::string_view(symbol) != "cuTensorMapEncodeTiled") return Status::kSuccess;
    if (version < kSince) {
      *found = cudaDriverEntryPointVersionNotSufficent;
      return Status::kSuccess;
    }
    *entry = reinterpret_cast<void*>(&EncodeTiled);
    *found = cudaDriverEntryPointSuccess;
    return Status::kSuccess;
  });
}
