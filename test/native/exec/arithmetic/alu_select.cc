// What SelectAlu accepts and refuses, and the handlers that the list of forms does not reach:
// vectors, and cvt between registers wider than the types.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "test/native/exec/arithmetic/alu_reference.h"
#include "test/native/exec/arithmetic/alu_testing.h"

namespace nodecuda::simulator::test {
namespace {

using ptx::Operand;
using ptx::Type;

std::optional<AluChoice> Select(const std::string& mnemonic, std::vector<std::size_t> bytes,
                                Isa isa = Isa::kBaseline, std::string* why = nullptr) {
  std::string ignored;
  return SelectAlu(MakeInstruction(mnemonic, bytes.size(), false), bytes, isa,
                   why != nullptr ? why : &ignored);
}

Lanes RandomLanes(std::size_t bytes, std::mt19937_64& random) {
  Lanes lanes;
  for (std::uint64_t& lane : lanes) lane = random() >> (64 - 8 * bytes);
  return lanes;
}

// mov with a vector of `parts` on the left or on the right.
ptx::Instruction VectorMove(const std::string& type, std::size_t parts, bool splits) {
  ptx::Instruction instruction = MakeInstruction("mov." + type, 2, false);
  Operand& vector = instruction.operands[splits ? 0 : 1];
  vector.elements.resize(parts, vector);
  vector.kind = Operand::Kind::kVector;
  return instruction;
}

struct VectorCase {
  const char* type;
  std::size_t bytes, parts;
};
constexpr VectorCase kVectors[] = {
    {"b16", 1, 2}, {"b32", 1, 4}, {"b32", 2, 2}, {"b64", 2, 4}, {"b64", 4, 2}};

std::uint64_t Part(std::uint64_t whole, std::size_t i, std::size_t bytes) {
  return whole >> (8 * bytes * i) & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

TEST_CASE("mov packs and unpacks vectors, first element lowest") {
  std::mt19937_64 random(1);
  for (const Isa isa : AvailableIsas()) {
    for (const VectorCase& c : kVectors) {
      for (const LaneMask mask : {kFullMask, LaneMask{0x8421f00f}}) {
        CAPTURE(c.type);
        CAPTURE(c.parts);
        std::string why;
        std::vector<std::size_t> bytes(c.parts, c.bytes);
        bytes.push_back(c.bytes * c.parts);
        RegisterFile file(bytes);
        Instruction in;
        std::vector<Lanes> before;
        for (std::size_t i = 0; i <= c.parts; ++i) {
          before.push_back(RandomLanes(bytes[i], random));
          file.Write(i, before[i]);
          in.slot[i] = file.slot(i);
        }
        const auto split = SelectAlu(VectorMove(c.type, c.parts, true), bytes, isa, &why);
        REQUIRE(split.has_value());
        CHECK(split->destinations == static_cast<int>(c.parts));
        in.slot[0] = kNoSlot;  // discarded
        split->handler(file.data(), in, mask);
        CHECK(file.Read(0) == before[0]);
        in.slot[0] = file.slot(0);
        split->handler(file.data(), in, mask);
        for (std::size_t i = 0; i < c.parts; ++i) {
          const Lanes after = file.Read(i);
          for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
            const bool live = mask >> lane & 1;
            CHECK(after[lane] ==
                  (live ? Part(before[c.parts][lane], i, c.bytes) : before[i][lane]));
          }
        }

        std::vector<std::size_t> packed_bytes(c.parts + 1, c.bytes);
        packed_bytes[0] = c.bytes * c.parts;
        const auto join = SelectAlu(VectorMove(c.type, c.parts, false), packed_bytes, isa, &why);
        REQUIRE(join.has_value());
        CHECK(join->destinations == 1);
        const Lanes old = RandomLanes(packed_bytes[0], random);
        file.Write(c.parts, old);
        in.slot[0] = file.slot(c.parts);
        for (std::size_t i = 0; i < c.parts; ++i) {
          file.Write(i, before[i]);
          in.slot[i + 1] = file.slot(i);
        }
        join->handler(file.data(), in, mask);
        const Lanes whole = file.Read(c.parts);
        for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
          std::uint64_t wanted = 0;
          for (std::size_t i = 0; i < c.parts; ++i) {
            wanted |= before[i][lane] << (8 * c.bytes * i);
          }
          CHECK(whole[lane] == ((mask >> lane & 1) ? wanted : old[lane]));
        }
      }
    }
  }
}

TEST_CASE("cvt works in registers wider than its integer types") {
  std::mt19937_64 random(2);
  const std::string types[] = {"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"};
  int tried = 0;
  for (const Isa isa : AvailableIsas()) {
    for (const std::string& to : types) {
      for (const std::string& from : types) {
        for (const std::string modifier : {"", ".sat"}) {
          for (const std::size_t to_bytes : {1, 2, 4, 8}) {
            for (const std::size_t from_bytes : {1, 2, 4, 8}) {
              const std::string mnemonic = "cvt" + modifier + "." + to + "." + from;
              const auto size = [](const std::string& type) {
                return SizeOf(ptx::TypeFromName(type));
              };
              const auto choice = Select(mnemonic, {to_bytes, from_bytes}, isa);
              CAPTURE(mnemonic);
              CHECK(choice.has_value() == (to_bytes >= size(to) && from_bytes >= size(from)));
              if (!choice) continue;
              CHECK(SizeOf(choice->types[0]) == to_bytes);
              CHECK(SizeOf(choice->types[1]) == from_bytes);
              ++tried;
              RegisterFile file({to_bytes, from_bytes});
              const Lanes source = RandomLanes(from_bytes, random);
              file.Write(1, source);
              Instruction in;
              in.slot[0] = file.slot(0), in.slot[1] = file.slot(1);
              in.offset = choice->offset;
              choice->handler(file.data(), in, kFullMask);
              const Lanes result = file.Read(0);
              for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
                std::uint64_t wanted = ConvertReference(Spell(mnemonic), {source[lane]})->values[0];
                const std::size_t bits = 8 * size(to);
                if (to[0] == 's' && wanted >> (bits - 1) != 0 && bits < 64) {
                  wanted |= ~std::uint64_t{0} << bits;
                }
                if (to_bytes < 8) wanted &= (std::uint64_t{1} << (8 * to_bytes)) - 1;
                CHECK(result[lane] == wanted);
              }
            }
          }
        }
      }
    }
  }
  CHECK(tried == 2 * 20 * 20 * static_cast<int>(AvailableIsas().size()));
}

