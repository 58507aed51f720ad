#include "ptx/link.h"

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "test/native/ptx/testing.h"

// Several modules to one.
namespace nodecuda::ptx {
namespace {

std::string ReadFixture(const std::string& name) {
  std::ifstream file(std::string(NODECUDA_TEST_FIXTURES) + "/link/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "no fixture " << name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::string> TryLink(const std::vector<std::string>& texts,
                                   std::vector<std::string>* problems) {
  std::vector<LinkSource> sources;
  for (const std::string& text : texts) {
    sources.push_back({std::string(1, static_cast<char>('A' + sources.size())), text});
  }
  return Link(sources, problems);
}

// The linked text, which is a module.
std::string LinkTexts(const std::vector<std::string>& texts) {
  std::vector<std::string> problems;
  const std::optional<std::string> linked = TryLink(texts, &problems);
  INFO((problems.empty() ? "" : problems[0]));
  REQUIRE(linked.has_value());
  ParseText(*linked);
  return *linked;
}

std::string LinkModules(const std::string& a, const std::string& b) {
  return LinkTexts({kHeader + a, kHeader + b});
}

// What is wrong, a line each.
std::string ProblemsOf(const std::vector<std::string>& texts) {
  std::vector<std::string> problems;
  CHECK_FALSE(TryLink(texts, &problems).has_value());
  std::string all;
  for (const std::string& line : problems) all += (all.empty() ? "" : "\n") + line;
  return all;
}

std::string ProblemsOfModules(const std::string& a, const std::string& b) {
  return ProblemsOf({kHeader + a, kHeader + b});
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

const std::string kTwice =
    ".visible .func (.param .b32 r) twice(.param .b32 x) {\n.reg .b32 %r<3>;\n"
    "ld.param.b32 %r1, [x]; add.s32 %r2, %r1, %r1; st.param.b32 [r], %r2; ret;\n}\n";
const std::string kDeclareTwice = ".extern .func (.param .b32 r) twice(.param .b32 x);\n";

std::string Calling(const std::string& function) {
  return Kernel("{ .param .b32 a; .param .b32 b; call (b), " + function + ", (a); }\nret;");
}

TEST_CASE("ptx link: a function and a variable of another module") {
  const std::string linked = LinkModules(
      kDeclareTwice + ".extern .global .align 4 .u32 count;\n" +
          Kernel(".reg .b32 %r; ld.global.u32 %r, [count];\n{ .param .b32 a; .param .b32 b; "
                 "call (b), twice, (a); } ret;"),
      kTwice + ".visible .global .align 4 .u32 count = 7, other[2];\n");
  // Declared, and defined once; ptxas takes no definition after .extern.
  CHECK(Count(linked, "twice(.param .b32 x)") == 2);
  CHECK_FALSE(Has(linked, ".extern"));
  CHECK(Count(linked, "count = 7") == 1);
  CHECK(linked.find("count = 7") < linked.find("[count]"));
  CHECK(Has(linked, ".visible .global .align 4 .u32 other[2];"));
  CHECK(linked.starts_with(".version 9.0\n.target sm_75\n.address_size 64\n"));
}

TEST_CASE("ptx link: the order of the sources makes no difference to what they mean") {
  const std::string linked = LinkModules(kTwice, kDeclareTwice + Calling("twice"));
  CHECK(Count(linked, "twice(.param .b32 x)") == 2);
  CHECK(Has(linked, "call (b), twice, (a)"));
}

TEST_CASE("ptx link: initialisers that name what comes later, and each other") {
  const std::string linked = LinkModules(
      ".extern .global .align 8 .u64 other;\n.extern .func later();\n"
      ".visible .global .align 8 .u64 one[2] = {generic(other), later};\n",
      ".extern .global .align 8 .u64 one[2];\n.visible .func later() { ret; }\n"
      ".visible .global .align 8 .u64 other = generic(one)+8;\n");
  CHECK(Count(linked, ".extern .global .align 8 .u64 one[2];") == 1);
  CHECK(Count(linked, ".extern .global .align 8 .u64 other;") == 1);
  CHECK(linked.find(".visible .func later();") < linked.find("{generic(other), later}"));
}

TEST_CASE("ptx link: names that only their module sees do not meet") {
  const std::string own =
      ".global .align 4 .u32 x = 1;\n.const .align 8 .u64 at[2] = {0, x};\n"
      ".func f() { ret; }\n.visible .entry NAME() {\n.reg .b32 %r;\nld.global.u32 %r, [x+4];\n"
      "call f;\nret;\n}\n";
  const auto named = [&own](const std::string& name) {
    std::string text = own;
    return text.replace(text.find("NAME"), 4, name);
  };
  const std::string linked = LinkModules(named("a"), named("b"));
  CHECK(Has(linked, ".global .align 4 .u32 x = 1;"));
  CHECK(Has(linked, ".global .align 4 .u32 x$1$linked = 1;"));
  CHECK(Has(linked, "at$1$linked[2] = {0, x$1$linked};"));
  CHECK(Count(linked, "[x+4]") == 1);
  CHECK(Count(linked, "[x$1$linked+4]") == 1);
  CHECK(Count(linked, "call f;") == 1);
  CHECK(Count(linked, "call f$1$linked;") == 1);
}

TEST_CASE("ptx link: what all see keeps its name, and who has it for himself loses it") {
  const std::string linked =
      LinkModules(".global .align 4 .u32 x = 1;\n" + Kernel(".reg .b32 %r; ld.global.u32 %r, [x];"),
                  ".visible .global .align 4 .u32 x = 2;\n");
  CHECK(Has(linked, ".global .align 4 .u32 x$0$linked = 1;"));
  CHECK(Has(linked, "[x$0$linked]"));
  CHECK(Has(linked, ".visible .global .align 4 .u32 x = 2;"));
}

TEST_CASE("ptx link: registers, parameters, labels and inner variables hide what has their name") {
  const std::string body =
      ".global .align 4 .u32 x, y, z, w;\n"
      ".visible .entry NAME(.param .u32 y) {\n.reg .b32 x;\n.reg .b32 %r;\n"
      "ld.param.u32 x, [y];\nmov.u32 x, 1; // x\n{ .shared .align 4 .b32 z;\n"
      "st.shared.u32 [z], x;\n}\nst.global.u32 [z], x;\nadd.s32 x, x, x;\n"
      "st.global.u32 [w], x;\nw: bra w;\n}\n";
  const auto named = [&body](const std::string& name) {
    std::string text = body;
    return text.replace(text.find("NAME"), 4, name);
  };
  const std::string linked = LinkModules(named("a"), named("b"));
  const std::string second = linked.substr(linked.find("// source 1"));
  CHECK(Has(second, "ld.param.u32 x, [y];"));
  CHECK(Has(second, "mov.u32 x, 1; // x"));
  CHECK(Has(second, "st.shared.u32 [z], x;"));
  CHECK(Has(second, "st.global.u32 [z$1$linked], x;"));
  CHECK(Has(second, "st.global.u32 [w$1$linked], x;"));
  CHECK(Has(second, "w: bra w;"));
}

TEST_CASE("ptx link: a new name is nobody's") {
  const std::string linked = LinkModules(
      ".global .u32 x;\n", ".global .u32 x;\n.visible .global .u32 x$1$linked;\n" +
                               Kernel(".reg .u32 x$1$linked_; ld.global.u32 x$1$linked_, [x];"));
  CHECK(Has(linked, "ld.global.u32 x$1$linked_, [x$1$linked__];"));
}

TEST_CASE("ptx link: what only a definition uses that does not stay need not be there") {
  const std::string kept = ".weak .func w() { ret; }\n";
  const std::string dropped = ".extern .func missing();\n.weak .func w() { call missing; ret; }\n";
  CHECK_FALSE(Has(LinkModules(kept, dropped), "call missing"));
  CHECK(ProblemsOfModules(dropped, kept) == "A uses 'missing', which nothing defines");
}

TEST_CASE("ptx link: of weak definitions one stays, and a strong one rather") {
  const std::string weak = ".weak .global .u32 x = 1;\n.weak .func f() { ret; }\n";
  const std::string two = LinkModules(weak, weak);
  CHECK(Count(two, "x = 1") == 1);
  CHECK(Count(two, ".weak .func f()") == 2);  // declared and defined
  const std::string strong =
      LinkModules(weak + Kernel(".reg .b32 %r; call f; ld.global.u32 %r, [x];"),
                  ".visible .global .u32 x = 2;\n.visible .func f() { exit; }\n");
  CHECK_FALSE(Has(strong, ".weak"));
  CHECK_FALSE(Has(strong, "x = 1"));
  CHECK(Has(strong, "exit;"));
  CHECK(strong.find(".visible .func f();") < strong.find("call f;"));
  CHECK(strong.find("x = 2") < strong.find("[x]"));
}

TEST_CASE("ptx link: of common variables the largest stays, and anything else rather") {
  const std::string common =
      LinkModules(".common .global .u32 x[2];\n", ".common .global .u32 x[3];\n");
  CHECK(Count(common, ".common") == 1);
  CHECK(Has(common, ".common .global .u32 x[3];"));
  CHECK(Has(LinkModules(".common .global .u32 x[2];\n", ".visible .global .u32 x[2] = {1, 2};\n"),
            ".visible .global .u32 x[2] = {1, 2};"));
}

TEST_CASE("ptx link: shared memory whose size the launch says is one, as aligned as any wants it") {
  const std::string linked = LinkModules(".extern .shared .align 4 .b8 tile[];\n",
                                         ".extern .shared .align 16 .b8 tile[];\n");
  CHECK(Count(linked, "tile") == 1);
  CHECK(Has(linked, ".extern .shared .align 16 .b8 tile[];"));
}

TEST_CASE("ptx link: what the driver has need not be defined, and what nobody uses neither") {
  const std::string printing =
      ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 v);\n"
      ".extern .func nowhere();\n.extern .global .u32 nothing;\n" +
      Kernel("{ .param .b32 r; .param .b64 f; .param .b64 v; call (r), vprintf, (f, v); } ret;");
  const std::string linked = LinkModules(printing, kTwice);
  CHECK(Has(linked, ".extern .func (.param .b32 r) vprintf"));
  CHECK_FALSE(Has(linked, "nowhere"));
  CHECK_FALSE(Has(linked, "nothing"));
}

TEST_CASE("ptx link: one source is linked as well") {
  CHECK(Has(LinkTexts({kHeader + kTwice}), ".visible .func (.param .b32 r) twice"));
  // Its own function, declared first and defined below.
  const std::string linked =
      LinkTexts({kHeader + ".func f();\n" + Kernel("call f; ret;") + "\n.func f() { ret; }\n"});
  CHECK(Count(linked, ".func f()") == 2);
}

TEST_CASE("ptx link: debug information is left out, pragmas of functions are not") {
  const std::string linked = LinkTexts(
      {kHeader +
       Kernel(".reg .b32 %r<2>;\n.loc 1 20 3\nmov.u32 %r1, 1;\n.loc 1 2 3, function_name $L, "
              "inlined_at 1 4 5\n.pragma \"nounroll\";\nret;") +
       "\n.file 1 \"x.cu\"\n.section .debug_str\n{\n$L: .b8 1, 2\n}\n"});
  CHECK_FALSE(Has(linked, ".loc"));
  CHECK_FALSE(Has(linked, ".file"));
  CHECK_FALSE(Has(linked, "debug"));
  CHECK(Has(linked, "mov.u32 %r1, 1;\n.pragma \"nounroll\";"));
}

TEST_CASE("ptx link: refusals name the symbol and who has it") {
  CHECK(ProblemsOfModules(kTwice, kTwice) == "A and B both define 'twice'");
  CHECK(ProblemsOfModules(Kernel("ret;"), Kernel("ret;")) == "A and B both define 'k'");
  CHECK(ProblemsOfModules(".entry k() { ret; }", Kernel("ret;")) == "A and B both define 'k'");
  CHECK(ProblemsOfModules(kDeclareTwice + Calling("twice"), ".global .u32 x;\n") ==
        "A uses 'twice', which nothing defines");
  CHECK(ProblemsOfModules(".global .u32 y;\n",
                          ".extern .global .u32 x;\n.global .u64 p = generic(x);\n") ==
        "B uses 'x', which nothing defines");
  // A definition that only its module sees is none for others.
  CHECK(ProblemsOfModules(kDeclareTwice + Calling("twice"), kTwice.substr(sizeof ".visible")) ==
        "A uses 'twice', which nothing defines");
}

TEST_CASE("ptx link: a declaration has to agree with the definition") {
  CHECK(ProblemsOfModules(".extern .func twice(.param .b64 x);\n", kTwice) ==
        "A declares 'twice' unlike B: () function(8) and (4) function(4)");
  CHECK(ProblemsOfModules(".visible .global .u32 x[2];\n", ".extern .global .u32 x;\n") ==
        "B declares 'x' unlike A: 4 bytes of .global and 8 bytes of .global");
  CHECK(ProblemsOfModules(".visible .const .u32 x;\n", ".extern .global .u32 x;\n") ==
        "B declares 'x' unlike A: 4 bytes of .global and 4 bytes of .const");
  CHECK(ProblemsOfModules(".visible .global .u32 twice;\n", kDeclareTwice) ==
        "B declares 'twice' unlike A: (4) function(4) and 4 bytes of .global");
  // Of any length is of this length.
  LinkModules(".visible .global .u32 x[2];\n", ".extern .global .u32 x[];\n");
}

std::string Header(const std::string& version, const std::string& target) {
  return ".version " + version + "\n.target " + target + "\n.address_size 64\n";
}

std::string HeadOf(const std::vector<std::string>& headers) {
  const std::string linked = LinkTexts(headers);
  return linked.substr(0, linked.find("\n.address_size"));
}

TEST_CASE("ptx link: version and target are the highest") {
  CHECK(HeadOf({Header("7.8", "sm_75"), Header("8.4", "sm_80, debug"), Header("8.0", "sm_50")}) ==
        ".version 8.4\n.target sm_80");
  CHECK(HeadOf({Header("8.0", "sm_90a"), Header("8.0", "sm_90"), Header("8.0", "sm_75")}) ==
        ".version 8.0\n.target sm_90a");
  CHECK(HeadOf({Header("9.0", "sm_100"), Header("9.0", "sm_100f")}) ==
        ".version 9.0\n.target sm_100f");
}

TEST_CASE("ptx link: targets that no device runs both") {
  CHECK(ProblemsOf({Header("8.0", "sm_90a"), Header("8.0", "sm_75"), Header("9.0", "sm_100")}) ==
        "A is for sm_90a and C for sm_100, which no device runs both: compile them for the same");
  CHECK(ProblemsOf({Header("9.0", "sm_90a"), Header("9.0", "sm_100a")}) ==
        "A is for sm_90a and B for sm_100a, which no device runs both: compile them for the same");
  CHECK(ProblemsOf({Header("9.0", "sm_100f"), Header("9.0", "sm_120")}) ==
        "A is for sm_100f and B for sm_120, which no device runs both: compile them for the same");
  CHECK(ProblemsOf({Header("9.0", "sm_100"), Header("9.0", "sm_103"), Header("9.0", "sm_100f")}) ==
        "of the sources' targets none includes all others");
  CHECK(Has(ProblemsOf({Header("9.0", "sm_75, texmode_independent"), Header("9.0", "sm_75")}),
            "A and B differ in texmode_independent"));
}

TEST_CASE("ptx link: text that is no PTX is refused by its line") {
  CHECK(ProblemsOf({kHeader, kHeader + ".global .u32;\n", "\xff"}) ==
        "B: PTX line 3: expected the name of a variable, found ';'\n"
        "C: PTX line 1: '\\xff': PTX has no such character");
  std::string many = kHeader;
  for (int i = 0; i < 100; ++i) many += ".visible .global .u32 x" + std::to_string(i) + ";\n";
  CHECK(ProblemsOf({many, many}).ends_with("both define 'x19'\n... and more"));
}

TEST_CASE("ptx link: what nvcc makes") {
  const std::string linked = LinkTexts({ReadFixture("program.ptx"), ReadFixture("library.ptx")});
  CHECK(Count(linked, ".entry") == 2);
  CHECK(Count(linked, ".weak .func") == 2);
  CHECK_FALSE(Has(linked, "debug"));
  CHECK(Has(linked, "$str$1$linked"));  // both have texts for assert()
  // It is text like any other, and can be linked again.
  CHECK(Has(LinkTexts({linked, kHeader + kTwice}), "$str$1$linked"));
}

// 1 if they were linked, to a module. Must not crash.
int Try(const std::string& a, const std::string& b) {
  std::vector<std::string> problems;
  const std::optional<std::string> linked = TryLink({a, b}, &problems);
  CHECK(linked.has_value() == problems.empty());
  if (!linked) return 0;
  ParseError error;
  const bool is_module = Parse(*linked, &error).has_value();
  CHECK_MESSAGE(is_module, error.Words() << "\n" << *linked);
  return 1;
}

TEST_CASE("ptx link: text that breaks off at any byte is linked or refused") {
  const std::string program = ReadFixture("program.ptx"), library = ReadFixture("library.ptx");
  const std::size_t step = std::getenv("NODECUDA_MUTATIONS") != nullptr ? 1 : 16;
  int linked = 0;
  for (std::size_t length = 0; length < program.size(); length += step) {
    linked += Try(program.substr(0, length), library);
  }
  for (std::size_t length = 0; length < library.size(); length += step) {
    Try(program, library.substr(0, length));
  }
  CHECK(linked > 0);
}

TEST_CASE("ptx link: mutilated text is linked or refused") {
  std::mt19937 random(20261129);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const char* const wanted = std::getenv("NODECUDA_MUTATIONS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 1000;
  const std::string whole[] = {ReadFixture("program.ptx"), ReadFixture("library.ptx")};
  int linked = 0, refused = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string texts[] = {whole[0], whole[1]};
    for (std::size_t times = 1 + below(3); times > 0; --times) {
      std::string& text = texts[below(2)];
      const std::size_t at = below(text.size()), from = below(text.size());
      switch (below(5)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(8));
          break;
        case 2:
          text.insert(at, 1, "{}()[]<>,;:=+-!~|@\"./%0x"[below(24)]);
          break;
        case 3:
          // Whole statements, and pieces of them, elsewhere.
          text.insert(at, text.substr(from, below(200)));
          break;
        default:
          text.insert(text.find('\n', at) + 1, text.substr(text.find('\n', from) + 1, below(300)));
          break;
      }
    }
    Try(texts[0], texts[1]) == 1 ? ++linked : ++refused;
  }
  MESSAGE("mutants linked: " << linked << ", refused: " << refused);
  CHECK(linked > rounds / 50);  // else the mutations tell nothing of what lies behind parsing
  CHECK(refused > rounds / 4);
}

}  // namespace
}  // namespace nodecuda::ptx
