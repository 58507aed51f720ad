#include "simulator/exec/registers/slots.h"

#include <random>

#include "ptx/parser.h"
#include "simulator/exec/decode/decoder.h"
#include "simulator/exec/registers/copies.h"
#include "simulator/exec/registers/liveness.h"
#include "test/native/exec/engine_harness.h"

// Sharing of register slots: the plan itself, and that it changes no result.
namespace nodecuda::simulator {
namespace {

constexpr int kRegisters = 24;

std::string Reg(unsigned index) {
  return "%r" + std::to_string(index);
}

// A random structured program over %r0..%r23: arithmetic, guarded writes, branches that diverge,
// and loops with trip counts per lane. Short-lived registers come and go, so that many can share.
class ProgramWriter {
 public:
  explicit ProgramWriter(unsigned seed) : random_(seed) {}

  std::string Write() {
    text_ = ".reg .b32 %t<200>;\n.reg .b32 %n<100>;\n.reg .pred %q<200>;\n" + kPrologue;
    text_ += "ld.global.u32 %r1, [%d1];\n";
    for (unsigned i = 2; i < kRegisters; ++i)
      text_ += "mad.lo.u32 " + Reg(i) + ", %r0, " + std::to_string(Pick(1000)) + ", %r1;\n";
    Statements(3, 6);
    for (unsigned i = 2; i < kRegisters; ++i) text_ += "mad.lo.u32 %r1, %r1, 31, " + Reg(i) + ";\n";
    return EngineHarness::Kernel(text_ + kEpilogue);
  }

 private:
  unsigned Pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  std::string Any() { return Reg(1 + Pick(kRegisters - 1)); }
  std::string NewTemporary() { return "%t" + std::to_string(temporaries_++ % 200); }
  std::string Compare() {
    std::string predicate = "%q" + std::to_string(predicates_++ % 200);
    text_ += "and.b32 %r29, " + Any() + ", 15;\n";
    text_ += "setp.lt.u32 " + predicate + ", %r29, " + std::to_string(Pick(16)) + ";\n";
    return predicate;
  }

  void Arithmetic() {
    static constexpr const char* kOps[] = {"add.u32", "sub.u32", "xor.b32", "mul.lo.u32"};
    const std::string t = NewTemporary(), u = NewTemporary();
    text_ += std::string(kOps[Pick(4)]) + " " + t + ", " + Any() + ", " + Any() + ";\n";
    text_ += std::string(kOps[Pick(4)]) + " " + u + ", " + t + ", " + Any() + ";\n";
    text_ += std::string(kOps[Pick(4)]) + " " + Any() + ", " + u + ", " + t + ";\n";
  }

  // As nvcc moves what it has loaded and what a loop carries, and swaps.
  void Moves() {
    const std::string t = NewTemporary();
    text_ += "mov.b32 " + t + ", " + Any() + ";\n";
    if (Pick(2)) text_ += "mov.b32 " + Any() + ", " + Any() + ";\n";
    if (Pick(2)) text_ += "@" + Compare() + " mov.b32 " + Any() + ", " + t + ";\n";
    if (Pick(2)) text_ += "add.u32 " + Any() + ", " + t + ", " + Any() + ";\n";
    text_ += "mov.b32 " + Any() + ", " + t + ";\n";
  }

  void Statements(int depth, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const unsigned kind = depth == 0 ? Pick(3) : Pick(6);
      const std::string label = "L" + std::to_string(labels_++);
      if (kind == 0) {
        Arithmetic();
      } else if (kind == 1) {
        Moves();
      } else if (kind == 2) {
        const std::string predicate = Compare();
        text_ += (Pick(2) ? "@" : "@!") + predicate + " add.u32 " + Any() + ", " + Any() + ", 7;\n";
      } else if (kind <= 4) {
        text_ += "@" + Compare() + " bra " + label + "_ELSE;\n";
        Statements(depth - 1, 1 + Pick(4));
        text_ += "bra " + label + "_END;\n" + label + "_ELSE:\n";
        Statements(depth - 1, Pick(3));
        text_ += label + "_END:\n";
      } else {
        const std::string counter = "%n" + std::to_string(counters_++ % 100);
        text_ += "and.b32 " + counter + ", " + Any() + ", 3;\n" + label + "_LOOP:\n";
        Statements(depth - 1, 1 + Pick(3));
        if (Pick(2)) text_ += "@" + Compare() + " bra " + label + "_OUT;\n";
        text_ += "sub.u32 " + counter + ", " + counter + ", 1;\n";
        std::string predicate = "%q" + std::to_string(predicates_++ % 200);
        text_ += "setp.gt.s32 " + predicate + ", " + counter + ", 0;\n@" + predicate + " bra " +
                 label + "_LOOP;\n" + label + "_OUT:\n";
      }
    }
  }

