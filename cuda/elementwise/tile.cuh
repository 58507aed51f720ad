// How elements travel between memory and registers, for every elementwise kernel. A thread holds
// kVectorsPerThread vectors of each operand, as words whatever the dtype, so that one piece of code
// loads a tile, one of many computes in registers, and one stores it.
#pragma once

#include "cuda/common.cuh"
#include "cuda/elementwise/arguments.h"

namespace elementwise {

using namespace nodecuda;

constexpr int kThreads = 256;
constexpr int kVectorsPerThread = 4;  // independent loads in flight for each input

template <int kBytes>
struct BitsOf;
template <>
struct BitsOf<1> {
  using Type = std::uint8_t;
};
template <>
struct BitsOf<2> {
  using Type = std::uint16_t;
};
template <>
struct BitsOf<4> {
  using Type = std::uint32_t;
};
template <>
struct BitsOf<8> {
  using Type = std::uint64_t;
};
template <int kBytes>
using Bits = typename BitsOf<kBytes>::Type;

// kLength elements of kElementBytes each, as bits: what one instruction moves. Kept in words,
// because registers are; elements are shifted in and out.
template <int kBytesOfElement, int kLength>
struct Vector {
  static constexpr int kElementBytes = kBytesOfElement;
  static constexpr int kCount = kLength;
  static constexpr int kBytes = kElementBytes * kCount;
  static constexpr int kWordBytes = kElementBytes == 8 ? 8 : kBytes < 4 ? kBytes : 4;
  static constexpr int kPerWord = kWordBytes / kElementBytes;
  using Element = Bits<kElementBytes>;
  using Word = Bits<kWordBytes>;
  static constexpr int kWords = kBytes / kWordBytes;
  Word words[kWords];

  __device__ __forceinline__ Element Get(int i) const {
    return static_cast<Element>(words[i / kPerWord] >> (i % kPerWord * kElementBytes * 8));
  }
  // For a vector that was zero there.
  __device__ __forceinline__ void Set(int i, Element bits) {
    words[i / kPerWord] |= static_cast<Word>(bits) << (i % kPerWord * kElementBytes * 8);
  }
  static __device__ __forceinline__ Vector Zero() {
    Vector vector;
#pragma unroll
    for (int i = 0; i < kWords; ++i) vector.words[i] = 0;
    return vector;
  }
  static __device__ __forceinline__ Vector Repeat(Element bits) {
    Vector vector = Zero();
#pragma unroll
    for (int i = 0; i < kCount; ++i) vector.Set(i, bits);
    return vector;
  }
  // Registers have no index: a loop over words that is not unrolled works on the first and rotates.
  __device__ __forceinline__ void RotateIn(Word last) {
#pragma unroll
    for (int i = 0; i + 1 < kWords; ++i) words[i] = words[i + 1];
    words[kWords - 1] = last;
  }
  __device__ __forceinline__ void Rotate() {
    RotateIn(words[0]);
  }
};

// A vector in memory.
template <typename V>
struct alignas(V::kBytes) Stored {
  V vector;
};

// What a thread does at a time where it cannot move whole vectors: so many loads are in flight, and
// so many indices are divided together.
constexpr int kGroup = 4;
static_assert(kGroup == kVectorsPerThread);  // or else Offsets has to know which it serves

// The vectors of one operand in one thread.
template <typename V>
struct Tile {
  static constexpr int kGroupWords = kGroup / V::kPerWord;
  static constexpr int kTileWords = kVectorsPerThread * V::kWords;
  V vectors[kVectorsPerThread];

  __device__ __forceinline__ void RotateIn(const V& last) {
#pragma unroll
    for (int i = 0; i + 1 < kVectorsPerThread; ++i) vectors[i] = vectors[i + 1];
    vectors[kVectorsPerThread - 1] = last;
  }
  __device__ __forceinline__ void Rotate() {
    RotateIn(vectors[0]);
  }

