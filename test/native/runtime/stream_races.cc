#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "runtime/check_log.h"
#include "test/native/runtime/fixture.h"

// Operations of different streams that touch the same bytes, and what orders them.
namespace nodecuda {
namespace {

using test::Fixture;

constexpr std::size_t kBytes = 1024;

struct Streams : Fixture {
  explicit Streams(std::shared_ptr<CheckLog> its_log = std::make_shared<CheckLog>(kAllChecks))
      : Fixture({.memory_bytes = 64 * test::kMiB, .checks = its_log}),
        log(std::move(its_log)),
        one(NewStream()),
        two(NewStream()),
        memory(NewMemory(2 * kBytes, one)) {
    MUST(runtime->MemsetAsync(memory, 0, 2 * kBytes, one));
    MUST(runtime->DeviceSynchronize());
  }
  void Fill(Stream stream, std::size_t offset = 0, std::size_t bytes = kBytes) {
    MUST(runtime->MemsetAsync(memory + offset, 1, bytes, stream));
  }
  void Fetch(Stream stream, std::size_t offset = 0, std::size_t bytes = kBytes) {
    MUST(runtime->MemcpyAsync(host.data(), memory + offset, bytes, MemcpyKind::kDeviceToHost,
                              stream));
  }
  // In short: "a read by a copy - a write by a fill", by the alphabet: either may have run first.
  std::vector<std::string> Races() {
    MUST(runtime->DeviceSynchronize());
    std::vector<std::string> all;
    for (const CheckFinding& finding : log->Findings()) {
      CHECK(finding.kind == CheckKind::kRace);
      CHECK(finding.address.has_value());
      const std::string& words = finding.message;
      const std::size_t now_end = words.find(" of device memory at 0x"),
                        other = words.find(" and ", now_end),
                        other_end = words.find(" on stream ", other);
      REQUIRE(other_end != std::string::npos);
      const auto sides =
          std::minmax({words.substr(0, now_end), words.substr(other + 5, other_end - other - 5)});
      all.push_back(sides.first + " - " + sides.second);
    }
    return all;
  }
  void CheckOrdered() { CHECK(Races() == std::vector<std::string>{}); }