  std::mt19937 random_;
  std::string text_;
  unsigned temporaries_ = 0, predicates_ = 0, counters_ = 0, labels_ = 0;
};

DecodedKernel Decode(const ptx::Module& module, bool share) {
  DecodedKernel kernel;
  kernel.name = "k";
  std::string why;
  const bool decoded = DecodeKernel(module, {}, module.functions[0],
                                    {.isa = DetectIsa(), .share_slots = share}, &kernel, &why);
  INFO(why);
  REQUIRE(decoded);
  return kernel;
}

// What a kernel that was decoded by itself is launched with.
struct NoModule final : Program {
  bool HasKernel(std::string_view) const override { return false; }
  const KernelInfo* FindDecoded(std::string_view) const override { return nullptr; }
  const KernelInfo* FindKernel(std::string_view, bool, LoadFailure*) const override {
    return nullptr;
  }
  GlobalVariable FindVariable(std::string_view) const override { return {}; }
  std::span<const std::uint64_t> variables() const override { return {}; }
};

TEST_CASE("random programs compute the same with shared slots as with one slot a register") {
  std::size_t shared_bytes = 0, separate_bytes = 0, fewer = 0, moves = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    ptx::ParseError error;
    const std::string text = ProgramWriter(seed).Write();
    const auto module = ptx::Parse(text, &error);
    INFO(error.message);
    REQUIRE(module.has_value());
    const DecodedKernel shared = Decode(*module, true), separate = Decode(*module, false);
    shared_bytes += shared.file_bytes;
    separate_bytes += separate.file_bytes;
    fewer += separate.code.size() - shared.code.size();
    for (const std::string_view mnemonic : separate.mnemonics) moves += mnemonic == "mov.b32";

    EngineHarness engine;
    std::vector<Words> results;
    for (const DecodedKernel* kernel : {&shared, &separate}) {
      Words input(80);
      std::mt19937 random(seed);
      for (std::uint32_t& word : input) word = static_cast<std::uint32_t>(random());
      std::vector<std::uint64_t> arguments = {engine.Put(input), 0, 0};
      Launch launch;
      launch.program = std::make_shared<NoModule>();
      launch.kernel = kernel;
      launch.block = {80};
      launch.parameters.resize(kernel->parameter_bytes);
      std::memcpy(launch.parameters.data(), arguments.data(), launch.parameters.size());
      const Outcome outcome = MakeEngine(1)->Run(launch, engine.memory, engine.stop);
      INFO(outcome.report);
      REQUIRE(outcome.status == Status::kSuccess);
      results.push_back(EngineHarness::Get<std::uint32_t>(arguments[0], 80));
    }
    CHECK(results[0] == results[1]);
  }
  CHECK(shared_bytes < separate_bytes * 3 / 4);
  // Guarded moves, and those whose source is changed while its old value is needed, stay.
  CHECK(fewer > moves / 4);
  CHECK(fewer < moves);
}

// %i = op(%j, %k) for register numbers, and branches.
DraftInstruction Op(int destination, std::vector<std::uint32_t> sources,
                    std::uint32_t guard = kNoSlot) {
  DraftInstruction draft;
  for (std::uint32_t& slot : draft.in.slot) slot = kNoSlot;
  std::size_t next = 0;
  if (destination >= 0) {
    draft.in.slot[next] = static_cast<std::uint32_t>(destination);
    draft.defined = 1;
    ++next;
  }
  for (const std::uint32_t source : sources) {
    draft.used |= static_cast<std::uint8_t>(1u << next);
    draft.in.slot[next++] = source;
  }
  draft.in.guard = guard;
  return draft;
}

