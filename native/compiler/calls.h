#ifndef NODECUDA_COMPILER_CALLS_H_
#define NODECUDA_COMPILER_CALLS_H_

#include <string>
#include <vector>

#include "compiler/library.h"

namespace nodecuda::compiler {

// How a call of a library ended that failed.
struct Failed {
  int status;
  const char* operation;
  std::string words;
};

// The functions of one library, each called with a check. `Kind` has `library`, `path`,
// `Words(status)` and `kInternalError`, for what it lacks.
template <class Kind>
class Calls {
 public:
  explicit Calls(const Kind& kind) : kind_(kind) {}

  template <class Function, class... Arguments>
  void operator()(const Symbol<Function>& symbol, Arguments... arguments) const {
    Check(Required(symbol)(arguments...), symbol.name());
  }

  void Check(int status, const char* operation) const {
    if (status != 0) throw Failed{status, operation, kind_.Words(status)};
  }

  template <class Function>
  Function* Required(const Symbol<Function>& symbol) const {
    Function* function = symbol.In(kind_.library);
    if (function == nullptr) {
      throw Failed{Kind::kInternalError, symbol.name(), kind_.path + " does not have it"};
    }
    return function;
  }

  // Of the two calls that tell the size of something and give it.
  template <class Object, class Size, class Get>
  std::string Output(Object* object, const Size& size, const Get& get) const {
    std::size_t bytes = 0;
    (*this)(size, object, &bytes);
    std::string output(bytes, '\0');
    if (bytes > 0) (*this)(get, object, output.data());
    return output;
  }

 private:
  const Kind& kind_;
};

// Texts end with a NUL, which counts.
inline std::string WithoutEnd(std::string text) {
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

inline std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_CALLS_H_