  __device__ __forceinline__ void RotateGroupIn(const typename V::Element (&elements)[kGroup]) {
    Vector<V::kElementBytes, kGroup> last = Vector<V::kElementBytes, kGroup>::Zero();
#pragma unroll
    for (int i = 0; i < kGroup; ++i) last.Set(i, elements[i]);
#pragma unroll
    for (int i = 0; i + kGroupWords < kTileWords; ++i) WordAt(i) = WordAt(i + kGroupWords);
#pragma unroll
    for (int i = 0; i < kGroupWords; ++i) {
      WordAt(kTileWords - kGroupWords + i) =
          last.words[i / kPack] >> (i % kPack * 8 * V::kWordBytes);
    }
  }
  __device__ __forceinline__ void FirstGroup(typename V::Element (&elements)[kGroup]) const {
#pragma unroll
    for (int i = 0; i < kGroup; ++i) {
      elements[i] = vectors[i / V::kCount].Get(i % V::kCount);
    }
  }

 private:
  // A group has words of its own where a vector is shorter than it.
  static constexpr int kPack = Vector<V::kElementBytes, kGroup>::kWordBytes / V::kWordBytes;
  __device__ __forceinline__ typename V::Word& WordAt(int i) {
    return vectors[i / V::kWords].words[i % V::kWords];
  }
};

// Where units lie in kOperands operands from kFirst on (0: out, 1: x, 2: y), in elements.
template <int kFirst, int kOperands>
struct Offsets {
  std::int64_t at[kOperands][kGroup];

  // Units `first`, first + kThreads, and so on.
  __device__ __forceinline__ Offsets(const ElementwiseArguments& arguments, std::uint32_t first) {
    std::uint32_t rest[kGroup];
#pragma unroll
    for (int u = 0; u < kGroup; ++u) {
      rest[u] = first + u * kThreads;
#pragma unroll
      for (int i = 0; i < kOperands; ++i) at[i][u] = 0;
    }
#pragma unroll 1
    for (int d = 0; d < arguments.dimensions; ++d) {
      const ElementwiseDimension& dimension = arguments.dimension[d];
      const IndexDivision extent = dimension.extent;
#pragma unroll
      for (int u = 0; u < kGroup; ++u) {
        const std::uint32_t outer = (__umulhi(rest[u], extent.magic) + rest[u]) >> extent.shift;
        const std::uint32_t position = rest[u] - outer * extent.divisor;
        rest[u] = outer;
#pragma unroll
        for (int i = 0; i < kOperands; ++i) at[i][u] += position * dimension.strides[kFirst + i];
      }
    }
  }
};

// Which part of the work a block does, and how it reaches the elements.
struct Span {
  enum Access { kVectors, kElements, kStridedVectors, kStridedElements };
  Access access;
  std::uint64_t begin;  // element or unit
  std::uint32_t count;  // of them; kVectors: a whole tile
};

// kInputs inputs with elements of kInBytes become one output with elements of kOutBytes.
template <int kInputs, int kInBytes, int kOutBytes>
struct Transfer {
  static constexpr int kInputCount = kInputs;
  static constexpr int kCount = kVectorBytes / (kInBytes > kOutBytes ? kInBytes : kOutBytes);
  static constexpr std::uint32_t kVectorsPerTile = kThreads * kVectorsPerThread;
  static constexpr std::uint32_t kTile = kVectorsPerTile * kCount;
  using In = Vector<kInBytes, kCount>;
  using Out = Vector<kOutBytes, kCount>;
  static constexpr std::uint32_t kGroups = kVectorsPerThread * kCount / kGroup;
  using InElement = typename In::Element;
  using OutElement = typename Out::Element;

  const ElementwiseArguments& arguments;
  Tile<In> inputs[kInputs];
  Tile<Out> out;

  __device__ __forceinline__ explicit Transfer(const ElementwiseArguments& all) : arguments(all) {}

