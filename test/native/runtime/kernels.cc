// SimulatedRuntime: loading modules, launching kernels, and what a faulting one leaves behind.
#include <chrono>
#include <cstdint>
#include <thread>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

namespace {

constexpr const char* kHeader = ".version 8.0\n.target sm_75\n.address_size 64\n";

// add(out, n, value): out[i] += value; fault(p): stores to p; spin(): never ends;
// small: .maxntid 64; exact: .reqntid 32, 2, 1; shared: 40000 bytes; sum: parameters of all sizes.
constexpr const char* kKernels = R"(
.visible .entry add(.param .u64 out, .param .u32 n, .param .u32 value) {
  .reg .pred %p<2>; .reg .b32 %r<8>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  ld.param.u32 %r2, [value];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p1, %r6, %r1;
  @%p1 bra done;
  mul.wide.u32 %rd2, %r6, 4;
  add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r7, [%rd3];
  add.s32 %r7, %r7, %r2;
  st.global.u32 [%rd3], %r7;
done:
  ret;
}
.visible .entry fault(.param .u64 p) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, 1;
  st.global.u32 [%rd1], %r1;
  ret;
}
.visible .entry spin() {
again:
  bra again;
}
.visible .entry small() .maxntid 64, 1, 1 { ret; }
.visible .entry exact() .reqntid 32, 2, 1 { ret; }
.visible .entry shared() {
  .shared .align 4 .b8 buffer[40000];
  .reg .b32 %r<2>;
  mov.u32 %r1, 7;
  st.shared.u32 [buffer], %r1;
  ret;
}
.visible .entry sum(.param .u64 out, .param .u8 a, .param .u16 b, .param .u64 c, .param .u32 d) {
  .reg .b16 %h<2>; .reg .b32 %r<2>; .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [out];
  ld.param.u8 %h1, [a];
  cvt.u64.u16 %rd2, %h1;
  ld.param.u16 %h1, [b];
  cvt.u64.u16 %rd3, %h1;
  ld.param.u64 %rd4, [c];
  ld.param.u32 %r1, [d];
  cvt.u64.u32 %rd5, %r1;
  add.s64 %rd2, %rd2, %rd3;
  add.s64 %rd2, %rd2, %rd4;
  add.s64 %rd2, %rd2, %rd5;
  st.global.u64 [%rd1], %rd2;
  ret;
}
)";

std::string Module() {
  return std::string(kHeader) + kKernels;
}

template <typename... Arguments>
Status Launch(Fixture& fixture, Stream stream, Kernel kernel, Dim3 grid, Dim3 block,
              Arguments... arguments) {
  void* pointers[] = {&arguments..., nullptr};
  return fixture.runtime->LaunchKernelExC({grid, block, 0, stream}, kernel, pointers);
}

}  // namespace

TEST_CASE("kernels: run in stream order with the arguments as they were at the call") {
  Fixture fixture;
  const std::string text = Module();
  Library library = fixture.Load(text);
  Kernel add = fixture.Find(library, "add");
  CHECK(fixture.Find(library, "add") == add);
  Stream stream = fixture.NewStream();
  constexpr std::uint32_t kCount = 1000;
  std::byte* device = fixture.NewMemory(kCount * 4, stream);
  MUST(fixture.runtime->MemsetAsync(device, 0, kCount * 4, stream));
  for (std::uint32_t value = 1; value <= 10; ++value) {
    std::uint32_t n = kCount, changing = value;
    void* pointer = device;
    void* arguments[] = {&pointer, &n, &changing};
    MUST(fixture.runtime->LaunchKernelExC({{8}, {128}, 0, stream}, add, arguments));
    pointer = nullptr;
    n = changing = 12345678;
  }
  const auto bytes = fixture.Read(device, kCount * 4, stream);
  for (std::uint32_t i = 0; i < kCount; ++i) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + i * 4, 4);
    REQUIRE(value == 55);
  }
}

TEST_CASE("kernels: parameters of every size arrive") {
  Fixture fixture;
  const std::string text = Module();
  Kernel sum = fixture.Find(fixture.Load(text), "sum");
  Stream stream = fixture.NewStream();
  std::byte* out = fixture.NewMemory(8, stream);
  MUST(Launch(fixture, stream, sum, {}, {}, static_cast<void*>(out), std::uint8_t{200},
              std::uint16_t{60000}, std::uint64_t{1} << 40, std::uint32_t{4000000000}));
  std::uint64_t result = 0;
  std::memcpy(&result, fixture.Read(out, 8, stream).data(), 8);
  CHECK(result == 200 + 60000 + (std::uint64_t{1} << 40) + 4000000000u);
}

