# nodecuda_precompile(TARGET [HEADERS]): parses the standard headers that most sources include, and
# HEADERS, once for the target: without it they are most of what compiling costs. A source includes
# what it uses all the same; clang-tidy sees it without this.
include_guard(GLOBAL)

function(nodecuda_precompile target)
  target_precompile_headers(${target} PRIVATE <algorithm> <array> <atomic> <bit> <cstring> <functional>
    <map> <memory> <mutex> <optional> <span> <string> <string_view> <thread> <unordered_map> <vector>
    ${ARGN})
endfunction()
