#ifndef NODECUDA_PTX_REMARKS_H_
#define NODECUDA_PTX_REMARKS_H_

#include "ptx/cursor.h"

// What PTX says beside the code. Each skips what it names if that is next, and says whether.
namespace nodecuda::ptx {

bool SkipLoc(Cursor& cursor);     // .loc 1 20 3, inlined_at 1 30 5
bool SkipPragma(Cursor& cursor);  // .pragma "nounroll";
bool SkipRemark(Cursor& cursor);  // either

// .file and .section, which stand between declarations.
bool SkipDebugInformation(Cursor& cursor);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_REMARKS_H_