TEST_CASE("float conversions write narrow integers into wide registers") {
  for (const Isa isa : AvailableIsas()) {
    const auto choice = Select("cvt.rzi.s8.f32", {4, 4}, isa);
    REQUIRE(choice.has_value());
    RegisterFile file({4, 4});
    Lanes source{};
    source[0] = 0xc0600000;  // -3.5
    source[1] = 0x43c80000;  // 400
    file.Write(1, source);
    Instruction in;
    in.slot[0] = file.slot(0), in.slot[1] = file.slot(1);
    in.offset = choice->offset;
    choice->handler(file.data(), in, kFullMask);
    CHECK(file.Read(0)[0] == 0xfffffffd);
    CHECK(file.Read(0)[1] == 127);
  }
}

TEST_CASE("operands that do not fit are refused with a reason") {
  std::string why;
  CHECK_FALSE(Select("add.s32", {4, 4, 8}, Isa::kBaseline, &why));
  CHECK_FALSE(why.empty());
  CHECK_FALSE(Select("add.s32", {4, 4}, Isa::kBaseline, &why));
  CHECK_FALSE(Select("add.q32", {4, 4, 4}, Isa::kBaseline, &why));
  CHECK_FALSE(why.empty());
  CHECK_FALSE(Select("add.rn.rn.f32", {4, 4, 4}, Isa::kBaseline, &why));
  CHECK_FALSE(Select("fma.f32", {4, 4, 4, 4}, Isa::kBaseline, &why));
  for (const char* cvt :
       {"cvt.f32.s32", "cvt.s32.f32", "cvt.rn.f64.f32", "cvt.f32.f64", "cvt.u32", "cvt.rn.s32.s32",
        "cvt.rni.f32.f64", "cvt.rz.rz.f16.f32", "cvt.rx.f16.f32"}) {
    CAPTURE(cvt);
    CHECK_FALSE(Select(cvt, {4, 4}, Isa::kBaseline, &why));
    CHECK_FALSE(why.empty());
  }
  for (const char* setp : {"setp", "setp.lt", "setp.lt.b32", "setp.lo.s32", "setp.lt.and.s32",
                           "setp.num.s32", "setp.ftz.f32", "setp.lt.ftz.f64", "setp.lt.s32.s32"}) {
    CAPTURE(setp);
    CHECK_FALSE(Select(setp, {4, 4, 4}, Isa::kBaseline, &why));
    CHECK_FALSE(why.empty());
  }
  const std::vector<std::size_t> three = {8, 4, 2};
  CHECK_FALSE(SelectAlu(VectorMove("b64", 2, false), three, Isa::kBaseline, &why));
  CHECK_FALSE(why.empty());
  const std::vector<std::size_t> four = {8, 4, 4, 4};
  CHECK_FALSE(SelectAlu(VectorMove("b64", 3, false), four, Isa::kBaseline, &why));
}