TEST_CASE("kernels: unloading the library leaves queued launches alone and stops new ones") {
  Fixture fixture;
  std::string text = Module();
  Library library = fixture.Load(text);
  Kernel add = fixture.Find(library, "add");
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(32 * kMiB, stream);
  std::byte* device = fixture.NewMemory(4, stream);
  for (int i = 0; i < 10; ++i) MUST(fixture.runtime->MemsetAsync(big, i, 32 * kMiB, stream));
  MUST(fixture.runtime->MemsetAsync(device, 0, 4, stream));
  MUST(Launch(fixture, stream, add, {}, {}, static_cast<void*>(device), 1u, 5u));
  MUST(fixture.runtime->LibraryUnload(library));
  text.assign(text.size(), 'x');
  CHECK_STATUS(fixture.runtime->LibraryUnload(library), kInvalidResourceHandle);
  CHECK_STATUS(Launch(fixture, stream, add, {}, {}, static_cast<void*>(device), 1u, 5u),
               kInvalidResourceHandle);
  CHECK(fixture.Read(device, 4, stream)[0] == 5);
}

TEST_CASE("kernels: launches that a device refuses are refused at once and do no harm") {
  Fixture fixture;
  const std::string text = Module();
  Library library = fixture.Load(text);
  Runtime& runtime = *fixture.runtime;
  Stream stream = fixture.NewStream();
  Kernel add = fixture.Find(library, "add"), small = fixture.Find(library, "small");
  Kernel exact = fixture.Find(library, "exact"), shared = fixture.Find(library, "shared");
  const auto launch = [&](Kernel kernel, Dim3 grid, Dim3 block, std::size_t dynamic = 0) {
    void* none[] = {nullptr};
    return runtime.LaunchKernelExC({grid, block, dynamic, stream}, kernel, none);
  };
  CHECK_STATUS(launch(small, {0, 1, 1}, {}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {1, 1, 0}, {}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {}, {1, 0, 1}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {1u << 31, 1, 1}, {}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {1, 65536, 1}, {}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {1, 1, 65536}, {}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {}, {1025, 1, 1}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {}, {1, 1, 65}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {}, {1024, 1024, 64}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {}, {65536, 65536, 1}), kInvalidConfiguration);
  CHECK_STATUS(launch(small, {}, {65, 1, 1}), kInvalidValue);
  CHECK_STATUS(launch(small, {}, {64, 1, 1}), kSuccess);
  CHECK_STATUS(launch(exact, {}, {64, 1, 1}), kInvalidValue);
  CHECK_STATUS(launch(exact, {}, {32, 2, 1}), kSuccess);
  CHECK_STATUS(launch(shared, {}, {32, 1, 1}, 49152 - 40000 + 1), kInvalidValue);
  CHECK_STATUS(launch(shared, {}, {32, 1, 1}, SIZE_MAX), kInvalidValue);
  CHECK_STATUS(launch(shared, {}, {32, 1, 1}, 49152 - 40000), kSuccess);
  CHECK_STATUS(launch(add, {}, {}), kInvalidValue);  // a null where an argument should be
  CHECK_STATUS(runtime.LaunchKernelExC({{}, {}, 0, stream}, add, nullptr), kInvalidValue);
  CHECK_STATUS(runtime.LaunchKernelExC({{}, {}, 0, stream}, small, nullptr), kSuccess);
  CHECK_STATUS(runtime.DeviceSynchronize(), kSuccess);
}

TEST_CASE("kernels: one runs on the current device only, and is loaded there when first needed") {
  Fixture fixture({.device_count = 2, .memory_bytes = kMiB});
  const std::string text = Module();
  Kernel add = fixture.Find(fixture.Load(text), "add");
  Runtime& runtime = *fixture.runtime;
  MUST(runtime.SetDevice(1));
  MemPool pool = nullptr;
  MUST(runtime.MemPoolCreate(&pool, 1));
  Stream stream = fixture.NewStream();
  void* device = nullptr;
  MUST(runtime.MallocFromPoolAsync(&device, 4, pool, stream));
  MUST(runtime.MemsetAsync(device, 0, 4, stream));
  MUST(runtime.SetDevice(0));
  CHECK_STATUS(Launch(fixture, stream, add, {}, {}, device, 1u, 3u), kInvalidResourceHandle);
  MUST(runtime.SetDevice(1));
  MUST(Launch(fixture, stream, add, {}, {}, device, 1u, 3u));
  CHECK(fixture.Read(device, 4, stream)[0] == 3);
  MUST(runtime.SetDevice(0));
}

