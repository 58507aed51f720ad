#ifndef NODECUDA_PTX_REMARKS_H_
#define NODECUDA_PTX_REMARKS_H_

#include <cstdint>
#include <map>
#include <string_view>

#include "ptx/cursor.h"

// What PTX says beside the code. Each skips what it names if that is next, and says whether.
namespace nodecuda::ptx {

// What .loc says of the instructions that follow it.
struct SourceLine {
  std::uint32_t file = 0, line = 0;
};

bool ParseLoc(Cursor& cursor, SourceLine* source);  // .loc 1 20 3, inlined_at 1 30 5
bool SkipLoc(Cursor& cursor);
bool SkipPragma(Cursor& cursor);  // .pragma "nounroll";
bool SkipRemark(Cursor& cursor);  // either

// .file and .section, which stand between declarations. `files` gets the names, by number.
bool ParseDebugInformation(Cursor& cursor, std::map<std::uint32_t, std::string_view>* files);
bool SkipDebugInformation(Cursor& cursor);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_REMARKS_H_
