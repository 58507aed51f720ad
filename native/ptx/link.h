#ifndef NODECUDA_PTX_LINK_H_
#define NODECUDA_PTX_LINK_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodecuda::ptx {

struct LinkSource {
  std::string name;  // what messages call it
  std::string_view text;
};

// Makes one module of several, as text. What one declares `.extern` and another defines is one and
// the same in it; of `.weak` and `.common` definitions one stays. Names that only their module sees
// are changed where two modules have them, or one sees the other's. Debug information is left out.
// The target is that of the module that asks for most, if it includes those of the others.
//
// Nullopt where that cannot be: then *problems says why, a line for each, and is never empty. The
// texts may be anything; each is bounded as one that is parsed is.
std::optional<std::string> Link(const std::vector<LinkSource>& sources,
                                std::vector<std::string>* problems);

// What a module defines that all see and no other may define as well; nothing of text that is no
// PTX.
std::vector<std::string> DefinitionsOf(std::string_view text);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_LINK_H_
