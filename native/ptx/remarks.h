#ifndef NODECUDA_PTX_REMARKS_H_
#define NODECUDA_PTX_REMARKS_H_

#include <cstdint>
#include <map>
#include <string_view>

#include "ptx/cursor.h"

// What PTX says beside the code. Each skips what it names if that is next, and says whether.
namespace nodecuda::ptx {

// .loc 1 20 3, inlined_at 1 30 5. *caller is left alone where it is inlined nowhere.
bool ParseLoc(Cursor& cursor, SourcePlace* source, SourcePlace* caller);
bool SkipLoc(Cursor& cursor);
bool SkipPragma(Cursor& cursor);  // .pragma "nounroll";
bool SkipRemark(Cursor& cursor);  // either

// .file and .section, which stand between declarations. `files` gets the names, by number.
bool ParseDebugInformation(Cursor& cursor, std::map<std::uint32_t, std::string_view>* files);
bool SkipDebugInformation(Cursor& cursor);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_REMARKS_H_
