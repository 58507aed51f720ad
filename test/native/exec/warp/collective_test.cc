#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exec/arithmetic/exchange.h"
#include "test/native/exec/engine_harness.h"

// Instructions by which the lanes of a warp look at each other's registers.
namespace nodecuda::simulator {
namespace {

using Lanes = std::array<std::uint32_t, 32>;

// Runs `text` in one warp with %r2, %r3, %r4 of each lane from `inputs`, %p1 = bit 0 of %r4; the
// lanes store %r1 and, as 0 or 1, %p2.
struct Results {
  Words value, predicate;
};
Results RunWarp(const std::string& text, const Lanes& a, const Lanes& b, const Lanes& c,
                std::uint32_t threads = 32) {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    ld.global.u32 %r2, [%d1];
    ld.global.u32 %r3, [%d1+128];
    ld.global.u32 %r4, [%d1+256];
    and.b32 %r5, %r4, 1;
    setp.ne.u32 %p1, %r5, 0;
    mov.u32 %r1, 0xdead;
    setp.ne.u32 %p2, %r1, %r1;
    ld.param.u64 %d3, [b];
    mul.wide.u32 %d4, %r0, 4;
    add.s64 %d3, %d3, %d4;
  )" + text + R"(
    st.global.u32 [%d3], %r1;
    selp.u32 %r6, 1, 0, %p2;
    st.global.u32 [%d3+128], %r6;
    ret;
  )"));
  Words in;
  for (const Lanes* lanes : {&a, &b, &c}) in.insert(in.end(), lanes->begin(), lanes->end());
  const std::uint64_t input = engine.Put(in), output = engine.Zeros(64);
  engine.RunOk({1}, {threads}, {input, output});
  return {EngineHarness::Get<std::uint32_t>(output, 32),
          EngineHarness::Get<std::uint32_t>(output + 128, 32)};
}

Lanes Random(std::mt19937& random, std::uint32_t below = 0) {
  Lanes lanes;
  for (std::uint32_t& lane : lanes)
    lane = static_cast<std::uint32_t>(below != 0 ? random() % below : random());
  return lanes;
}

// The manual's pseudo-code.
void ShuffleReference(const std::string& mode, const Lanes& a, std::uint32_t b, std::uint32_t c,
                      int lane, std::uint32_t* d, bool* p) {
  const int bval = static_cast<int>(b & 0x1f), cval = static_cast<int>(c & 0x1f);
  const int mask = static_cast<int>(c >> 8 & 0x1f);
  const int max_lane = (lane & mask) | (cval & ~mask & 0x1f), min_lane = lane & mask;
  int j = lane;
  if (mode == "up") {
    j = lane - bval;
    *p = j >= max_lane;
  } else if (mode == "down") {
    j = lane + bval;
    *p = j <= max_lane;
  } else if (mode == "bfly") {
    j = lane ^ bval;
    *p = j <= max_lane;
  } else {
    j = min_lane | (bval & ~mask & 0x1f);
    *p = j <= max_lane;
  }
  *d = a[static_cast<std::size_t>(*p ? j : lane)];
}

TEST_CASE("shfl.sync: every mode, with segments and clamps of each lane's own") {
  std::mt19937 random(3);
  for (const std::string mode : {"up", "down", "bfly", "idx"}) {
    for (int round = 0; round < 20; ++round) {
      CAPTURE(mode);
      const Lanes a = Random(random), b = Random(random, 40);
      Lanes c = Random(random);
      if (round < 6)  // as the compiler writes them, for widths 32, 16, ... 1
        c.fill((32u - (32u >> round)) << 8 | (mode == "up" ? 0 : 31));
      const Results with =
          RunWarp("shfl.sync." + mode + ".b32 %r1|%p2, %r2, %r3, %r4, -1;", a, b, c);
      const Results without =
          RunWarp("shfl.sync." + mode + ".b32 %r1, %r2, %r3, %r4, -1;", a, b, c);
      for (std::size_t lane = 0; lane < 32; ++lane) {
        std::uint32_t d = 0;
        bool p = false;
        ShuffleReference(mode, a, b[lane], c[lane], static_cast<int>(lane), &d, &p);
        CHECK(with.value[lane] == d);
        CHECK(with.predicate[lane] == p);
        CHECK(without.value[lane] == d);
      }
    }
  }
}

TEST_CASE("shfl.sync may overwrite its source, and discard its predicate") {
  std::mt19937 random(4);
  const Lanes a = Random(random);
  const Results got =
      RunWarp("shfl.sync.bfly.b32 %r2|_, %r2, 1, 31, -1;\nmov.u32 %r1, %r2;", a, a, a);
  for (std::size_t lane = 0; lane < 32; ++lane) CHECK(got.value[lane] == a[lane ^ 1]);
}

TEST_CASE("vote, match, redux: the members only, which wait for each other") {
  std::mt19937 random(5);
  for (int round = 0; round < 12; ++round) {
    const Lanes a = Random(random, round % 3 == 0 ? 1 : 4);
    Lanes c = Random(random);
    if (round % 4 == 1) c.fill(0xffffffff);
    if (round % 4 == 2) c.fill(0);
    const Lanes b = Random(random);
    const std::uint32_t members =
        round == 0 ? 0xffffffffu : static_cast<std::uint32_t>(random()) | 2;
    CAPTURE(members);
    // The lanes below 7 are late by a loop of their own; those that are no members stay away.
    const std::string before = "mov.u32 %r7, " + std::to_string(members) +
                               ";\nshr.u32 %r8, %r7, %r0;\nand.b32 %r8, %r8, 1;\n"
                               "setp.eq.u32 %p3, %r8, 0;\nmov.u32 %r9, 3;\n"
                               "setp.ge.u32 %p4, %r0, 7;\n@%p3 bra AFTER;\n@%p4 bra HERE;\n"
                               "LATE:\nsub.u32 %r9, %r9, 1;\nsetp.ne.u32 %p5, %r9, 0;\n"
                               "@%p5 bra LATE;\nbra HERE;\nHERE:\n";
    const auto run = [&](const std::string& instruction) {
      return RunWarp(before + instruction + "\nAFTER:\n", a, b, c);
    };
    const auto member = [&](std::size_t lane) { return (members >> lane & 1) != 0; };
    std::uint32_t ballot = 0, sum = 0, all_and = ~0u, all_or = 0, all_xor = 0;
    std::uint32_t least = ~0u, most = 0;
    std::int32_t least_signed = INT32_MAX, most_signed = INT32_MIN;
    for (std::size_t lane = 0; lane < 32; ++lane) {
      if (!member(lane)) continue;
      ballot |= (c[lane] & 1) << lane;
      sum += b[lane], all_and &= b[lane], all_or |= b[lane], all_xor ^= b[lane];
      least = std::min(least, b[lane]), most = std::max(most, b[lane]);
      least_signed = std::min(least_signed, static_cast<std::int32_t>(b[lane]));
      most_signed = std::max(most_signed, static_cast<std::int32_t>(b[lane]));
    }
    std::string tested;
    const auto expect = [&](const std::string& instruction, auto value, auto predicate) {
      CAPTURE(instruction);
      tested += instruction + "\n";
      const Results got = run(instruction);
      for (std::size_t lane = 0; lane < 32; ++lane) {
        CHECK(got.value[lane] == (member(lane) ? value(lane) : 0xdead));
        CHECK(got.predicate[lane] == (member(lane) ? predicate(lane) : 0));
      }
    };
    const auto same = [](std::uint32_t value) { return [value](std::size_t) { return value; }; };
    const auto keep = same(0xdead), no = same(0);
    expect("vote.sync.ballot.b32 %r1, %p1, %r7;", same(ballot), no);
    expect("vote.sync.ballot.b32 %r1, !%p1, %r7;", same(members & ~ballot), no);
    expect("vote.sync.all.pred %p2, %p1, %r7;", keep, same(ballot == members));
    expect("vote.sync.any.pred %p2, %p1, %r7;", keep, same(ballot != 0));
    expect("vote.sync.uni.pred %p2, %p1, %r7;", keep, same(ballot == 0 || ballot == members));
    expect("redux.sync.add.u32 %r1, %r3, %r7;", same(sum), no);
    expect("redux.sync.add.s32 %r1, %r3, %r7;", same(sum), no);
    expect("redux.sync.and.b32 %r1, %r3, %r7;", same(all_and), no);
    expect("redux.sync.or.b32 %r1, %r3, %r7;", same(all_or), no);
    expect("redux.sync.xor.b32 %r1, %r3, %r7;", same(all_xor), no);
    expect("redux.sync.min.u32 %r1, %r3, %r7;", same(least), no);
    expect("redux.sync.max.u32 %r1, %r3, %r7;", same(most), no);
    expect("redux.sync.min.s32 %r1, %r3, %r7;", same(static_cast<std::uint32_t>(least_signed)), no);
    expect("redux.sync.max.s32 %r1, %r3, %r7;", same(static_cast<std::uint32_t>(most_signed)), no);
    for (const std::string modifiers : {"", ".abs", ".NaN", ".abs.NaN"}) {
      for (const std::string operation : {"min", "max"}) {
        // Ordered as numbers are, with -0 below 0.
        std::vector<float> numbers;
        bool all = true;
        for (std::size_t lane = 0; lane < 32; ++lane) {
          if (!member(lane)) continue;
          float x = std::bit_cast<float>(b[lane]);
          if (modifiers.starts_with(".abs")) x = std::abs(x);
          if (std::isnan(x))
            all = false;
          else
            numbers.push_back(x);
        }
        std::ranges::sort(numbers, [](float x, float y) {
          return x < y || (x == y && std::signbit(x) && !std::signbit(y));
        });
        const bool none = numbers.empty() || (!all && modifiers.ends_with(".NaN"));
        const std::uint32_t expected =
            none ? 0x7fffffff
                 : std::bit_cast<std::uint32_t>(operation == "min" ? numbers.front()
                                                                   : numbers.back());
        expect("redux.sync." + operation + modifiers + ".f32 %r1, %r3, %r7;", same(expected), no);
      }
    }
    const auto equals = [&](std::size_t lane) {
      std::uint32_t mask = 0;
      for (std::size_t other = 0; other < 32; ++other)
        if (member(other) && a[other] == a[lane]) mask |= 1u << other;
      return mask;
    };
    const auto if_all = [&](std::size_t lane) { return equals(lane) == members ? members : 0; };
    const auto whether_all = [&](std::size_t lane) { return equals(lane) == members ? 1u : 0u; };
    expect("match.any.sync.b32 %r1, %r2, %r7;", equals, no);
    expect("match.all.sync.b32 %r1, %r2, %r7;", if_all, no);
    expect("match.all.sync.b32 %r1|%p2, %r2, %r7;", if_all, whether_all);
    // Values that differ in the upper half only.
    const std::string wide =
        "mov.b64 %d5, {%r0, %r2};\nmov.b64 %d5, {%r29, %r2};\n"
        "and.b64 %d5, %d5, 0xffffffff00000000;\n";
    expect(wide + "match.any.sync.b64 %r1, %d5, %r7;", equals, no);
    expect(wide + "match.all.sync.b64 %r1, %d5, %r7;", if_all, no);
    expect(wide + "match.all.sync.b64 %r1|%p2, %d5, %r7;", if_all, whether_all);
    const std::size_t leader = static_cast<std::size_t>(std::countr_zero(members));
    expect("elect.sync %r1|%p2, %r7;", same(static_cast<std::uint32_t>(leader)),
           [&](std::size_t lane) { return lane == leader ? 1u : 0u; });
    expect("activemask.b32 %r1;", same(members), no);
    for (const std::string_view mnemonic : AllExchanges()) {
      CAPTURE(std::string(mnemonic));
      CHECK((mnemonic.starts_with("shfl") || tested.find(mnemonic) != std::string::npos));
    }
  }
}

TEST_CASE("collectives: several groups of members at one instruction") {
  std::mt19937 random(6);
  const Lanes a = Random(random);
  // The lanes' own words name four groups; the sum of each is the group's.
  Lanes groups;
  for (std::size_t lane = 0; lane < 32; ++lane) groups[lane] = 0x11111111u << (lane % 4);
  const Results got = RunWarp("redux.sync.add.u32 %r1, %r2, %r3;", a, groups, a);
  for (std::size_t lane = 0; lane < 32; ++lane) {
    std::uint32_t sum = 0;
    for (std::size_t other = lane % 4; other < 32; other += 4) sum += a[other];
    CHECK(got.value[lane] == sum);
  }
}

TEST_CASE("collectives: lanes that have exited, or never were, are not waited for") {
  std::mt19937 random(7);
  const Lanes a = Random(random);
  const Results got = RunWarp(
      "setp.lt.u32 %p3, %r0, 5;\n@%p3 exit;\nredux.sync.add.u32 %r1, %r2, -1;", a, a, a, 20);
  std::uint32_t sum = 0;
  for (std::size_t lane = 5; lane < 20; ++lane) sum += a[lane];
  CHECK(got.value[5] == sum);
  CHECK(got.value[19] == sum);
  // Those that wait are let go by the exit of the last one they wait for.
  const Results late = RunWarp(
      "setp.lt.u32 %p3, %r0, 5;\n@%p3 bra LEAVE;\nredux.sync.add.u32 %r1, %r2, -1;\nbra END;\n"
      "LEAVE:\nexit;\nEND:\n",
      a, a, a, 20);
  CHECK(late.value[7] == sum);
}

TEST_CASE("members may come to a collective at several places, with registers of their own") {
  std::mt19937 random(77);
  struct Case {
    std::string at_one_place, lower, upper;  // of lanes below 16, and of the others
  };
  // d, a, b and predicates in other registers at the second place.
  const Case cases[] = {
      {"shfl.sync.bfly.b32 %r1|%p2, %r2, 17, 31, -1;",
       "shfl.sync.bfly.b32 %r1|%p2, %r2, 17, 31, -1;",
       "mov.u32 %r9, %r2;\nmov.u32 %r10, 17;\nshfl.sync.bfly.b32 %r11|%p3, %r9, %r10, 31, -1;\n"
       "mov.u32 %r1, %r11;\nmov.pred %p2, %p3;"},
      {"shfl.sync.up.b32 %r1, %r2, %r3, %r4, -1;", "shfl.sync.up.b32 %r1, %r2, %r3, %r4, -1;",
       "mov.u32 %r9, %r4;\nshfl.sync.up.b32 %r1, %r2, %r3, %r9, 0xffffffff;"},
      {"vote.sync.any.pred %p2, %p1, -1;", "vote.sync.any.pred %p2, %p1, -1;",
       "not.pred %p3, %p1;\nvote.sync.any.pred %p2, !%p3, -1;"},
      {"vote.sync.ballot.b32 %r1, %p1, -1;", "vote.sync.ballot.b32 %r1, %p1, -1;",
       "vote.ballot.sync.b32 %r9, %p1, -1;\nmov.u32 %r1, %r9;"},
      {"match.any.sync.b32 %r1, %r5, -1;", "match.any.sync.b32 %r1, %r5, -1;",
       "mov.u32 %r9, %r5;\nmatch.any.sync.b32 %r1, %r9, -1;"},
      {"redux.sync.add.u32 %r1, %r2, -1;", "redux.sync.add.u32 %r1, %r2, -1;",
       "mov.u32 %r9, %r2;\nredux.sync.add.u32 %r9, %r9, -1;\nmov.u32 %r1, %r9;"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.at_one_place);
    const Lanes a = Random(random), b = Random(random, 32), d = Random(random, 0x2000);
    const Results together = RunWarp(c.at_one_place, a, b, d);
    // Which half comes first depends on which stands first.
    for (const std::string guard : {"@%p5", "@!%p5"}) {
      const Results apart = RunWarp("setp.lt.u32 %p5, %r0, 16;\n" + guard + " bra OTHER;\n" +
                                        c.lower + "\nbra JOIN;\nOTHER:\n" + c.upper + "\nJOIN:",
                                    a, b, d);
      CHECK(apart.value == together.value);
      CHECK(apart.predicate == together.predicate);
    }
  }
}

TEST_CASE("the last member may leave instead of coming to one of the places") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 8;
    setp.lt.u32 %p2, %r0, 16;
    mov.pred %p3, %p1;
    @%p1 bra FIRST;
    @%p2 bra SECOND;
    bar.warp.sync 0xffff0000;
    bar.warp.sync 0xffff0000;
    ret;
  FIRST:
    vote.sync.ballot.b32 %r1, %p3, -1;
    bra STORE;
  SECOND:
    vote.sync.ballot.b32 %r1, !%p3, -1;
  STORE:
  )" + kEpilogue));
  const std::uint64_t data = engine.Zeros(32);
  engine.RunOk({1}, {32}, {data});
  const Words got = EngineHarness::Get<std::uint32_t>(data, 32);
  for (std::size_t lane = 0; lane < 32; ++lane) CHECK(got[lane] == (lane < 16 ? 0xffffu : 0u));
}

