#ifndef NODECUDA_SIMULATOR_EXEC_WARP_FORMAT_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// printf as CUDA's programming guide has it ("Formatted Output"), with the sizes and types of C99.
namespace nodecuda::simulator {

// What a format is filled with. False where the device's memory could not be read: the reader knows
// why.
class FormatArguments {
 public:
  virtual ~FormatArguments() = default;
  // The next argument, of 4 or 8 bytes.
  virtual bool Next(std::size_t bytes, std::uint64_t* bits) = 0;
  // The text at a device address, up to a NUL or to `most` bytes.
  virtual bool Text(std::uint64_t address, std::size_t most, std::string* text) = 0;
};

inline constexpr int kMostFormatArguments = 32;  // as in CUDA
// Of a field, and of digits: what C99 demands at least.
inline constexpr int kMostFieldWidth = 4095;
// What one call prints. Longer text is cut and says so.
inline constexpr std::size_t kMostPrintedBytes = std::size_t{64} << 10;

// What printf returns where it is not the number of arguments (CUDA's values).
inline constexpr int kNullFormat = -1, kFormatFailed = -2;

// Leaves in *out what the format makes of its arguments. What is no conversion of CUDA's or C99's,
// such as %n, asks for too wide a field or for one argument too many stays as it is written.
// Returns the number of arguments, or kFormatFailed where the text was cut; nullopt where an
// argument could not be read, and *out then holds what comes before it. A format of more than
// kMostPrintedBytes counts as cut.
std::optional<int> Format(std::string_view format, FormatArguments& arguments, std::string* out);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_FORMAT_H_