  std::shared_ptr<CheckLog> log;
  std::vector<unsigned char> host = std::vector<unsigned char>(2 * kBytes);
  Stream one, two;
  std::byte* memory;
};

using Words = std::vector<std::string>;

TEST_CASE("stream races: a fill and a copy, in either order") {
  SUBCASE("the fill first") {
    Streams streams;
    streams.Fill(streams.one);
    streams.Fetch(streams.two);
    CHECK(streams.Races() == Words{"a read by a copy - a write by a fill"});
    const CheckFinding finding = streams.log->Findings()[0];
    for (const char* side : {"on stream 1", "on stream 2", "have no order: no event"})
      CHECK(finding.message.find(side) != std::string::npos);
    REQUIRE(finding.allocation.has_value());
    CHECK(finding.allocation->bytes == 2 * kBytes);
  }
  SUBCASE("the copy first") {
    Streams streams;
    streams.Fetch(streams.one);
    streams.Fill(streams.two);
    CHECK(streams.Races() == Words{"a read by a copy - a write by a fill"});
  }
  SUBCASE("two fills that have one byte in common") {
    Streams streams;
    streams.Fill(streams.one);
    streams.Fill(streams.two, kBytes - 1);
    CHECK(streams.Races() == Words{"a write by a fill - a write by a fill"});
  }
}

TEST_CASE("stream races: none on one stream, among reads, or of other bytes") {
  Streams streams;
  streams.Fill(streams.one);
  streams.Fetch(streams.one);
  streams.Fill(streams.two, kBytes);
  MUST(streams.runtime->DeviceSynchronize());
  streams.Fetch(streams.one);
  streams.Fetch(streams.two);
  streams.CheckOrdered();
}

TEST_CASE("stream races: what orders streams") {
  Streams streams;
  Runtime& runtime = *streams.runtime;
  const Event event = streams.NewEvent();
  streams.Fill(streams.one);
  SUBCASE("an event") {
    MUST(runtime.EventRecord(event, streams.one));
    MUST(runtime.StreamWaitEvent(streams.two, event, 0));
  }
  SUBCASE("events by way of another stream") {
    const Stream three = streams.NewStream();
    MUST(runtime.EventRecord(event, streams.one));
    MUST(runtime.StreamWaitEvent(three, event, 0));
    const Event second = streams.NewEvent();
    MUST(runtime.EventRecord(second, three));
    MUST(runtime.StreamWaitEvent(streams.two, second, 0));
  }
  SUBCASE("a wait for the stream") {
    MUST(runtime.StreamSynchronize(streams.one));
  }
  SUBCASE("a wait for the device") {
    MUST(runtime.DeviceSynchronize());
  }
  SUBCASE("a wait for an event") {
    MUST(runtime.EventRecord(event, streams.one));
    MUST(runtime.EventSynchronize(event));
  }
  SUBCASE("a stream that is found to be done") {
    while (runtime.StreamQuery(streams.one) == Status::kNotReady) {
    }
  }
  SUBCASE("an event that is found to be done") {
    MUST(runtime.EventRecord(event, streams.one));
    while (runtime.EventQuery(event) == Status::kNotReady) {
    }
  }
  streams.Fetch(streams.two);
  streams.CheckOrdered();
}

TEST_CASE("stream races: what orders nothing") {
  Streams streams;
  Runtime& runtime = *streams.runtime;
  const Event event = streams.NewEvent();
  SUBCASE("an event recorded too early") {
    MUST(runtime.EventRecord(event, streams.one));
    streams.Fill(streams.one);
    MUST(runtime.StreamWaitEvent(streams.two, event, 0));
  }
  SUBCASE("an event of another stream") {
    streams.Fill(streams.one);
    const Stream three = streams.NewStream();
    MUST(runtime.EventRecord(event, three));
    MUST(runtime.StreamWaitEvent(streams.two, event, 0));
  }
  SUBCASE("a wait for another stream") {
    streams.Fill(streams.one);
    MUST(runtime.StreamSynchronize(streams.two));
  }
  SUBCASE("an event that nobody waits for") {
    streams.Fill(streams.one);
    MUST(runtime.EventRecord(event, streams.one));
  }
  SUBCASE("an event recorded again, before") {
    streams.Fill(streams.one);
    MUST(runtime.EventRecord(event, streams.one));
    MUST(runtime.EventRecord(event, streams.two));
    MUST(runtime.StreamWaitEvent(streams.two, event, 0));
  }
  streams.Fetch(streams.two);
  CHECK(streams.Races() == Words{"a read by a copy - a write by a fill"});
}

TEST_CASE("stream races: a wait that comes when the other is queued is too late for it") {
  Streams streams;
  streams.Fill(streams.one);
  streams.Fetch(streams.two);
  MUST(streams.runtime->StreamSynchronize(streams.one));
  streams.Fetch(streams.two);  // this one comes after the fill
  CHECK(streams.Races() == Words{"a read by a copy - a write by a fill"});
  CHECK(streams.log->Findings()[0].count == 1);
}

TEST_CASE("stream races: the free of what another stream uses") {
  Streams streams;
  SUBCASE("at the same time") {
    streams.Fetch(streams.two);
    MUST(streams.runtime->FreeAsync(streams.memory, streams.one));
    // The copy comes first, or fails.
    if (streams.runtime->DeviceSynchronize() == Status::kSuccess)
      CHECK(streams.Races() == Words{"a read by a copy - the free"});
  }
  SUBCASE("afterwards, and what takes its place is something else") {
    streams.Fetch(streams.two);
    MUST(streams.runtime->StreamSynchronize(streams.two));
    MUST(streams.runtime->FreeAsync(streams.memory, streams.one));
    streams.memory = streams.NewMemory(kBytes, streams.two);
    streams.Fill(streams.two);
    streams.CheckOrdered();
  }
}

TEST_CASE("stream races: many operations that nobody waits for") {
  Streams streams;
  for (int i = 0; i < 3000; ++i) streams.Fill(streams.one);
  streams.Fill(streams.two, kBytes);
  streams.CheckOrdered();
}

TEST_CASE("stream races: nobody looks unless asked") {
  Streams streams(std::make_shared<CheckLog>(kAllChecks & ~CheckBit(CheckKind::kRace)));
  streams.Fill(streams.one);
  streams.Fetch(streams.two);
  streams.CheckOrdered();
}

constexpr const char* kKernels = R"(.version 7.0
.target sm_75
.address_size 64
.visible .global .align 4 .b32 table[64];
.visible .entry writes()
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<4>;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd1, %r1, 4;
  mov.u64 %rd2, table;
  add.s64 %rd3, %rd2, %rd1;
  st.global.u32 [%rd3], %r1;
  ret;
}
.visible .entry reads()
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<4>;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd1, %r1, 4;
  mov.u64 %rd2, table;
  add.s64 %rd3, %rd2, %rd1;
  ld.global.u32 %r2, [%rd3];
  ret;
}
.visible .entry adds()
{
  .reg .b64 %rd<2>;
  mov.u64 %rd1, table;
  red.global.add.u32 [%rd1], 1;
  ret;
}
.visible .entry adds_of_block()
{
  .reg .b64 %rd<2>;
  mov.u64 %rd1, table;
  red.cta.global.add.u32 [%rd1], 1;
  ret;
}
)";