DraftInstruction Branch(std::uint32_t target, std::uint32_t guard = kNoSlot) {
  DraftInstruction draft = Op(-1, {}, guard);
  draft.is_branch = true;
  draft.in.target = target;
  return draft;
}

SlotPlan Plan(const std::vector<DraftInstruction>& code, std::size_t registers, bool share = true) {
  return PlanSlots(std::vector<RegisterWidth>(registers, 4), FindLiveIntervals(code, registers),
                   share);
}

DraftInstruction Copy(int to, std::uint32_t from) {
  DraftInstruction draft = Op(to, {from});
  draft.is_copy = true;
  return draft;
}

TEST_CASE("a copy goes whose two registers never hold different values that are read") {
  // 0: r0 = ...; 1: r1 = r0; 2: use r1, r0
  std::vector<DraftInstruction> both_read = {Op(0, {}), Copy(1, 0), Op(-1, {1, 0})};
  CHECK(RemoveCopies(&both_read, 2) == std::vector<std::uint32_t>{0, 1, 1, 2});
  CHECK(both_read[1].in.slot[0] == both_read[1].in.slot[1]);

  // r0 changes, and the copy has what it was.
  std::vector<DraftInstruction> changed = {Op(0, {}), Copy(1, 0), Op(0, {0}), Op(-1, {1, 0})};
  CHECK(RemoveCopies(&changed, 2).back() == 4);

  // A swap in a loop needs one of its three: 0: r0; 1: r1; 2: r2 = r0; 3: r0 = r1; 4: r1 = r2;
  // 5: to 2 under p3; 6: use both
  std::vector<DraftInstruction> swap = {Op(0, {}),  Op(1, {}),    Copy(2, 0),    Copy(0, 1),
                                        Copy(1, 2), Branch(2, 3), Op(-1, {0, 1})};
  const std::vector<std::uint32_t> places = RemoveCopies(&swap, 4);
  CHECK(places.back() >= 6);
  CHECK(swap[places[5]].in.target == places[2]);

  // What a loop carries: 0: r0 = ...; 1: r1 = r0 + ...; 2: r0 = r1; 3: to 1 under p2; 4: use r0
  std::vector<DraftInstruction> carried = {Op(0, {}), Op(1, {0}), Copy(0, 1), Branch(1, 2),
                                           Op(-1, {0})};
  CHECK(RemoveCopies(&carried, 3).back() == 4);
}

TEST_CASE("a copy stays where an instruction with several results reads what it would overwrite") {
  // 0: r0 = ...; 1: r2, r3 = op(r0): r2 may be written before r0 is read; 2: r1 = r2; ...
  DraftInstruction two = Op(2, {});
  two.in.slot[1] = 3;
  two.in.slot[2] = 0;
  two.defined = 3;
  two.used = 4;
  std::vector<DraftInstruction> code = {Op(0, {}), two, Copy(0, 2), Op(-1, {0, 3})};
  CHECK(RemoveCopies(&code, 4).back() == 4);
}

TEST_CASE("a register that dies gives its slot to the next one") {
  const std::vector<DraftInstruction> code = {Op(0, {}), Op(1, {0}), Op(2, {1}), Op(-1, {2})};
  CHECK(Plan(code, 3).bytes == WidthBytes{0, 128, 0, 0, 0});
  CHECK(Plan(code, 3, false).bytes == WidthBytes{0, 384, 0, 0, 0});
}

TEST_CASE("a register that a loop carries keeps its slot through the whole loop") {
  // 0: r0 = ...; 1: loop: r1 = r0; 2: r2 = r1; 3: r0 = r2 under p3; 4: branch to 1 under p3
  const std::vector<DraftInstruction> code = {Op(3, {}),     Op(0, {}),    Op(1, {0}), Op(2, {1}),
                                              Op(0, {2}, 3), Branch(2, 3), Op(-1, {0})};
  const std::vector<LiveInterval> intervals = FindLiveIntervals(code, 4);
  CHECK(intervals[0].begin == 3);
  CHECK(intervals[0].end == 12);
  CHECK(intervals[3].end >= 10);
  CHECK(intervals[1].begin == 5);
  CHECK(intervals[1].end == 6);
}

