// Calls of the CUDA runtime that our own code never makes, so that the double's rules can be seen
// to hold; and loads of PTX through cuda_runtime.cc, for which the addon has no way in yet.
//   nodecuda_cudart_probe NAME
#include <cuda_runtime_api.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "runtime/ptx_image.h"
#include "runtime/runtimes.h"

namespace {

using nodecuda::PtxImage;

constexpr char kPtx[] =
    "\n.version 8.0\n.target sm_75\n.address_size 64\n.entry nothing() { ret; }\n";
constexpr char kNewer[] =
    "\n.version 8.0\n.target sm_80\n.address_size 64\n.entry newer() { ret; }\n";

cudaStream_t MakeStream() {
  cudaStream_t stream = nullptr;
  cudaSetDevice(0);
  cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, 0);
  return stream;
}

void* Allocate(cudaStream_t stream, std::size_t bytes) {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = {cudaMemLocationTypeDevice, 0};
  cudaMemPool_t pool = nullptr;
  void* pointer = nullptr;
  cudaMemPoolCreate(&pool, &properties);
  cudaMallocFromPoolAsync(&pointer, bytes, pool, stream);
  return pointer;
}

cudaKernel_t LoadKernel(cudaLibrary_t* library) {
  cudaKernel_t kernel = nullptr;
  cudaLibraryLoadData(library, kPtx, nullptr, nullptr, 0, nullptr, nullptr, 0);
  cudaLibraryGetKernel(&kernel, *library, "nothing");
  return kernel;
}

void Launch(cudaKernel_t kernel, cudaStream_t stream, cudaLaunchAttribute* attribute) {
  cudaLaunchConfig_t config{};
  config.gridDim = config.blockDim = {1, 1, 1};
  config.stream = stream;
  config.attrs = attribute;
  config.numAttrs = attribute != nullptr ? 1 : 0;
  cudaLaunchKernelExC(&config, kernel, nullptr);
}

// What becomes of these images, in words.
void Load(std::initializer_list<PtxImage> images, const char* kernel_name) {
  const auto runtime = nodecuda::MakeCudaRuntime();
  runtime->SetDevice(0);
  nodecuda::Library library = nullptr;
  nodecuda::Kernel kernel = nullptr;
  std::string log;
  nodecuda::Status status =
      runtime->LibraryLoadData(&library, {{}, {images.begin(), images.size()}}, &log);
  if (status == nodecuda::Status::kSuccess) {
    status = runtime->LibraryGetKernel(&kernel, library, kernel_name, &log);
    runtime->LibraryUnload(library);
  }
  std::printf("%s %s\n", nodecuda::StatusName(status), log.c_str());
}

const std::map<std::string, std::function<void()>> kProbes = {
    // Mistakes: each ends the process.
    {"no device",
     [] {
       void* pinned = nullptr;
       cudaHostAlloc(&pinned, 1, cudaHostAllocDefault);
     }},
    {"destroyed stream",
     [] {
       cudaStream_t stream = MakeStream();
       cudaStreamDestroy(stream);
       cudaStreamQuery(stream);
     }},
    {"destroyed event",
     [] {
       cudaEvent_t event = nullptr;
       cudaSetDevice(0);
       cudaEventCreateWithFlags(&event, cudaEventDefault);
       cudaEventDestroy(event);
       cudaEventDestroy(event);
     }},
    {"freed memory",
     [] {
       cudaStream_t stream = MakeStream();
       void* pointer = Allocate(stream, 16);
       cudaFreeAsync(pointer, stream);
       cudaMemsetAsync(pointer, 0, 16, stream);
     }},
    {"beyond memory",
     [] {
       cudaStream_t stream = MakeStream();
       cudaMemsetAsync(Allocate(stream, 16), 0, 17, stream);
     }},
    {"unloaded library",
     [] {
       cudaStream_t stream = MakeStream();
       cudaLibrary_t library = nullptr;
       cudaKernel_t kernel = LoadKernel(&library);
       cudaLibraryUnload(library);
       Launch(kernel, stream, nullptr);
     }},
    {"cluster",
     [] {
       cudaStream_t stream = MakeStream();
       cudaLibrary_t library = nullptr;
       cudaLaunchAttribute attribute{};
       attribute.id = cudaLaunchAttributeClusterDimension;
       attribute.val.clusterDim = {1, 1, 1};
       Launch(LoadKernel(&library), stream, &attribute);
     }},
    {"last error",
     [] {
       int count = 0;
       cudaSetDevice(99);
       cudaGetDeviceCount(&count);
     }},
    // PTX through our own runtime.
    {"load", [] { Load({{.target = 75, .text = kPtx}}, "nothing"); }},
    {"load the highest",
     [] {
       Load({{.target = 75, .text = kPtx}, {.target = 80, .text = kNewer}}, "newer");
     }},
    {"load none that fits", [] { Load({{.target = 120, .text = kPtx}}, "nothing"); }},
    {"load a NUL",
     [] {
       Load({{.target = 75, .text = {kPtx, sizeof kPtx}}}, "nothing");
     }},
    {"load damaged gzip", [] { Load({{.target = 75, .text = kPtx, .gzipped = true}}, "nothing"); }},
    {"load nonsense",
     [] { Load({{.target = 75, .text = "\n.version 8.0\n.target sm_75\n.nonsense\n"}}, ""); }},
};

}  // namespace

int main(int count, char** arguments) {
  const auto found = kProbes.find(count == 2 ? arguments[1] : "");
  if (found == kProbes.end()) {
    for (const auto& [name, probe] : kProbes) std::printf("%s\n", name.c_str());
    return 2;
  }
  found->second();
}
