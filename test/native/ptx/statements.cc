#include "test/native/ptx/testing.h"

namespace nodecuda::ptx {
namespace {

using Kind = Operand::Kind;

// The only instruction's last operand.
Operand ParseOperand(const std::string& operand) {
  const Module module = ParseStatements("op.b32 " + operand + ";");
  return LastFunction(module).body.at(0).operands.back();
}

TEST_CASE("ptx: an instruction has mnemonic, parts, operands, line") {
  const Module module = ParseStatements(
      "fma.rn.f32 %f1, %f2, %f3, %f4; ret;\n\n"
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%rd1], 16, "
      "[%r2];\n"
      "add .s32 /* blanks */ .sat %r1, %r1, 1;");
  const auto& body = LastFunction(module).body;
  REQUIRE(body.size() == 4);
  CHECK(body[0].mnemonic == "fma.rn.f32");
  CHECK(body[0].parts == std::vector<std::string_view>{"fma", "rn", "f32"});
  CHECK(body[0].operands.size() == 4);
  CHECK(body[0].line == 7);
  CHECK(body[0].guard == -1);
  CHECK(body[1].operands.empty());
  CHECK(body[1].line == 7);
  CHECK(body[2].parts[3] == "shared::cluster");
  CHECK(body[2].parts.back() == "mbarrier::complete_tx::bytes");
  CHECK(body[2].operands.size() == 4);
  CHECK(body[3].parts == std::vector<std::string_view>{"add", "s32", "sat"});
  CHECK(body[3].line == 10);
}

TEST_CASE("ptx: registers exist from their first use") {
  const Module module =
      ParseModule(Kernel(".reg .b32 %r<1000>; .reg .f64 %r1<3>; .reg.b16 a, b; .reg .pred %p<2>;\n"
                         "op %r999, %r10, %r3, %r999, a; op %r13, %p1;"));
  const Function& k = LastFunction(module);
  const auto index = [&](int instruction, int operand) {
    return k.body[instruction].operands[operand].register_index;
  };
  CHECK(k.registers.size() == 7);
  CHECK(index(0, 0) == index(0, 3));
  CHECK(k.registers[index(0, 0)].name == "%r999");
  CHECK(k.registers[index(0, 0)].type == Type::kB32);
  CHECK(k.registers[index(0, 1)].type == Type::kF64);  // %r1<3> has %r10: the shortest cut
  CHECK(k.registers[index(1, 0)].type == Type::kB32);  // but not %r13
  CHECK(k.registers[index(0, 4)].type == Type::kB16);
  CHECK(k.registers[index(1, 1)].type == Type::kPred);
}

TEST_CASE("ptx: integers") {
  CHECK(ParseOperand("5").kind == Kind::kInteger);
  CHECK(ParseOperand("5").bits == 5);
  CHECK(ParseOperand("0").bits == 0);
  CHECK(ParseOperand("5U").bits == 5);
  CHECK(ParseOperand("0U").bits == 0);
  CHECK(ParseOperand("-5").bits == ~std::uint64_t{4});
  CHECK(ParseOperand("~1").bits == ~std::uint64_t{1});
  CHECK(ParseOperand("0x1F").bits == 31);
  CHECK(ParseOperand("0XffU").bits == 255);
  CHECK(ParseOperand("017").bits == 15);
  CHECK(ParseOperand("0b101").bits == 5);
  CHECK(ParseOperand("18446744073709551615").bits == ~std::uint64_t{0});
  CHECK(ParseOperand("-9223372036854775808").bits == std::uint64_t{1} << 63);
  CHECK(ParseOperand("WARP_SZ").bits == 32);
}

TEST_CASE("ptx: floats") {
  CHECK(ParseOperand("0f3F800000").kind == Kind::kFloat32);
  CHECK(ParseOperand("0F3f800000").bits == 0x3f800000u);
  CHECK(ParseOperand("-0f3F800000").bits == 0xbf800000u);
  CHECK(ParseOperand("0d3FF0000000000000").kind == Kind::kFloat64);
  CHECK(ParseOperand("0D3FF0000000000000").bits == 0x3ff0000000000000u);
  CHECK(ParseOperand("1.5").bits == 0x3ff8000000000000u);
  CHECK(ParseOperand("-1.5").bits == 0xbff8000000000000u);
  CHECK(ParseOperand("1e3").bits == 0x408f400000000000u);
  CHECK(ParseOperand("25.0E-1").bits == 0x4004000000000000u);
  CHECK(ParseOperand("5.").bits == 0x4014000000000000u);
}

TEST_CASE("ptx: registers, special registers, symbols, discards") {
  CHECK(ParseOperand("%rd1").kind == Kind::kRegister);
  CHECK_FALSE(ParseOperand("%p1").negated);
  CHECK(ParseOperand("!%p1").negated);
  CHECK(ParseOperand("_").kind == Kind::kDiscard);
  for (const char* name : {"%tid.x", "%laneid", "%clock64", "%envreg31", "%pm7_64", "%nctaid.w"}) {
    const Operand special = ParseOperand(name);
    CHECK(special.kind == Kind::kSpecial);
    CHECK(ParseModule(Kernel("op " + std::string(name) + ";"))
              .functions[0]
              .body[0]
              .operands[0]
              .kind == Kind::kSpecial);
  }
  const Module module =
      ParseStatements("mov.u64 %rd1, data+8; mov.u64 %rd2, g; mov.u32 %r1, %tid.y;");
  const auto& body = LastFunction(module).body;
  CHECK(body[0].operands[1].kind == Kind::kSymbol);
  CHECK(body[0].operands[1].name == "data");
  CHECK(body[0].operands[1].offset == 8);
  CHECK(body[1].operands[1].kind == Kind::kSymbol);
  CHECK(body[1].operands[1].name == "g");
  CHECK(body[2].operands[1].name == "%tid.y");
}

TEST_CASE("ptx: addresses") {
  const auto offset = [](const std::string& text) { return ParseOperand(text).offset; };
  CHECK(ParseOperand("[%rd1]").kind == Kind::kAddress);
  CHECK(ParseOperand("[%rd1]").elements[0].kind == Kind::kRegister);
  CHECK(offset("[%rd1]") == 0);
  CHECK(offset("[%rd1+16]") == 16);
  CHECK(offset("[%rd1+-120]") == -120);
  CHECK(offset("[%rd1-120]") == -120);
  CHECK(offset("[%rd1 - -120]") == 120);
  CHECK(offset("[data+0x10]") == 16);
  CHECK(ParseOperand("[data]").elements[0].kind == Kind::kSymbol);
  CHECK(ParseOperand("[256]").elements[0].bits == 256);
  const Operand tensor = ParseOperand("[%rd1, {%r1, %r2}]");
  REQUIRE(tensor.elements.size() == 2);
  CHECK(tensor.elements[1].kind == Kind::kVector);
}

TEST_CASE("ptx: vectors and pairs") {
  const Operand vector = ParseOperand("{%r1, _, 7}");
  CHECK(vector.kind == Kind::kVector);
  REQUIRE(vector.elements.size() == 3);
  CHECK(vector.elements[0].kind == Kind::kRegister);
  CHECK(vector.elements[1].kind == Kind::kDiscard);
  CHECK(vector.elements[2].bits == 7);
  const Operand pair = ParseOperand("%r1|%p2");
  CHECK(pair.kind == Kind::kPair);
  CHECK(pair.elements[0].kind == Kind::kRegister);
  CHECK(pair.elements[1].register_index != pair.elements[0].register_index);
  CHECK(ParseOperand("_|%p2").elements[0].kind == Kind::kDiscard);
}

TEST_CASE("ptx: guards") {
  const Module module = ParseStatements("@%p1 ret; @!%p2 st.global.u32 [%rd1], 5;");
  const Function& k = LastFunction(module);
  CHECK(k.registers[k.body[0].guard].name == "%p1");
  CHECK_FALSE(k.body[0].guard_negated);
  CHECK(k.registers[k.body[1].guard].name == "%p2");
  CHECK(k.body[1].guard_negated);
  CHECK(k.body[1].operands.size() == 2);
}

TEST_CASE("ptx: labels") {
  const Module module = ParseStatements(
      "bra end; $L__BB0_1: first: add.s32 %r1, %r1, 1; @%p1 bra $L__BB0_1; bra first; end:");
  const Function& k = LastFunction(module);
  CHECK(k.labels.at("$L__BB0_1") == 1);
  CHECK(k.labels.at("first") == 1);
  CHECK(k.labels.at("end") == 4);
  CHECK(k.body[0].operands[0].kind == Kind::kLabel);
  CHECK(k.body[0].operands[0].name == "end");
  CHECK(k.body[0].operands[0].bits == 4);
  CHECK(k.body[2].operands[0].bits == 1);
}

TEST_CASE("ptx: disjoint scopes may repeat labels, and inner ones hide outer ones") {
  const Module module = ParseStatements(
      "{ again: @%p1 bra done; bra again; done: }\n"
      "{ again: @%p1 bra done; bra again; { bra done; } done: { { bra out; } } }\n"
      "out: ret;");
  const Function& k = LastFunction(module);
  const auto target = [&](int i) { return k.body[i].operands[0].bits; };
  REQUIRE(k.body.size() == 7);
  CHECK(target(0) == 2);
  CHECK(target(1) == 0);
  CHECK(target(2) == 5);
  CHECK(target(3) == 2);
  CHECK(target(4) == 5);
  CHECK(target(5) == 6);
  CHECK(k.labels.at("again") == 0);
}

TEST_CASE("ptx: scopes hide registers and variables") {
  const Module module = ParseStatements(
      "{ .reg .b32 t; { .reg .b64 t; .reg .b32 %r<2>; op t, %r1; } op t, %r1; }\n"
      "{ .reg .f32 t; .param .b32 param0; op t, param0; } { .param .b64 param0; op [param0+4]; "
      "}\n");
  const Function& k = LastFunction(module);
  const auto type = [&](int i, int operand) {
    return k.registers[k.body[i].operands[operand].register_index].type;
  };
  CHECK(type(0, 0) == Type::kB64);
  CHECK(type(1, 0) == Type::kB32);
  CHECK(type(2, 0) == Type::kF32);
  CHECK(k.body[0].operands[1].register_index != k.body[1].operands[1].register_index);
  REQUIRE(k.variables.size() == 2);
  const Operand& first = k.body[2].operands[1];
  const Operand& second = k.body[3].operands[0].elements[0];
  CHECK(first.variable_index == 0);
  CHECK(second.variable_index == 1);
  CHECK(k.variables[0].type == Type::kB32);
  CHECK(k.variables[1].type == Type::kB64);
}

TEST_CASE("ptx: variables of a function") {
  const Module module = ParseStatements(
      ".shared .align 4 .b8 tile[288]; .local .align 16 .b8 __local_depot0[64];\n"
      ".extern .shared .align 16 .b8 dynamic[]; .loc 1 2 3\n"
      "mov.u32 %r1, tile; mov.b64 %rd1, __local_depot0; mov.u32 %r2, dynamic;");
  const Function& k = LastFunction(module);
  REQUIRE(k.variables.size() == 3);
  CHECK(k.variables[0].space == Space::kShared);
  CHECK(k.variables[0].ByteSize() == 288);
  CHECK(k.variables[1].space == Space::kLocal);
  CHECK(k.variables[1].alignment == 16);
  CHECK(k.variables[2].unsized);
  CHECK(k.variables[2].is_extern);
  CHECK(k.body[1].operands[1].variable_index == 1);
}

TEST_CASE("ptx: calls") {
  const Module module = ParseModule(
      ".extern .func (.param .b32 r) f(.param .b64 a, .param .b32 b); .extern .func h;\n" +
      Kernel(".reg .b64 %rd<2>;\n"
             "{ .param .b64 param0; .param .b32 param1; .param .b32 retval0;\n"
             "call.uni (retval0),\nf,\n(\nparam0,\nparam1\n); }\n"
             "call h; call h, ();\n"
             "{ .param .b32 retval0; .param .b32 param0;\n"
             "prototype_0 : .callprototype (.param .b32 _) _ (.param .b32 _, .param .b8 _[]) "
             ".noreturn;\ncall (retval0), %rd1, (param0), prototype_0; }\n"
             "list: .calltargets f, h; call %rd1, (3), list; ret;"));
  const auto& body = LastFunction(module).body;
  REQUIRE(body.size() == 6);
  REQUIRE(body[0].operands.size() == 3);
  CHECK(body[0].line == 7);
  CHECK(body[0].operands[0].kind == Kind::kList);
  CHECK(body[0].operands[0].elements[0].name == "retval0");
  CHECK(body[0].operands[1].kind == Kind::kSymbol);
  CHECK(body[0].operands[1].name == "f");
  CHECK(body[0].operands[2].elements.size() == 2);
  CHECK(body[1].operands.size() == 1);
  CHECK(body[2].operands[1].elements.empty());
  REQUIRE(body[3].operands.size() == 4);
  CHECK(body[3].operands[1].kind == Kind::kRegister);
  CHECK(body[3].operands[3].kind == Kind::kLabel);
  REQUIRE(body[4].operands[2].kind == Kind::kList);
  CHECK(body[4].operands[2].elements[1].name == "h");
}

TEST_CASE("ptx: a function may call itself") {
  const Module module = ParseModule(".func f(.param .b32 x) { call f, (x); ret; }");
  CHECK(module.functions[0].body[0].operands[0].kind == Kind::kSymbol);
}

TEST_CASE("ptx: brx.idx gets the labels of its list") {
  const Module module = ParseStatements(
      "{ ts: .branchtargets a, b, a; @%p1 brx.idx %r1, ts; brx.idx %r1, ts; } a: ret; b: trap;");
  const auto& body = LastFunction(module).body;
  for (int i = 0; i < 2; ++i) {
    const Operand& targets = body[i].operands[1];
    CHECK(targets.kind == Kind::kList);
    REQUIRE(targets.elements.size() == 3);
    CHECK(targets.elements[0].bits == 2);
    CHECK(targets.elements[1].bits == 3);
    CHECK(targets.elements[2].name == "a");
  }
}

TEST_CASE("ptx: remarks in a function are skipped") {
  const Module module = ParseStatements(
      ".pragma \"nounroll\";\n.loc 1 2 3\n"
      ".loc 1 5 9, function_name $L__info_string0, inlined_at 1 7 8\n"
      ".loc 1 5 9, function_name $L__info_string0+16, inlined_at 1 7 8 ret;");
  CHECK(LastFunction(module).body.size() == 1);
}

}  // namespace
}  // namespace nodecuda::ptx
