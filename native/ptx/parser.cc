#include "ptx/parser.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "ptx/body.h"
#include "ptx/cursor.h"
#include "ptx/remarks.h"
#include "ptx/variables.h"

namespace nodecuda::ptx {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
constexpr std::uint64_t kMaxInteger = 0xffffffffu;
constexpr const char* kLinkages[] = {".visible", ".weak", ".common"};

enum class Bodies : std::uint8_t { kAll, kOfFunctions, kNone };

class ModuleParser {
 public:
  ModuleParser(Cursor& cursor, Module& module, Bodies bodies)
      : cursor_(cursor), module_(module), bodies_(bodies) {}

  void Parse() {
    ParseVersion();
    ParseTarget();
    if (cursor_.AcceptDirective(".address_size")) {
      const int line = cursor_.Peek().line;
      if (cursor_.ExpectInteger("an address size", kMaxInteger) != 64) {
        cursor_.Fail(line, "only an address size of 64 is supported");
      }
    }
    while (!cursor_.AtEnd()) ParseDeclaration();
  }

 private:
  void ParseVersion() {
    if (!cursor_.AcceptDirective(".version")) return cursor_.FailExpected("'.version'");
    const std::string_view text = cursor_.Peek().text;
    const std::size_t dot = text.find('.');
    if (!cursor_.At(TokenKind::kFloat64) || text.size() > 4 || dot == std::string_view::npos ||
        dot == 0 || text.size() != dot + 2 ||
        text.find_first_not_of(".0123456789") != std::string_view::npos) {
      return cursor_.FailExpected("a version such as 9.0");
    }
    for (const char digit : text) {
      if (digit != '.') module_.version = module_.version * 10 + (digit - '0');
    }
    cursor_.Take();
  }

  // `.target sm_90a, debug`
  void ParseTarget() {
    if (!cursor_.AcceptDirective(".target")) return cursor_.FailExpected("'.target'");
    std::string_view name = cursor_.Peek().text;
    if (cursor_.At(TokenKind::kWord) && name.starts_with("sm_")) {
      name.remove_prefix(3);
      if (name.ends_with('a') || name.ends_with('f')) {
        module_.target_suffix = name.back();
        name.remove_suffix(1);
      }
      if (name.size() == 2 || name.size() == 3) {
        for (const char digit : name) {
          if (digit < '0' || digit > '9') return cursor_.FailExpected("a target such as sm_90");
          module_.target = module_.target * 10 + (digit - '0');
        }
      }
    }
    if (module_.target == 0) return cursor_.FailExpected("a target such as sm_90");
    cursor_.Take();
    while (cursor_.Accept(',')) {
      const Token option = cursor_.Peek();
      const std::string_view text = cursor_.ExpectName("an option of the target");
      if (text == "map_f64_to_f32") {
        module_.maps_f64 = true;
      } else if (text != "debug" && !text.starts_with("texmode_")) {
        cursor_.Fail(option.line, "unknown option of the target " + Quote(option.text));
      }
      if (text == "texmode_independent") module_.independent_textures = true;
    }
  }

  void ParseDeclaration() {
    if (SkipRemark(cursor_) || ParseDebugInformation(cursor_, &module_.files)) return;
    const bool is_extern = cursor_.AcceptDirective(".extern");
    const bool is_visible =
        !is_extern && std::ranges::any_of(kLinkages, [this](const char* linkage) {
          return cursor_.AcceptDirective(linkage);
        });
    if (cursor_.AcceptDirective(".entry")) return ParseFunction(true, is_visible);
    if (cursor_.AcceptDirective(".func")) return ParseFunction(false, is_visible);
    if (cursor_.AcceptDirective(".alias")) return ParseAlias();
    const Linkage linkage{is_extern, is_visible};
    if (cursor_.AcceptDirective(".global")) return ParseGlobals(Space::kGlobal, linkage);
    if (cursor_.AcceptDirective(".const")) return ParseGlobals(Space::kConst, linkage);
    if (cursor_.AcceptDirective(".shared")) return ParseGlobals(Space::kShared, linkage);
    const Token token = cursor_.Peek();
    if (!cursor_.At(TokenKind::kDirective)) return cursor_.FailExpected("a directive");
    cursor_.Fail(token.line, "unknown directive " + Quote(token.text));
  }