TEST_CASE("a register read in the next round before it is written again lives through the loop") {
  // 0: r0 = 1; 1: use r0; 2: r1 = 1; 3: use r1; 4: r0 = 2; 5: branch to 1
  const std::vector<DraftInstruction> code = {Op(2, {}),   Op(0, {}), Op(-1, {0}), Op(1, {}),
                                              Op(-1, {1}), Op(0, {}), Branch(2, 2)};
  const SlotPlan plan = Plan(code, 3);
  const std::vector<LiveInterval> intervals = FindLiveIntervals(code, 3);
  CHECK(intervals[0].end == 13);  // to the back edge, although its last use stands before r1's
  CHECK(plan.offsets[0] != plan.offsets[1]);
}

TEST_CASE("a guarded write keeps the old value of the other lanes alive around a loop") {
  // 1: r0 = 1; 2: loop: r0 = 2 under p2; 3: use r0; 4: r1 = 1; 5: use r1; 6: branch to 2
  const std::vector<DraftInstruction> code = {Op(2, {}), Op(0, {}),   Op(0, {}, 2), Op(-1, {0}),
                                              Op(1, {}), Op(-1, {1}), Branch(2, 2)};
  CHECK(FindLiveIntervals(code, 3)[0].end == 13);
  const SlotPlan plan = Plan(code, 3);
  CHECK(plan.offsets[0] != plan.offsets[1]);
}

TEST_CASE("a source never shares with one of several destinations") {
  DraftInstruction two = Op(0, {2, 3});
  two.in.slot[0] = 0;
  two.in.slot[1] = 1;
  two.in.slot[2] = 2;
  two.in.slot[3] = 3;
  two.defined = 3;
  two.used = 12;
  const std::vector<DraftInstruction> code = {Op(2, {}), Op(3, {}), two, Op(-1, {0, 1})};
  const SlotPlan plan = Plan(code, 4);
  for (const int destination : {0, 1})
    for (const int source : {2, 3}) CHECK(plan.offsets[destination] != plan.offsets[source]);
}

TEST_CASE("the operands of a list live as those in slots do") {
  // 0: r0; 1: r1; 2: r2; 3: {r3, r1} = f({r0, r1, r2}); 4: r4 = r2; 5: use r1, r3, r4
  DraftInstruction wide = Op(-1, {});
  wide.listed = {{3, true, false}, {1, true, true}, {0, false, true}, {2, false, true}};
  const std::vector<DraftInstruction> code = {Op(0, {}), Op(1, {}),  Op(2, {}),
                                              wide,      Op(4, {2}), Op(-1, {1, 3, 4})};
  const std::vector<LiveInterval> intervals = FindLiveIntervals(code, 5);
  CHECK(intervals[0].begin == 1);
  CHECK(intervals[0].end == 7);  // through the instruction: it has several destinations
  CHECK(intervals[1].end == 10);
  CHECK(intervals[2].end == 8);
  CHECK(intervals[3].begin == 7);
  const SlotPlan plan = Plan(code, 5);
  CHECK(plan.offsets[3] != plan.offsets[0]);
  CHECK(plan.offsets[4] != plan.offsets[1]);
}

TEST_CASE("a list that overwrites a register under no guard ends the life of its old value") {
  // 0: r0; 1: use r0; 2: loop: {r0} = f({r1}); 3: use r0; 4: branch to 2
  DraftInstruction wide = Op(-1, {});
  wide.listed = {{0, true, false}, {1, false, true}};
  std::vector<DraftInstruction> code = {Op(1, {}), wide, Op(-1, {0}), Branch(1, 2), Op(-1, {})};
  CHECK(FindLiveIntervals(code, 3)[0].end == 4);
  CHECK(FindLiveIntervals(code, 3)[1].end >= 6);
  code[1].in.guard = 2;
  CHECK(FindLiveIntervals(code, 3)[0].end >= 6);
}

TEST_CASE("a destination nobody reads still has a slot of its own") {
  const std::vector<DraftInstruction> code = {Op(0, {}), Op(1, {}), Op(-1, {0})};
  const SlotPlan plan = Plan(code, 2);
  CHECK(plan.offsets[0] != plan.offsets[1]);
}

}  // namespace
}  // namespace nodecuda::simulator
