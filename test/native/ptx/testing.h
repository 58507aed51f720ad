#ifndef NODECUDA_TEST_NATIVE_PTX_TESTING_H_
#define NODECUDA_TEST_NATIVE_PTX_TESTING_H_

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "ptx/parser.h"

namespace nodecuda::ptx {

// Declarations start on line 3 of the text, a kernel's statements on line 4.
inline const std::string kHeader = ".version 9.0\n.target sm_75 .address_size 64\n";

inline Module ParseText(const std::string& text) {
  ParseError error;
  std::optional<Module> module = Parse(text, &error);
  INFO("line " << error.line << ": " << error.message << "\n" << text);
  REQUIRE(module.has_value());
  return *std::move(module);
}

inline Module ParseModule(const std::string& declarations) {
  return ParseText(kHeader + declarations);
}

inline std::string Kernel(const std::string& statements) {
  return ".visible .entry k() {\n" + statements + "\n}";
}

// The module of a kernel with some registers of each kind and these statements.
inline Module ParseStatements(const std::string& statements) {
  return ParseModule(
      ".global .align 4 .b32 data[8];\n.func g(.param .b32 x) { ret; }\n" +
      Kernel(".reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<9>; .reg .pred %p<9>;\n" +
             statements));
}

inline const Function& LastFunction(const Module& module) {
  return module.functions.back();
}

// "line: message" of the error that the text must give.
inline std::string ErrorOf(const std::string& text) {
  ParseError error;
  const bool parsed = Parse(text, &error).has_value();
  return parsed ? "no error" : std::to_string(error.line) + ": " + error.message;
}

inline std::string ErrorOfModule(const std::string& declarations) {
  return ErrorOf(kHeader + declarations);
}

inline std::string ErrorOfKernel(const std::string& statements) {
  return ErrorOf(kHeader + Kernel(statements));
}

}  // namespace nodecuda::ptx

#endif  // NODECUDA_TEST_NATIVE_PTX_TESTING_H_