struct Kernels : Streams {
  Kernels() : library(Load(kKernels)) {}
  void Run(const char* name, Stream stream, unsigned threads = 1) {
    LaunchConfig config;
    config.grid = {1, 1, 1};
    config.block = {threads, 1, 1};
    config.stream = stream;
    MUST(runtime->LaunchKernelExC(config, Find(library, name), nullptr));
  }
  Library library;
};

TEST_CASE("stream races: kernels") {
  Kernels kernels;
  const auto races = [&](const char* first, const char* second) {
    MUST(kernels.runtime->DeviceSynchronize());
    const std::size_t before = kernels.log->Findings().size();
    kernels.Run(first, kernels.one);
    kernels.Run(second, kernels.two);
    MUST(kernels.runtime->DeviceSynchronize());
    return kernels.log->Findings().size() - before;
  };
  CHECK(races("writes", "reads") == 1);
  const CheckFinding finding = kernels.log->Findings()[0];
  REQUIRE(finding.other.has_value());
  const bool reads_last = finding.at.kernel == "reads";
  const CheckPlace& read = reads_last ? finding.at : *finding.other;
  const CheckPlace& write = reads_last ? *finding.other : finding.at;
  CHECK(read.mnemonic == "ld.global.u32");
  CHECK(write.kernel == "writes");
  CHECK(write.mnemonic == "st.global.u32");
  CHECK(races("reads", "writes") == 1);
  CHECK(races("writes", "writes") == 1);
  CHECK(races("writes", "adds") == 1);
  CHECK(races("adds", "reads") == 1);
  CHECK(races("adds", "adds_of_block") == 1);
  CHECK(races("adds", "adds") == 0);
  CHECK(races("reads", "reads") == 0);
}

TEST_CASE("stream races: a kernel and a copy") {
  Kernels kernels;
  void* table = nullptr;
  std::size_t bytes = 0;
  MUST(kernels.runtime->LibraryGetGlobal(&table, &bytes, kernels.library, "table"));
  kernels.Run("reads", kernels.one, 32);
  MUST(kernels.runtime->MemsetAsync(static_cast<std::byte*>(table) + 124, 0, 64, kernels.two));
  CHECK(kernels.Races() == Words{"a read - a write by a fill"});
  // Not what it does not touch.
  kernels.Run("reads", kernels.one, 32);
  MUST(kernels.runtime->MemsetAsync(static_cast<std::byte*>(table) + 128, 0, 64, kernels.two));
  CHECK(kernels.Races().size() == 1);
  CHECK(kernels.log->Findings()[0].count == 1);
}

}  // namespace
}  // namespace nodecuda
