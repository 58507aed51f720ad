#ifndef NODECUDA_RUNTIME_PTX_IMAGE_H_
#define NODECUDA_RUNTIME_PTX_IMAGE_H_

#include <span>
#include <string>

#include "runtime/runtime.h"

namespace nodecuda {

// The image a driver would take for a device of `capability` (90 for 9.0): that of its very
// architecture if there is one, else the highest target that is not above it. Null if none fits.
const PtxImage* ChoosePtx(std::span<const PtxImage> images, int capability);

// The text of an image; false if it is gzipped and damaged.
bool ReadPtx(const PtxImage& image, std::string* text);

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_PTX_IMAGE_H_