TEST_CASE("kernels: a fault surfaces later, sticks to its device, and is reported") {
  Fixture fixture({.device_count = 2, .memory_bytes = 64 * kMiB});
  const std::string text = Module();
  Library library = fixture.Load(text);
  Kernel fault = fixture.Find(library, "fault"), add = fixture.Find(library, "add");
  Runtime& runtime = *fixture.runtime;
  Stream stream = fixture.NewStream(), other = fixture.NewStream();
  std::byte* big = fixture.NewMemory(32 * kMiB, stream);
  std::byte* device = fixture.NewMemory(64, stream);
  Event before = fixture.NewEvent(), after = fixture.NewEvent();
  MUST(runtime.MemsetAsync(device, 1, 64, stream));
  MUST(runtime.EventRecord(before, stream));
  MUST(runtime.StreamSynchronize(stream));
  for (int i = 0; i < 5; ++i) MUST(runtime.MemsetAsync(big, i, 32 * kMiB, stream));
  MUST(Launch(fixture, stream, fault, {}, {}, static_cast<void*>(device + 64)));
  MUST(runtime.EventRecord(after, stream));
  MUST(runtime.StreamWaitEvent(other, after, 0));
  MUST(runtime.MemsetAsync(device, 2, 64, other));

  CHECK_STATUS(runtime.EventSynchronize(after), kIllegalAddress);
  const std::string report = runtime.FaultReport(0);
  CAPTURE(report);
  CHECK(report.find("fault") != std::string::npos);  // the kernel's name

  void* pointer = nullptr;
  std::size_t free = 0, total = 0;
  float ms = 0;
  Stream new_stream = nullptr;
  Event new_event = nullptr;
  MemPool new_pool = nullptr;
  int least = 0, greatest = 0;
  unsigned char byte = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {
    CHECK_STATUS(runtime.DeviceSynchronize(), kIllegalAddress);
    CHECK_STATUS(runtime.StreamQuery(stream), kIllegalAddress);
    CHECK_STATUS(runtime.StreamSynchronize(other), kIllegalAddress);
    CHECK_STATUS(runtime.EventQuery(before), kIllegalAddress);
    CHECK_STATUS(runtime.EventSynchronize(before), kIllegalAddress);
    CHECK_STATUS(runtime.EventElapsedTime(&ms, before, after), kIllegalAddress);
    CHECK_STATUS(runtime.EventRecord(before, stream), kIllegalAddress);
    CHECK_STATUS(runtime.StreamWaitEvent(stream, before, 0), kIllegalAddress);
    CHECK_STATUS(runtime.MallocFromPoolAsync(&pointer, 8, fixture.pool, stream), kIllegalAddress);
    CHECK_STATUS(runtime.FreeAsync(device, stream), kIllegalAddress);
    CHECK_STATUS(runtime.MemsetAsync(device, 0, 8, stream), kIllegalAddress);
    CHECK_STATUS(runtime.MemcpyAsync(&byte, device, 1, MemcpyKind::kDeviceToHost, stream),
                 kIllegalAddress);
    CHECK_STATUS(runtime.MemGetInfo(&free, &total), kIllegalAddress);
    CHECK_STATUS(runtime.MemPoolTrimTo(fixture.pool, 0), kIllegalAddress);
    CHECK_STATUS(runtime.MemPoolCreate(&new_pool, 0), kIllegalAddress);
    CHECK_STATUS(runtime.StreamCreateWithPriority(&new_stream, 0, 0), kIllegalAddress);
    CHECK_STATUS(runtime.EventCreateWithFlags(&new_event, 0), kIllegalAddress);
    CHECK_STATUS(runtime.HostAlloc(&pointer, 8, 0), kIllegalAddress);
    CHECK_STATUS(runtime.DeviceGetStreamPriorityRange(&least, &greatest), kIllegalAddress);
    CHECK_STATUS(Launch(fixture, stream, add, {}, {}, static_cast<void*>(device), 1u, 1u),
                 kIllegalAddress);
    CHECK_STATUS(runtime.GetLastError(), kIllegalAddress);
  }
  // What was queued behind the fault did not run. (A device pointer is a host address here.)
  CHECK(device[0] == std::byte{1});
  CHECK_STATUS(runtime.EventDestroy(after), kIllegalAddress);
  CHECK_STATUS(runtime.StreamDestroy(stream), kIllegalAddress);

  MUST(runtime.SetDevice(1));
  CHECK_STATUS(runtime.DeviceSynchronize(), kSuccess);
  fixture.NewStream();
  CHECK(runtime.FaultReport(1).empty());
  MUST(runtime.SetDevice(0));
}

