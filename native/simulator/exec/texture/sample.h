#ifndef NODECUDA_SIMULATOR_EXEC_TEXTURE_SAMPLE_H_
#define NODECUDA_SIMULATOR_EXEC_TEXTURE_SAMPLE_H_

#include <cstdint>

#include "simulator/exec/texture/texture_form.h"
#include "simulator/memory/texture_table.h"

namespace nodecuda::simulator {

// The four 32-bit words of a result. Channels that the format has not are 0, 0, 0, 1.
struct TextureWords {
  std::uint32_t word[4];
};

// Reads a texture as the chapter "Texture Fetching" of CUDA's programming guide says: weights of a
// linear filter have 8 bits behind the point, and all else of it is exact but for one rounding.
// `coordinates` are those of the instruction, the layer first; the form fits the texture, whose
// memory is there.
TextureWords Sample(const Texture& texture, const TextureForm& form,
                    const std::uint32_t (&coordinates)[4]);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TEXTURE_SAMPLE_H_
