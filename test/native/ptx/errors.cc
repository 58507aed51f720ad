#include "test/native/ptx/testing.h"

namespace nodecuda::ptx {
namespace {

TEST_CASE("ptx errors: header") {
  CHECK(ErrorOf("") == "1: expected '.version', found the end of the text");
  CHECK(ErrorOf("{\"a\": 1}") == "1: expected '.version', found '{'");
  CHECK(ErrorOf("\x7f"
                "ELF") == "1: '\\x7f': PTX has no such character");
  CHECK(ErrorOf(".version nine") == "1: expected a version such as 9.0, found 'nine'");
  CHECK(ErrorOf(".version 9.0.1") == "1: expected '.target', found '.1'");
  CHECK(ErrorOf(".version 9.0\n.entry k { }") == "2: expected '.target', found '.entry'");
  CHECK(ErrorOf(".version 9.0\n.target sm_x") ==
        "2: expected a target such as sm_90, found 'sm_x'");
  CHECK(ErrorOf(".version 9.0\n.target sm_90, map_f32_to_f64") ==
        "2: unknown option of the target 'map_f32_to_f64'");
  CHECK(ErrorOf(".version 9.0 .target sm_90\n.address_size 32") ==
        "2: only an address size of 64 is supported");
}

TEST_CASE("ptx errors: tokens") {
  CHECK(ErrorOfModule("\n/* no end\n\n") == "4: '/*': this comment does not end");
  CHECK(ErrorOfModule(".pragma \"no end\n\";") == "3: '\"no end': this string does not end");
  CHECK(ErrorOfModule(".global .b32 x = 08;") == "3: '08': not an integer of at most 64 bits");
  CHECK(ErrorOfModule(".global .b32 x = 12ab;") == "3: '12ab': not an integer of at most 64 bits");
  CHECK(ErrorOfModule(".global .b64 x = 18446744073709551616;") ==
        "3: '18446744073709551616': not an integer of at most 64 bits");
  CHECK(ErrorOfModule(".global .f32 x = 0f3F80;") ==
        "3: '0f3F80': a 0f number needs exactly 8 hexadecimal digits");
  CHECK(ErrorOfModule(".global .f64 x = 0d3F800000;") ==
        "3: '0d3F800000': a 0d number needs exactly 16 hexadecimal digits");
  CHECK(ErrorOfModule(".global .f64 x = 1e999;") ==
        "3: '1e999': not a number that a double can hold");
  CHECK(ErrorOfModule(". global") == "3: '.': a '.' must be followed by a name");
}

TEST_CASE("ptx errors: declarations") {
  CHECK(ErrorOfModule("\n.nosuch a, b;") == "4: unknown directive '.nosuch'");
  CHECK(ErrorOfModule("mov.b32 a, b;") == "3: expected a directive, found 'mov.b32'");
  CHECK(ErrorOfModule(".global .b33 x;") == "3: '.b33' is not the type of a variable");
  CHECK(ErrorOfModule(".global x;") == "3: expected the type of a variable, found 'x'");
  CHECK(ErrorOfModule(".global .pred x;") == "3: a variable in memory cannot have the type .pred");
  CHECK(ErrorOfModule(".global .align 3 .b32 x;") == "3: an alignment must be a power of two");
  CHECK(ErrorOfModule(".global .align 131072 .b32 x;") ==
        "3: an alignment of '131072' exceeds the limit of 65536");
  CHECK(ErrorOfModule(".global .b32 x\n.global .b32 y;") == "4: expected ';', found '.global'");
  CHECK(ErrorOfModule(".global .b32 x[];") == "3: 'x' needs a length");
  CHECK(ErrorOfModule(".global .b32 x;\n.global .b32 x;") == "4: 'x' is declared twice");
  CHECK(ErrorOfModule(".extern .global .b32 x;\n.global .b64 x;") == "4: 'x' is declared twice");
  CHECK(ErrorOfModule(".global .b32 x;\n.entry x() { }") == "4: 'x' is declared twice");
  CHECK(ErrorOfModule(".section .debug {\n{ }\n") == "3: the section has no closing '}'");
}

TEST_CASE("ptx errors: initialisers") {
  CHECK(ErrorOfModule(".global .b32 x[2] = {1,\n2, 3};") ==
        "3: the initialiser of 'x' has more than 2 entries");
  CHECK(ErrorOfModule(".global .b32 x[2][2] = {1, 2};") == "3: expected '{', found '1'");
  CHECK(ErrorOfModule(".global .b32 x = {1};") ==
        "3: expected a value of the type of 'x', found '{'");
  CHECK(ErrorOfModule(".global .b32 x = 1.5;") ==
        "3: expected a value of the type of 'x', found '1.5'");
  CHECK(ErrorOfModule(".global .f32 x = 1;") ==
        "3: expected a value of the type of 'x', found '1'");
  CHECK(ErrorOfModule(".global .u64 x[2] = {0,\ngeneric(3)};") ==
        "4: expected a symbol, found '3'");
  CHECK(ErrorOfModule(".global .u64 x = generic(y;") == "3: expected ')', found ';'");
  CHECK(ErrorOfModule(".global .u64 x = mask(y);") == "3: 'mask' is no operator of an initialiser");
  CHECK(ErrorOfModule(".global .u64 x = y+;") == "3: expected an offset, found ';'");
  CHECK(ErrorOfModule(".global .u64 x = -y;") ==
        "3: expected a value of the type of 'x', found 'y'");
  CHECK(ErrorOfModule(".global .u32 x = y;") ==
        "3: expected a value of the type of 'x', found 'y'");
  CHECK(ErrorOfModule(".global .f64 x = y;") ==
        "3: expected a value of the type of 'x', found 'y'");
}

TEST_CASE("ptx errors: functions") {
  CHECK(ErrorOfModule(".entry k() { ret; }\n.entry k() { ret; }") == "4: 'k' is declared twice");
  CHECK(ErrorOfModule(".func f(.param .b32 x);\n.func f(.param .b64 x) { }") ==
        "4: 'f' has other parameters or results than declared above");
  CHECK(ErrorOfModule(".entry k(.reg .b32 x) { }") == "3: expected '.param', found '.reg'");
  CHECK(ErrorOfModule(".entry k(.param .b32 x, .param .b32 x) { }") ==
        "3: 'x' is declared twice in the same scope");
  CHECK(ErrorOfModule(".entry k() .fast { }") == "3: unknown directive '.fast' of a function");
  CHECK(ErrorOfModule(".entry k() .maxntid 0 { }") == "3: expected a number above zero");
  CHECK(ErrorOfModule(".entry k() .maxntid 65536, 65536, 65536 { }") ==
        "3: the product of '.maxntid' is too large");
  CHECK(ErrorOfModule(".entry k()\nret;") ==
        "4: expected '{' or ';' after the header of 'k', found 'ret'");
  CHECK(ErrorOfModule(".entry k() {\n{ ret; }\n") == "3: the body of 'k' has no closing '}'");
}

TEST_CASE("ptx errors: statements") {
  CHECK(ErrorOfKernel("ret") == "5: expected an operand, found '}'");
  CHECK(ErrorOfKernel(";") == "4: expected a statement, found ';'");
  CHECK(ErrorOfKernel(".frob 3;") == "4: unknown directive '.frob' in a function");
  CHECK(ErrorOfKernel(".global .b32 x;") == "4: unknown directive '.global' in a function");
  CHECK(ErrorOfKernel("op %r1;") == "4: '%r1' is not declared");
  CHECK(ErrorOfKernel(".reg .b32 %r<2>;\nop %r2;") == "5: '%r2' is not declared");
  CHECK(ErrorOfKernel(".reg .b32 %r<2>;\nop %r01;") == "5: '%r01' is not declared");
  CHECK(ErrorOfKernel("{ .reg .b32 t; }\nop [t];") == "5: 't' is not declared");
  CHECK(ErrorOfKernel("op %tid.q;") == "4: '%tid.q' is not declared");
  CHECK(ErrorOfKernel("\nbra nowhere;\n") ==
        "5: 'nowhere' is not declared, and no label here has that name");
  CHECK(ErrorOfKernel("bra inner; { inner: }") ==
        "4: 'inner' is not declared, and no label here has that name");
  CHECK(ErrorOfKernel("op x; .reg .b32 x;") ==
        "4: 'x' is neither a label nor declared before its use");
  CHECK(ErrorOfKernel("ts: .branchtargets ts;") ==
        "4: 'ts' is neither a label nor declared before its use");
  CHECK(ErrorOfKernel("a:\na: ret;") == "5: 'a' is declared twice in the same scope");
  CHECK(ErrorOfKernel(".reg .b32 a;\n.reg .b64 a;") ==
        "5: 'a' is declared twice in the same scope");
  CHECK(ErrorOfKernel(".reg .b32 %r<5>;\n.reg .b64 %r3;") ==
        "5: '%r3' is declared twice in the same scope");
  CHECK(ErrorOfKernel("fma.rn: ret;") == "4: 'fma.rn' cannot be a label");
  CHECK(ErrorOfKernel(".reg .b32 r; @r ret;") ==
        "4: expected a predicate register after '@', found 'r'");
  CHECK(ErrorOfKernel(".reg .pred p; @p l: ret;") == "4: expected an operand, found ':'");
  CHECK(ErrorOfKernel("op 1 2;") == "4: expected ';' or ',' after the operands of 'op', found '2'");
  CHECK(ErrorOfKernel("op 1, ;") == "4: expected an operand, found ';'");
  CHECK(ErrorOfKernel("op -;") == "4: expected a number, found ';'");
  CHECK(ErrorOfKernel("op !3;") == "4: expected a register after '!'");
  CHECK(ErrorOfKernel("op [1.5];") == "4: an address needs a register, a variable or an integer");
  CHECK(ErrorOfKernel("op [4;") == "4: expected ']', found ';'");
  CHECK(ErrorOfKernel("op {1, 2;") == "4: expected '}', found ';'");
  CHECK(ErrorOfKernel("ts: .branchtargets 3;") ==
        "4: expected labels or functions in the list 'ts'");
}

TEST_CASE("ptx errors: what the input may ask for is bounded") {
  const auto repeat = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  CHECK(ErrorOf(std::string((std::size_t{64} << 20) + 1, ' ')) ==
        "0: the text is longer than 64 MiB");
  CHECK(ErrorOfKernel(".reg .b32 %r<1048577>;") ==
        "4: a number of registers of '1048577' exceeds the limit of 1048576");
  CHECK(ErrorOfKernel(repeat("a;", (1 << 20) + 1)) == "4: 'k' has more than 1048576 instructions");
  std::string uses = "1";
  for (int i = 0; i < 1 << 20; ++i) uses += ", %r" + std::to_string(i);
  const std::string declarations = ".reg .b32 %r<1048576>; .reg .b32 x;\n";
  CHECK(ErrorOfKernel(declarations + "op " + uses + ";") ==
        "3: 'k' has more than 1048576 registers");
  CHECK(ErrorOfModule(".global .b32 a" + repeat(", a", 1 << 20) + ";") ==
        "3: the module has too many names");
  CHECK(ErrorOfKernel(repeat("{", 63) + repeat("}", 63)) == "no error");
  CHECK(ErrorOfKernel(repeat("{", 64)) == "4: scopes are nested too deeply");
  CHECK(ErrorOfKernel("op " + repeat("{", 100000)) == "4: operands are nested too deeply");
  CHECK(ErrorOfKernel("op [" + repeat("1, [", 100000)) == "4: operands are nested too deeply");
  CHECK(ErrorOfModule(".global .b32 x" + repeat("[1]", 17) + ";") ==
        "3: 'x' has too many dimensions");
  CHECK(ErrorOfModule(".global .b8 x[68719476736];") == "no error");
  for (const char* dimensions :
       {"[0]", "[68719476737]", "[4294967296][17]", "[18446744073709551615]",
        "[4294967296][4294967296][4294967296]"}) {
    CHECK(ErrorOfModule(".global .b8 x" + std::string(dimensions) + ";").starts_with("3: "));
  }
  CHECK(ErrorOfModule(".global .b8 x[2][68719476735] = {{1}};").starts_with("3: the size of 'x'"));
  CHECK(ErrorOfModule(".global .b8 x[4][4294967296] = {{1}, {2}};") ==
        "3: the module has too many initialiser bytes");
  CHECK(ErrorOfModule(".global .b8 x[][68719476736] = {{1}, {}};") == "3: 'x' is too large");
  // A list of jump targets is copied to each jump.
  const std::string many = repeat("brx.idx 0, ts;\n", 5000);
  CHECK(ErrorOfKernel("a: ts: .branchtargets a" + repeat(", a", 5000) + ";\n" + many)
            .ends_with("the module has too many operands"));
}

}  // namespace
}  // namespace nodecuda::ptx
