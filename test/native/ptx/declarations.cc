#include <vector>

#include "test/native/ptx/testing.h"

namespace nodecuda::ptx {
namespace {

std::vector<int> Bytes(const Variable& variable) {
  std::vector<int> bytes;
  for (const std::byte byte : variable.initializer) bytes.push_back(std::to_integer<int>(byte));
  return bytes;
}

TEST_CASE("ptx: types have names and sizes") {
  CHECK(TypeFromName("f32") == Type::kF32);
  CHECK(TypeFromName("bf16x2") == Type::kBF16x2);
  CHECK(TypeFromName("f33") == Type::kNone);
  CHECK(TypeFromName("") == Type::kNone);
  CHECK(SizeOf(Type::kNone) == 0);
  CHECK(SizeOf(Type::kPred) == 4);
  CHECK(SizeOf(Type::kU8) == 1);
  CHECK(SizeOf(Type::kF16x2) == 4);
  CHECK(SizeOf(Type::kB128) == 16);
}

TEST_CASE("ptx: header") {
  const Module module = ParseText(".version 8.7\n.target sm_90a, texmode_unified, debug\n");
  CHECK(module.version == 87);
  CHECK(module.target == 90);
  CHECK(module.target_suffix == 'a');
  const Module family = ParseText("// c\n.version 9.0 .target sm_120f .address_size 64");
  CHECK(family.version == 90);
  CHECK(family.target == 120);
  CHECK(family.target_suffix == 'f');
  CHECK(ParseModule("").target_suffix == 0);
}

TEST_CASE("ptx: comments, blanks and a NUL at the end") {
  const Module module = ParseModule(
      "/* over\n lines **/ .global /**/ .b32 x; // .global .b32 y;\r\n\t.global .b32 z;" +
      std::string(1, '\0') + "anything");
  REQUIRE(module.variables.size() == 2);
  CHECK(module.variables[1].name == "z");
  CHECK(module.variables[1].line == 5);
}

TEST_CASE("ptx: variables of a module") {
  const Module module = ParseModule(
      ".visible .global .align 16 .b8 a[3][5];\n"
      ".const .f64 b;\n"
      ".shared .align 4 .b32 c[16], d;\n"
      ".extern .shared .align 16 .b8 e[];\n"
      ".weak .global .attribute(.managed) .align 4 .u32 f = 3;\n"
      ".global .v4 .f32 g;\n"
      ".common .global .u16 h;");
  const auto& variables = module.variables;
  REQUIRE(variables.size() == 8);
  CHECK(variables[0].name == "a");
  CHECK(variables[0].space == Space::kGlobal);
  CHECK(variables[0].type == Type::kB8);
  CHECK(variables[0].alignment == 16);
  CHECK(variables[0].count == 15);
  CHECK(variables[0].is_array);
  CHECK(variables[0].line == 3);
  CHECK(variables[1].space == Space::kConst);
  CHECK(variables[1].alignment == 8);
  CHECK(variables[1].ByteSize() == 8);
  CHECK_FALSE(variables[1].is_array);
  CHECK(variables[2].ByteSize() == 64);
  CHECK(variables[3].name == "d");
  CHECK(variables[3].space == Space::kShared);
  CHECK(variables[3].count == 1);
  CHECK(variables[4].is_extern);
  CHECK(variables[4].unsized);
  CHECK(variables[4].ByteSize() == 0);
  CHECK(Bytes(variables[5]) == std::vector<int>{3, 0, 0, 0});
  CHECK(variables[6].ByteSize() == 16);
  CHECK(variables[6].alignment == 16);
}

TEST_CASE("ptx: initialisers are bytes of the element type") {
  const Module module = ParseModule(
      ".global .b8 a[4] = {1, 0xFF, -1};\n"
      ".global .u16 b = 0x1234;\n"
      ".const .s64 c[2] = {-2};\n"
      ".global .f32 d[3] = {0f3F800000, 1.5, -0f40000000};\n"
      ".global .f64 e = 0d3FF0000000000000;\n"
      ".global .b8 f[3][2] = {{1}, {}, {5, 6}};\n"
      ".global .b16 g[][2] = {{1, 2}, {3}};\n"
      ".global .b32 h = 0f3F800000;\n"
      ".global .v2 .b8 i[2] = {{1, 2}, {3, 4}};\n"
      ".global .b128 j = -1;");
  const auto& variables = module.variables;
  CHECK(Bytes(variables[0]) == std::vector<int>{1, 255, 255});
  CHECK(Bytes(variables[1]) == std::vector<int>{0x34, 0x12});
  CHECK(Bytes(variables[2]) == std::vector<int>{254, 255, 255, 255, 255, 255, 255, 255});
  CHECK(Bytes(variables[3]) == std::vector<int>{0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0});
  CHECK(Bytes(variables[4]) == std::vector<int>{0, 0, 0, 0, 0, 0, 0xf0, 0x3f});
  CHECK(Bytes(variables[5]) == std::vector<int>{1, 0, 0, 0, 5, 6});
  CHECK(Bytes(variables[6]) == std::vector<int>{1, 0, 2, 0, 3, 0});
  CHECK(variables[6].count == 4);
  CHECK_FALSE(variables[6].unsized);
  CHECK(Bytes(variables[7]) == std::vector<int>{0, 0, 0x80, 0x3f});
  CHECK(Bytes(variables[8]) == std::vector<int>{1, 2, 3, 4});
  CHECK(variables[9].initializer.size() == 16);
}

TEST_CASE("ptx: initialisers may be addresses of symbols") {
  const Module module = ParseModule(
      ".global .b8 text[3] = {104, 105};\n"
      ".global .align 8 .u64 table[4] = {7, generic(text)+1, text, other-16};");
  const Variable& table = module.variables[1];
  CHECK(table.initializer.size() == 32);
  CHECK(Bytes(table)[0] == 7);
  CHECK(Bytes(table)[8] == 0);
  REQUIRE(table.references.size() == 3);
  CHECK(table.references[0].offset == 8);
  CHECK(table.references[0].symbol == "text");
  CHECK(table.references[0].addend == 1);
  CHECK(table.references[0].is_generic);
  CHECK(table.references[1].offset == 16);
  CHECK(table.references[1].addend == 0);
  CHECK_FALSE(table.references[1].is_generic);
  CHECK(table.references[2].symbol == "other");
  CHECK(table.references[2].addend == -16);
}

TEST_CASE("ptx: who sees a symbol, and which parameters are pointers") {
  const Module module = ParseModule(
      ".visible .global .b32 a; .global .b32 b; .weak .const .b32 c; .common .global .b32 d;\n"
      ".extern .global .b32 e;\n"
      ".visible .entry k(.param .u64 .ptr .global .align 16 x, .param .u64 y) .maxclusterrank 8 { "
      "}\n"
      ".entry l() { }\n.weak .entry m() { }\n.visible .func f() { }");
  std::string seen;
  for (const Variable& variable : module.variables) {
    if (variable.is_visible) seen += variable.name;
  }
  for (const Function& function : module.functions) {
    if (function.is_visible) seen += function.name;
  }
  CHECK(seen == "acdkmf");
  CHECK(module.functions[0].parameters[0].is_pointer);
  CHECK_FALSE(module.functions[0].parameters[1].is_pointer);
  CHECK(module.functions[0].max_cluster_rank == 8);
  CHECK(module.functions[1].max_cluster_rank == 0);
}

TEST_CASE("ptx: an extern variable may be defined later") {
  const Module module =
      ParseModule(".extern .global .b32 x; .extern .global .b32 x; .global .b32 x = 5;");
  REQUIRE(module.variables.size() == 1);
  CHECK_FALSE(module.variables[0].is_extern);
  CHECK(module.variables[0].initializer.size() == 4);
}

TEST_CASE("ptx: entry parameters and directives") {
  const Module module = ParseModule(
      ".visible .entry k(\n.param .u64 .ptr .global .align 16 a,\n.param .u64 .ptr .align 1 b,\n"
      ".param .align 64 .b8 c[128], .param .f32 d)\n"
      ".maxntid 16, 4, 2 .minnctapersm 2 .maxnreg 64\n.pragma \"nounroll\"; .explicitcluster\n"
      ".reqnctapercluster 2, 1, 1\n{ ret; }\n"
      ".weak .entry l() .maxntid 256 .reqntid 8, 3 { ret; }\n.entry m { ret; }");
  REQUIRE(module.functions.size() == 3);
  const Function& k = module.functions[0];
  CHECK(k.name == "k");
  CHECK(k.is_entry);
  CHECK(k.has_body);
  CHECK(k.line == 3);
  CHECK(k.max_threads == 128);
  CHECK(k.required_threads[0] == 0);
  REQUIRE(k.parameters.size() == 4);
  CHECK(k.parameters[0].type == Type::kU64);
  CHECK(k.parameters[0].alignment == 8);  // .ptr .align is of what it points to
  CHECK(k.parameters[1].name == "b");
  CHECK(k.parameters[2].alignment == 64);
  CHECK(k.parameters[2].ByteSize() == 128);
  CHECK(k.parameters[2].space == Space::kParam);
  CHECK(k.parameters[3].type == Type::kF32);
  const Function& l = module.functions[1];
  CHECK(l.max_threads == 256);
  CHECK(l.required_threads[0] == 8);
  CHECK(l.required_threads[1] == 3);
  CHECK(l.required_threads[2] == 1);
  CHECK(module.functions[2].parameters.empty());
}

TEST_CASE("ptx: functions are declared and defined") {
  const Module module = ParseModule(
      ".extern .func (.param .b32 func_retval0) vprintf\n(.param .b64 a, .param .b64 b);\n"
      ".func (.param .align 8 .b8 r[16]) f(.param .b64 a);\n"
      ".extern .func stop() .noreturn;\n"
      ".func (.param .align 8 .b8 r[16]) f(.param .b64 a) { st.param.b64 [r+8], 1; ret; }\n"
      ".func (.param .align 8 .b8 r[16]) f(.param .b64 a);");
  REQUIRE(module.functions.size() == 3);
  CHECK_FALSE(module.functions[0].has_body);
  CHECK(module.functions[0].parameters.size() == 2);
  CHECK(module.functions[0].results[0].type == Type::kB32);
  CHECK(module.functions[1].name == "f");
  CHECK(module.functions[1].has_body);
  CHECK(module.functions[1].line == 7);
  CHECK_FALSE(module.functions[1].is_entry);
  const Operand& address = module.functions[1].body[0].operands[0];
  CHECK(address.elements[0].kind == Operand::Kind::kSymbol);
  CHECK(address.elements[0].name == "r");
  CHECK(address.elements[0].variable_index == -1);
  CHECK(address.offset == 8);
}

TEST_CASE("ptx: files, debug sections and pragmas of a module are skipped") {
  const Module module = ParseModule(
      ".pragma \"a\", \"b\\\"c\";\n.file 1 \"/x y/z.cu\"\n.file 2 \"w.h\", 1700000000, 1234\n"
      ".section .debug_str\n{\n$L__info_string0:\n.b8 95,90\n.b32 $L__a-$L__b+4\n}\n"
      ".section .debug_loc { }\n.global .b32 x;");
  CHECK(module.variables.size() == 1);
  CHECK(module.variables[0].line == 13);
}

}  // namespace
}  // namespace nodecuda::ptx