  // `.alias name, function;`: the name, declared above, gets a copy of the function, defined above.
  void ParseAlias() {
    const int line = cursor_.Peek().line;
    const auto alias = functions_.find(cursor_.ExpectName("the name of a function"));
    cursor_.Expect(',');
    const auto function = functions_.find(cursor_.ExpectName("the name of a function"));
    cursor_.Expect(';');
    if (alias == functions_.end() || function == functions_.end())
      return cursor_.Fail(line, "'.alias' names what is no function declared above");
    Function& known = module_.functions[alias->second];
    const Function& original = module_.functions[function->second];
    if (known.has_body || !original.has_body || original.is_entry ||
        !SameSignature(known, original)) {
      return cursor_.Fail(line,
                          "'.alias' needs a function without a body and one like it with one");
    }
    Function copy = original;
    copy.name = known.name;
    copy.is_visible = known.is_visible;
    known = std::move(copy);
  }

  void ParseGlobals(Space space, Linkage linkage) {
    for (Variable& variable : ParseVariables(cursor_, space, linkage)) {
      if (names_.insert(variable.name).second) {
        variables_.emplace(variable.name, module_.variables.size());
        module_.variables.push_back(std::move(variable));
        continue;
      }
      // An .extern declaration may be followed by the definition, or by itself.
      const auto found = variables_.find(variable.name);
      if (found == variables_.end() || !Agree(module_.variables[found->second], variable)) {
        return cursor_.Fail(variable.line, Quote(variable.name) + " is declared twice");
      }
      Variable& known = module_.variables[found->second];
      if (!variable.is_extern) known = std::move(variable);
    }
  }

  static bool Agree(const Variable& a, const Variable& b) {
    return (a.is_extern || b.is_extern) && a.space == b.space && a.type == b.type;
  }

  void ParseFunction(bool is_entry, bool is_visible) {
    Function function;
    function.is_entry = is_entry;
    function.is_visible = is_visible;
    if (!is_entry && cursor_.At('(')) function.results = ParseParameters(cursor_);
    function.line = cursor_.Peek().line;
    function.name = cursor_.ExpectName("the name of a function");
    if (cursor_.At('(')) function.parameters = ParseParameters(cursor_);
    ParseFunctionDirectives(function);
    if (!cursor_.Spend(&cursor_.budget.names, 1, "names")) return;

    // The name is known in its own body: it may call itself.
    const bool is_new = names_.insert(function.name).second;
    const auto found = functions_.find(function.name);
    const bool has_body = cursor_.At('{');
    if (!is_new &&
        (found == functions_.end() || (has_body && module_.functions[found->second].has_body))) {
      return cursor_.Fail(function.line, Quote(function.name) + " is declared twice");
    }
    if (!is_new && !SameSignature(module_.functions[found->second], function)) {
      return cursor_.Fail(
          function.line,
          Quote(function.name) + " has other parameters or results than declared above");
    }
    if (has_body) {
      function.has_body = true;
      if (bodies_ == Bodies::kNone || (bodies_ == Bodies::kOfFunctions && is_entry)) {
        function.body_line = cursor_.Peek().line;
        function.body_text = cursor_.TakeBraces();
      } else {
        ParseBody(cursor_, names_, &function);
      }
    } else if (!cursor_.Accept(';')) {
      return cursor_.FailExpected("'{' or ';' after the header of " + Quote(function.name));
    }
    if (is_new) {
      functions_.emplace(function.name, module_.functions.size());
      module_.functions.push_back(std::move(function));
    } else if (has_body) {
      module_.functions[found->second] = std::move(function);
    }
  }