  // Elements before the first whole vector, if the operands have that in common; or else -1.
  __device__ __forceinline__ int Head() const {
    const auto to_aligned = [](const void* pointer, int bytes, int vector_bytes) {
      const auto address = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer));
      return static_cast<int>((0u - address) % static_cast<std::uint32_t>(vector_bytes)) / bytes;
    };
    const int head = to_aligned(arguments.out, kOutBytes, Out::kBytes);
#pragma unroll
    for (int i = 0; i < kInputs; ++i) {
      const void* input = arguments.inputs[i];
      if (input != nullptr && to_aligned(input, kInBytes, In::kBytes) != head) return -1;
    }
    return head;
  }

  // Calls `compute` with the inputs of each span of this block loaded, and stores `out`.
  template <typename Compute>
  __device__ __forceinline__ void Run(const Compute& compute) {
    Span span;
    int head = 0;
    if (arguments.dimensions == 0) {
      head = Head();
      const bool can_be_vectors = head >= 0;
      if (head < 0 || static_cast<std::uint64_t>(head) > arguments.length) head = 0;
      span.begin = static_cast<std::uint64_t>(blockIdx.x) * kTile + head;
      span.count = Rest(span.begin, kTile);
      span.access = can_be_vectors && span.count == kTile ? Span::kVectors : Span::kElements;
      if (blockIdx.x != 0) head = 0;
    } else {
      const bool vectors = arguments.access[0] == kByVector;
      const std::uint32_t units = vectors ? kVectorsPerTile : kTile;
      span.begin = static_cast<std::uint64_t>(blockIdx.x) * units;
      span.count = Rest(span.begin, units);
      span.access = vectors ? Span::kStridedVectors : Span::kStridedElements;
    }
    while (true) {
      Load(span);
      compute(*this);
      Store(span);
      if (head == 0) return;
      span = {Span::kElements, 0, static_cast<std::uint32_t>(head)};
      head = 0;
    }
  }

 private:
  __device__ __forceinline__ std::uint32_t Rest(std::uint64_t begin, std::uint32_t most) const {
    if (begin >= arguments.length) return 0;
    const std::uint64_t rest = arguments.length - begin;
    return rest < most ? static_cast<std::uint32_t>(rest) : most;
  }

  __device__ __forceinline__ const InElement* Input(int i) const {
    return static_cast<const InElement*>(arguments.inputs[i]);
  }
  __device__ __forceinline__ OutElement* Output() const {
    return static_cast<OutElement*>(arguments.out);
  }

  __device__ __forceinline__ void Load(const Span& span) {
    if (span.access == Span::kStridedVectors) {
      LoadStridedVectors(span);
    } else if (span.access == Span::kStridedElements) {
      LoadStridedElements(span);
    } else {
#pragma unroll
      for (int i = 0; i < kInputs; ++i) {
        if (arguments.inputs[i] != nullptr) LoadRun(span, Input(i) + span.begin, inputs[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < kInputs; ++i) {
      if (arguments.inputs[i] != nullptr) continue;
      const In repeated = In::Repeat(static_cast<InElement>(arguments.scalars[1]));
#pragma unroll
      for (int j = 0; j < kVectorsPerThread; ++j) inputs[i].vectors[j] = repeated;
    }
  }

  static __device__ __forceinline__ void LoadRun(const Span& span, const InElement* from,
                                                 Tile<In>& to) {
    if (span.access == Span::kVectors) {
      const auto* vectors = reinterpret_cast<const Stored<In>*>(from);
#pragma unroll
      for (int j = 0; j < kVectorsPerThread; ++j) {
        // All of it: of a copy of its member alone nvcc makes a load for each word (sm_75 to
        // sm_90).
        const Stored<In> stored = vectors[j * kThreads + threadIdx.x];
        to.vectors[j] = stored.vector;
      }
      return;
    }
#pragma unroll 1
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      InElement elements[kGroup];
#pragma unroll
      for (int i = 0; i < kGroup; ++i) {
        const std::uint32_t index = IndexInSpan(group, i);
        elements[i] = index < span.count ? from[index] : InElement{0};
      }
      to.RotateGroupIn(elements);
    }
  }

  // In elements: neighbouring threads take neighbours.
  static __device__ __forceinline__ std::uint32_t IndexInSpan(std::uint32_t group, int i) {
    return (group * kGroup + i) * kThreads + threadIdx.x;
  }

  __device__ __forceinline__ void LoadStridedVectors(const Span& span) {
    const Offsets<1, kInputs> offsets(arguments,
                                      static_cast<std::uint32_t>(span.begin) + threadIdx.x);
#pragma unroll
    for (int i = 0; i < kInputs; ++i) {
      if (arguments.inputs[i] == nullptr) continue;
      const bool repeated = arguments.access[1 + i] == kRepeated;
#pragma unroll
      for (int j = 0; j < kVectorsPerThread; ++j) {
        if (j * kThreads + threadIdx.x >= span.count) {
          inputs[i].vectors[j] = In::Zero();
          continue;
        }
        const InElement* from = Input(i) + offsets.at[i][j];
        inputs[i].vectors[j] =
            repeated ? In::Repeat(*from) : reinterpret_cast<const Stored<In>*>(from)->vector;
      }
    }
  }

  __device__ __forceinline__ void LoadStridedElements(const Span& span) {
#pragma unroll 1
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      const std::uint32_t first = IndexInSpan(group, 0);
      const Offsets<1, kInputs> offsets(arguments, static_cast<std::uint32_t>(span.begin) + first);
#pragma unroll
      for (int i = 0; i < kInputs; ++i) {
        InElement elements[kGroup];
#pragma unroll
        for (int u = 0; u < kGroup; ++u) {
          const bool in_range = first + u * kThreads < span.count && arguments.inputs[i] != nullptr;
          elements[u] = in_range ? Input(i)[offsets.at[i][u]] : InElement{0};
        }
        inputs[i].RotateGroupIn(elements);
      }
    }
  }

  __device__ __forceinline__ void Store(const Span& span) {
    if (span.access == Span::kVectors) {
      auto* vectors = reinterpret_cast<Stored<Out>*>(Output() + span.begin);
#pragma unroll
      for (int j = 0; j < kVectorsPerThread; ++j) {
        vectors[j * kThreads + threadIdx.x].vector = out.vectors[j];
      }
    } else if (span.access == Span::kStridedVectors) {
      const Offsets<0, 1> offsets(arguments, static_cast<std::uint32_t>(span.begin) + threadIdx.x);
#pragma unroll
      for (int j = 0; j < kVectorsPerThread; ++j) {
        if (j * kThreads + threadIdx.x >= span.count) continue;
        reinterpret_cast<Stored<Out>*>(Output() + offsets.at[0][j])->vector = out.vectors[j];
      }
    } else if (span.access == Span::kStridedElements) {
      StoreStridedElements(span);
    } else {
      OutElement* to = Output() + span.begin;
#pragma unroll 1
      for (std::uint32_t group = 0; group < kGroups; ++group) {
        OutElement elements[kGroup];
        out.FirstGroup(elements);
        out.RotateGroupIn(elements);
#pragma unroll
        for (int i = 0; i < kGroup; ++i) {
          const std::uint32_t index = IndexInSpan(group, i);
          if (index < span.count) to[index] = elements[i];
        }
      }
    }
  }

  __device__ __forceinline__ void StoreStridedElements(const Span& span) {
#pragma unroll 1
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      OutElement elements[kGroup];
      out.FirstGroup(elements);
      out.RotateGroupIn(elements);
      const std::uint32_t first = IndexInSpan(group, 0);
      const Offsets<0, 1> offsets(arguments, static_cast<std::uint32_t>(span.begin) + first);
#pragma unroll
      for (int u = 0; u < kGroup; ++u) {
        if (first + u * kThreads < span.count) Output()[offsets.at[0][u]] = elements[u];
      }
    }
  }
};

}  // namespace elementwise
