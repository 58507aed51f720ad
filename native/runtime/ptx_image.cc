#include "runtime/ptx_image.h"

#include <zlib.h>

#include <cstring>

namespace nodecuda {

const PtxImage* ChoosePtx(std::span<const PtxImage> images, int capability) {
  const PtxImage* best = nullptr;
  for (const PtxImage& image : images) {
    if (image.architecture_specific) {
      if (image.target == capability) return &image;
    } else if (image.target <= capability && (best == nullptr || image.target > best->target)) {
      best = &image;
    }
  }
  return best;
}

bool ReadPtx(const PtxImage& image, std::string* text) {
  if (!image.gzipped) {
    text->assign(image.text);
    return true;
  }
  // A gzip file ends in the length of its contents.
  std::uint32_t length;
  if (image.text.size() < sizeof length) return false;
  std::memcpy(&length, image.text.data() + image.text.size() - sizeof length, sizeof length);
  text->resize(length);
  z_stream stream{};
  constexpr int kGzip = 16;
  if (inflateInit2(&stream, kGzip + MAX_WBITS) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(image.text.data()));
  stream.avail_in = static_cast<uInt>(image.text.size());
  stream.next_out = reinterpret_cast<Bytef*>(text->data());
  stream.avail_out = length;
  const int ended = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return ended == Z_STREAM_END && stream.avail_out == 0;
}

}  // namespace nodecuda