TEST_CASE("kernels: waiting threads hear of a fault") {
  Fixture fixture;
  const std::string text = Module();
  Kernel fault = fixture.Find(fixture.Load(text), "fault");
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(32 * kMiB, stream);
  Event event = fixture.NewEvent();
  for (int i = 0; i < 10; ++i) MUST(fixture.runtime->MemsetAsync(big, i, 32 * kMiB, stream));
  MUST(Launch(fixture, stream, fault, {}, {}, std::uint64_t{0}));
  MUST(fixture.runtime->EventRecord(event, stream));
  Status heard[3] = {};
  std::thread threads[] = {
      std::thread([&] { heard[0] = fixture.runtime->EventSynchronize(event); }),
      std::thread([&] { heard[1] = fixture.runtime->StreamSynchronize(stream); }),
      std::thread([&] { heard[2] = fixture.runtime->DeviceSynchronize(); }),
  };
  for (std::thread& thread : threads) thread.join();
  for (const Status status : heard) CHECK(status == Status::kIllegalAddress);
}

TEST_CASE("kernels: an endless one does not keep the runtime from being destroyed") {
  for (const int workers : {1, 2}) {
    const auto start = std::chrono::steady_clock::now();
    {
      Fixture fixture({.memory_bytes = kMiB, .workers = workers});
      const std::string text = Module();
      Library library = fixture.Load(text);
      Stream stream = fixture.NewStream();
      MUST(Launch(fixture, stream, fixture.Find(library, "spin"), {4}, {64}));
      MUST(Launch(fixture, stream, fixture.Find(library, "small"), {}, {}));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      CHECK_STATUS(fixture.runtime->StreamQuery(stream), kNotReady);
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  }
}

TEST_CASE("modules: the best image for the device is taken, bad ones are refused with a log") {
  Fixture ampere({.memory_bytes = kMiB, .major = 8, .minor = 6});
  Runtime& runtime = *ampere.runtime;
  const auto image = [](int target, const char* kernel) {
    return ".version 8.0\n.target sm_" + std::to_string(target) +
           "\n.address_size 64\n.visible .entry " + kernel + "() { ret; }\n";
  };
  const std::string turing = image(75, "turing"), a100 = image(80, "a100"),
                    hopper = image(90, "hopper");
  const auto load = [&](std::vector<PtxImage> images, std::string* log) {
    Library library = nullptr;
    const Status status = runtime.LibraryLoadData(&library, {{}, images}, log);
    return std::pair(status, library);
  };
  std::string log = "old";
  const auto [status, library] = load({{90, hopper}, {75, turing}, {80, a100}}, &log);
  MUST(status);
  CHECK(log.empty());
  Kernel kernel = nullptr;
  CHECK_STATUS(runtime.LibraryGetKernel(&kernel, library, "a100", &log), kSuccess);
  for (const char* missing : {"turing", "hopper", "", "a10"}) {
    CHECK_STATUS(runtime.LibraryGetKernel(&kernel, library, missing, &log), kSymbolNotFound);
    CHECK(kernel == nullptr);
  }
  CHECK_STATUS(runtime.LibraryGetKernel(&kernel, library, nullptr, &log), kInvalidValue);

  CHECK(load({{90, hopper}}, &log).first == Status::kNoKernelImageForDevice);
  CHECK(log.find("sm_86") != std::string::npos);
  CHECK(load({}, &log).first == Status::kNoKernelImageForDevice);
  for (const char* bad :
       {"", "not PTX",
        ".version 8.0\n.target sm_75\n.address_size 64\n.visible .entry k() { ret; "}) {
    log.clear();
    const auto [bad_status, bad_library] = load({{75, bad}}, &log);
    CHECK(bad_status == Status::kInvalidPtx);
    CHECK(bad_library == nullptr);
    CHECK_FALSE(log.empty());
  }

  // What is wrong with one kernel is said when that is asked for, and no harm to the others.
  const std::string mixed =
      ".version 8.0\n.target sm_75\n.address_size 64\n"
      ".visible .entry good() { ret; }\n"
      ".visible .entry bad() { .reg .b32 %r<2>; frobnicate.u32 %r1; ret; }\n";
  const auto [mixed_status, mixed_library] = load({{75, mixed}}, &log);
  MUST(mixed_status);
  FunctionAttributes attributes;
  CHECK_STATUS(runtime.LibraryGetKernel(&kernel, mixed_library, "good", &log), kSuccess);
  CHECK_STATUS(runtime.FuncGetAttributes(&attributes, kernel), kSuccess);
  CHECK_STATUS(runtime.LibraryGetKernel(&kernel, mixed_library, "bad", &log), kInvalidPtx);
  CHECK(kernel == nullptr);
  CHECK(log.find("frobnicate") != std::string::npos);
  CHECK(log.find("line 5") != std::string::npos);
  CHECK_STATUS(runtime.DeviceSynchronize(), kSuccess);
  std::size_t free = 0, total = 0;
  MUST(runtime.MemGetInfo(&free, &total));
  CHECK(free == total);
}