TEST_CASE("an instruction of another kind is refused without a reason") {
  for (const char* mnemonic : {"bra.uni", "ld.global.f32", "ad.s32", "tex.2d"}) {
    std::string why = "old";
    CHECK_FALSE(Select(mnemonic, {4, 4}, Isa::kBaseline, &why));
    CHECK(why.empty());
  }
  std::string why;
  CHECK_FALSE(SelectAlu(ptx::Instruction(), {}, Isa::kBaseline, &why));
}

TEST_CASE("immediates take the width of the type; untyped comparisons have no order") {
  const auto choice = Select("shl.b64", {8, 8, 0});
  REQUIRE(choice.has_value());
  CHECK(SizeOf(choice->types[2]) == 4);
  CHECK(choice->destinations == 1);
  CHECK(Select("setp.eq.b16", {4, 2, 0}).has_value());
  const auto conversion = Select("cvt.u64.u8", {8, 0});
  REQUIRE(conversion.has_value());
  CHECK(SizeOf(conversion->types[1]) == 1);
}

TEST_CASE("instructions with a carry ask for its slot") {
  CHECK(UsesCarry(MakeInstruction("add.cc.u32", 3, false)));
  CHECK(UsesCarry(MakeInstruction("madc.hi.u32", 4, false)));
  CHECK_FALSE(UsesCarry(MakeInstruction("add.u32", 3, false)));
  CHECK_FALSE(UsesCarry(ptx::Instruction()));
  CHECK_FALSE(Select("addc.u32", {4, 4, 4}).has_value());
  const auto choice = Select("addc.u32", {4, 4, 4, 4});
  REQUIRE(choice.has_value());
  CHECK(choice->types.back() == Type::kPred);
}

TEST_CASE("NODECUDA_SIMULATOR_ISA lowers the instruction set and cannot raise it") {
  const char* old = std::getenv("NODECUDA_SIMULATOR_ISA");
  const std::string saved = old != nullptr ? old : "";
  unsetenv("NODECUDA_SIMULATOR_ISA");
  const Isa best = DetectIsa();
  setenv("NODECUDA_SIMULATOR_ISA", "baseline", 1);
  CHECK(DetectIsa() == Isa::kBaseline);
  setenv("NODECUDA_SIMULATOR_ISA", "avx2", 1);
  CHECK(DetectIsa() == std::min(best, Isa::kAvx2));
  setenv("NODECUDA_SIMULATOR_ISA", "avx512", 1);
  CHECK(DetectIsa() == best);
  setenv("NODECUDA_SIMULATOR_ISA", "nonsense", 1);
  CHECK(DetectIsa() == best);
  if (old != nullptr) {
    setenv("NODECUDA_SIMULATOR_ISA", saved.c_str(), 1);
  } else {
    unsetenv("NODECUDA_SIMULATOR_ISA");
  }
}

}  // namespace
}  // namespace nodecuda::simulator::test
