#ifndef NODECUDA_PTX_PARSER_H_
#define NODECUDA_PTX_PARSER_H_

#include <optional>
#include <string>
#include <string_view>

#include "ptx/ast.h"

namespace nodecuda::ptx {

struct ParseError {
  int line = 0;
  std::string message;

  std::string Words() const { return "PTX line " + std::to_string(line) + ": " + message; }
};

// Parses one PTX module. Checks syntax and names (each register, label and symbol an instruction
// uses is declared, once per scope); whether an instruction exists is the decoder's to say.
// Never throws on bad input other than std::bad_alloc: returns nullopt and fills *error.
// Sizes that the input controls are bounded: 64 MiB of text, 1 << 20 registers or instructions a
// function, nesting depth 64, 1 << 36 bytes a variable, and what Budget in cursor.h allows a
// module.
std::optional<Module> Parse(std::string_view text, ParseError* error);

// The same, but the bodies of entries are passed over: for modules that are known to be right, of
// which few kernels are used.
std::optional<Module> ParseHeaders(std::string_view text, ParseError* error);
// The same, but all bodies are passed over: for who wants to know what a module declares.
std::optional<Module> ParseDeclarations(std::string_view text, ParseError* error);
// An entry of a module of ParseHeaders with its body. The module is not changed.
std::optional<Function> ParseEntryBody(const Module& module, const Function& entry,
                                       ParseError* error);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_PARSER_H_