TEST_CASE("different collectives do not meet") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 16;
    @%p1 bra OTHER;
    shfl.sync.idx.b32 %r1, %r0, 0, 31, -1;
    bra END;
  OTHER:
    shfl.sync.up.b32 %r1, %r0, 0, 31, -1;
  END:
    ret;
  )"));
  const Outcome outcome = engine.Run({1}, {32}, {engine.Zeros(32)});
  CHECK(outcome.status == Status::kLaunchTimeout);
  CHECK(outcome.report.find("shfl.sync.up.b32") != std::string::npos);
}

TEST_CASE("a collective whose members never come is a deadlock that names it") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 16;
    @%p1 bra OTHER;
    shfl.sync.idx.b32 %r1, %r0, 0, 31, -1;
    bra END;
  OTHER:
    bar.sync 0;
  END:
    ret;
  )"));
  const Outcome outcome = engine.Run({1}, {32}, {engine.Zeros(32)});
  CHECK(outcome.status == Status::kLaunchTimeout);
  CHECK(outcome.report.find("shfl.sync.idx.b32") != std::string::npos);
  CHECK(outcome.report.find("0xffff0000") != std::string::npos);
}

TEST_CASE("bar.red: counts and combines the predicates of the block, or of so many threads") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    ld.global.u32 %r2, [%d1];
    setp.ne.u32 %p1, %r2, 0;
    bar.red.popc.u32 %r3, 0, %p1;
    barrier.cta.red.aligned.and.pred %p2, 0, %p1;
    bar.red.or.pred %p3, 0, %p1;
    setp.lt.u32 %p5, %r0, 64;
    mov.u32 %r5, 0;
    @!%p5 bra JOIN;
    bar.red.popc.u32 %r5, 1, 64, !%p1;
  JOIN:
    selp.u32 %r6, 1000, 0, %p2;
    selp.u32 %r7, 2000, 0, %p3;
    add.u32 %r1, %r3, %r6;
    add.u32 %r1, %r1, %r7;
    mad.lo.u32 %r1, %r5, 10000, %r1;
  )" + kEpilogue));
  std::mt19937 random(8);
  for (int round = 0; round < 6; ++round) {
    Words flags(96);
    std::uint32_t count = 0, without = 0;
    for (std::size_t i = 0; i < 96; ++i) {
      flags[i] = round == 0 ? 0 : round == 1 ? 1 : static_cast<std::uint32_t>(random() % 2);
      count += flags[i];
      if (i < 64) without += 1 - flags[i];
    }
    const std::uint64_t data = engine.Put(flags);
    engine.RunOk({1}, {96}, {data});
    const std::uint32_t both = count + (count == 96 ? 1000 : 0) + (count != 0 ? 2000 : 0);
    const Words got = EngineHarness::Get<std::uint32_t>(data, 96);
    for (std::size_t i = 0; i < 96; ++i) CHECK(got[i] == both + (i < 64 ? 10000 * without : 0));
  }
}

TEST_CASE("forms of warp operations that do not exist are refused") {
  EngineHarness engine;
  for (const char* line :
       {"shfl.sync.left.b32 %r1, %r2, %r3, %r4, -1;", "shfl.sync.up.b32 %r1, %r2, %r3, %r4;",
        "shfl.up.b32 %r1, %r2, %r3, %r4;", "shfl.sync.up.b32 %d1, %r2, %r3, %r4, -1;",
        "vote.sync.ballot.b32 %r1, %r2, -1;", "redux.sync.mul.u32 %r1, %r2, -1;",
        "elect.sync %r1, -1;", "bar.red.popc.pred %p1, 0, %p2;", "bar.red.and.u32 %r1, 0, %p2;",
        "bar.red.and.pred %p1, %p2;", "bar.red.popc.u32 %p1, 0, %p2;", "bar.red 0;",
        "match.all.sync.b32 %r1|%r2, %r3, -1;", "activemask.b32 %p1;"}) {
    CAPTURE(line);
    const LoadFailure failure = engine.LoadFails(EngineHarness::Kernel(line));
    CHECK(failure.status == Status::kInvalidPtx);
    CHECK(!failure.log.empty());
  }
}

}  // namespace
}  // namespace nodecuda::simulator
