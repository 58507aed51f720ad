#include <array>
#include <cstring>
#include <span>

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"

namespace nodecuda {
namespace {

// The numbers of a Float64Array, which has that many.
template <std::size_t kCount>
std::array<double, kCount> Numbers(const Call& call, std::size_t index) {
  const ViewBytes view = call.View(index);
  std::array<double, kCount> numbers;
  if (view.bytes != sizeof numbers) Refuse("wrong number of numbers");
  std::memcpy(numbers.data(), view.data, sizeof numbers);
  return numbers;
}

// Not inline: it is called often, and takes no time.
[[gnu::noinline]] std::size_t Whole(double number, std::size_t most) {
  if (!(number >= 0 && number <= static_cast<double>(most))) Refuse("a number is out of range");
  return static_cast<std::size_t>(number);
}

ChannelFormat FormatOf(std::span<const double, 3> numbers) {
  return {static_cast<ChannelKind>(Whole(numbers[0], 2)), static_cast<int>(Whole(numbers[1], 32)),
          static_cast<int>(Whole(numbers[2], 4))};
}

// Products of three extents do not overflow.
constexpr std::size_t kMostExtent = std::size_t{1} << 18;

napi_value CreateArray(Call& call) {
  const std::shared_ptr<DeviceBox>& device = call.Device(0)->box;
  const auto numbers = Numbers<7>(call, 1);
  const std::shared_ptr<StreamBox>& stream = call.Stream(2);
  RequireSameDevice(*device->physical, *stream);
  const ArrayShape shape{Whole(numbers[3], kMostExtent), Whole(numbers[4], kMostExtent),
                         Whole(numbers[5], kMostExtent),
                         static_cast<unsigned>(Whole(numbers[6], kAllArrayFlags))};
  device->physical->Enter();
  auto array =
      std::make_shared<ArrayBox>(device, FormatOf(std::span(numbers).first<3>()), shape, stream);
  return call.FromNumber(call.environment().arrays.Add(std::move(array)));
}

napi_value CloseArray(Call& call) {
  call.environment().arrays.Remove(call.Number(0));
  return call.Undefined();
}

// All of an array, from or to a buffer of as many bytes.
napi_value CopyArray(Call& call) {
  const ArrayBox& array = *call.TextureArray(0);
  const BufferView& buffer = *call.Buffer(1);
  const bool to_array = call.Boolean(2);
  const std::shared_ptr<StreamBox>& stream = call.Stream(3);
  PhysicalDevice& physical = *array.memory()->device().physical;
  RequireSameDevice(physical, *stream);
  RequireSameDevice(physical, buffer);
  RequireRange(buffer, 0, array.bytes());
  physical.Enter();
  MemoryBox& from = to_array ? *buffer.memory : *array.memory();
  MemoryBox& to = to_array ? *array.memory() : *buffer.memory;
  from.BeforeRead(stream);
  to.BeforeWrite(stream);
  const ArrayCopy copy{array.handle(), array.shape(), array.format(), buffer.data(), to_array};
  physical.Check(physical.runtime().Memcpy3DAsync(copy, stream->handle()), "cudaMemcpy3DAsync");
  return call.Undefined();
}

// Three address modes, filter, how elements are read, normalised coordinates, the border's
// channels.
TextureSampling SamplingOf(const std::array<double, 10>& numbers) {
  TextureSampling sampling;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    sampling.address[axis] = static_cast<AddressMode>(Whole(numbers[axis], 3));
  }
  sampling.linear = numbers[3] != 0;
  sampling.normalized = numbers[4] != 0;
  sampling.normalized_coordinates = numbers[5] != 0;
  for (std::size_t i = 0; i < 4; ++i) sampling.border[i] = static_cast<float>(numbers[6 + i]);
  return sampling;
}

napi_value AddTexture(Call& call, std::shared_ptr<TextureBox> texture) {
  return call.FromNumber(call.environment().textures.Add(std::move(texture)));
}

napi_value CreateArrayTexture(Call& call) {
  const ArrayBox& array = *call.TextureArray(0);
  const TextureSampling sampling = SamplingOf(Numbers<10>(call, 1));
  array.memory()->device().physical->Enter();
  const TextureResource resource{.array = array.handle(), .format = array.format()};
  return AddTexture(call, std::make_shared<TextureBox>(array.memory(), resource, sampling));
}

// Of a line of device memory, or of rows of it where there is a height.
napi_value CreateBufferTexture(Call& call) {
  const BufferView& buffer = *call.Buffer(0);
  const auto numbers = Numbers<6>(call, 1);
  const TextureSampling sampling = SamplingOf(Numbers<10>(call, 2));
  TextureResource resource{.format = FormatOf(std::span(numbers).first<3>())};
  resource.memory = buffer.data();
  resource.width = Whole(numbers[3], kMaxLinearTexture);
  resource.height = Whole(numbers[4], kMostExtent);
  resource.pitch = Whole(numbers[5], kMaxLinearTexture);
  const bool is_line = resource.height == 0;
  resource.kind = is_line ? TextureResource::Kind::kLinear : TextureResource::Kind::kPitch2D;
  const std::size_t row = resource.width * resource.format.bytes();
  RequireRange(buffer, 0, is_line ? row : (resource.height - 1) * resource.pitch + row);
  buffer.memory->device().physical->Enter();
  return AddTexture(call, std::make_shared<TextureBox>(buffer.memory, resource, sampling));
}

napi_value CreateSurface(Call& call) {
  const ArrayBox& array = *call.TextureArray(0);
  array.memory()->device().physical->Enter();
  return AddTexture(call, std::make_shared<TextureBox>(array));
}

napi_value CloseTexture(Call& call) {
  call.environment().textures.Remove(call.Number(0));
  return call.Undefined();
}

}  // namespace

void ExportTextures(napi_env env, napi_value exports, Environment& environment) {
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("createArray", EntryPoint<CreateArray>);
  add("closeArray", EntryPoint<CloseArray>);
  add("copyArray", EntryPoint<CopyArray>);
  add("createArrayTexture", EntryPoint<CreateArrayTexture>);
  add("createBufferTexture", EntryPoint<CreateBufferTexture>);
  add("createSurface", EntryPoint<CreateSurface>);
  add("closeTexture", EntryPoint<CloseTexture>);
}

}  // namespace nodecuda