  void ParseFunctionDirectives(Function& function) {
    while (cursor_.At(TokenKind::kDirective)) {
      const Token directive = cursor_.Peek();
      if (SkipRemark(cursor_)) continue;
      cursor_.Take();
      const std::string_view name = directive.text;
      // .explicitcluster repeats what .reqnctapercluster says, or asks the launch to say it.
      if (name == ".noreturn" || name == ".explicitcluster" || name == ".blocksareclusters" ||
          name == ".abi_preserve_control_none") {
        continue;
      }
      if (name == ".maxntid") {
        std::uint32_t extent[3] = {1, 1, 1};
        ParseExtent(extent);
        const std::uint64_t product = std::uint64_t{extent[0]} * extent[1];
        if (product > kMaxInteger || product * extent[2] > kMaxInteger) {
          return cursor_.Fail(directive.line, "the product of '.maxntid' is too large");
        }
        function.max_threads = static_cast<std::uint32_t>(product * extent[2]);
      } else if (name == ".reqntid") {
        for (std::uint32_t& required : function.required_threads) required = 1;
        ParseExtent(function.required_threads);
      } else if (name == ".reqnctapercluster") {
        for (std::uint32_t& required : function.required_cluster) required = 1;
        ParseExtent(function.required_cluster);
      } else if (name == ".maxclusterrank") {
        function.max_cluster_rank =
            static_cast<std::uint32_t>(cursor_.ExpectInteger("a number", kMaxInteger));
      } else if (name == ".maxnreg") {
        function.max_registers =
            static_cast<std::uint32_t>(cursor_.ExpectInteger("a number", kMaxInteger));
      } else if (name == ".minnctapersm" || name == ".maxnctapersm" || name == ".abi_preserve" ||
                 name == ".abi_preserve_control") {
        cursor_.ExpectInteger("a number", kMaxInteger);
      } else {
        return cursor_.Fail(directive.line, "unknown directive " + Quote(name) + " of a function");
      }
    }
  }

  // `256` or `16, 16` or `16, 4, 4`; what is absent stays as it is.
  void ParseExtent(std::uint32_t (&extent)[3]) {
    int dimension = 0;
    do {
      const int line = cursor_.Peek().line;
      const std::uint64_t threads = cursor_.ExpectInteger("a number", kMaxInteger);
      if (threads == 0) cursor_.Fail(line, "expected a number above zero");
      if (dimension < 3) extent[dimension] = static_cast<std::uint32_t>(threads);
    } while (++dimension < 3 && cursor_.Accept(','));
  }

  Cursor& cursor_;
  Module& module_;
  const Bodies bodies_;
  ModuleNames names_;
  std::unordered_map<std::string_view, std::size_t> variables_, functions_;
};

std::optional<Module> ParseModule(std::string_view text, Bodies bodies, ParseError* error) {
  *error = {};
  if (text.size() > kMaxTextBytes) {
    error->message = "the text is longer than 64 MiB";
    return std::nullopt;
  }
  Module module;
  module.text = std::make_unique<const std::string>(text);
  Cursor cursor(*module.text, error);
  ModuleParser(cursor, module, bodies).Parse();
  if (cursor.failed()) return std::nullopt;
  return module;
}

}  // namespace

std::optional<Module> Parse(std::string_view text, ParseError* error) {
  return ParseModule(text, Bodies::kAll, error);
}

std::optional<Module> ParseHeaders(std::string_view text, ParseError* error) {
  return ParseModule(text, Bodies::kOfFunctions, error);
}

std::optional<Module> ParseDeclarations(std::string_view text, ParseError* error) {
  return ParseModule(text, Bodies::kNone, error);
}

std::optional<Function> ParseEntryBody(const Module& module, const Function& entry,
                                       ParseError* error) {
  *error = {};
  ModuleNames names;
  for (const Variable& variable : module.variables) names.insert(variable.name);
  for (const Function& function : module.functions) names.insert(function.name);
  Function whole = entry;
  Cursor cursor(entry.body_text, error, entry.body_line);
  ParseBody(cursor, names, &whole);
  if (cursor.failed()) return std::nullopt;
  return whole;
}

}  // namespace nodecuda::ptx
