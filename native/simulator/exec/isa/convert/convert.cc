// cvt of one value. Every conversion exists by way of 64 bits: see stages.h. The commonest have
// handlers of their own besides, in rows.cc, which do it in one loop.
#include "simulator/exec/isa/convert/stages.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <auto kLoad, auto kStore, auto... kChanges>
void Stages(std::byte* file, const Instruction& instruction, LaneMask mask) {
  Values values;
  kLoad(file, instruction.slot[1], &values);
  (kChanges(&values), ...);
  kStore(file, instruction.slot[0], values, mask);
}

template <auto kLoad, class T, auto kChange>
AluHandler IntoRegister(int bytes) {
  switch (bytes) {
    case 1:
      if constexpr (sizeof(T) <= 1) return &Stages<kLoad, &StoreInteger<u8>, kChange>;
      break;
    case 2:
      if constexpr (sizeof(T) <= 2) return &Stages<kLoad, &StoreInteger<u16>, kChange>;
      break;
    case 4:
      if constexpr (sizeof(T) <= 4) return &Stages<kLoad, &StoreInteger<u32>, kChange>;
      break;
    case 8:
      return &Stages<kLoad, &StoreInteger<u64>, kChange>;
  }
  return nullptr;
}

template <auto kLoad, bool kFromSigned, class T>
AluHandler IntegerTo(const Conversion& c) {
  return c.sat ? IntoRegister<kLoad, T, &Clamp<T, kFromSigned>>(c.to_bytes)
               : IntoRegister<kLoad, T, &Wrap<T>>(c.to_bytes);
}
template <auto kLoad, bool kFromSigned, class T>
AluHandler IntegerToReal(const Conversion& c) {
  constexpr auto kOdd = &IntegerToOdd<kFromSigned>;
  // 0 and 1 need no rounding.
  if (c.sat) return &Stages<kLoad, &StoreReal<T, Round::kNearest, false>, kOdd, &ToUnit>;
  switch (c.round) {
    case Round::kNearest:
      return &Stages<kLoad, &StoreReal<T, Round::kNearest, false>, kOdd>;
    case Round::kZero:
      return &Stages<kLoad, &StoreReal<T, Round::kZero, false>, kOdd>;
    case Round::kDown:
      return &Stages<kLoad, &StoreReal<T, Round::kDown, false>, kOdd>;
    case Round::kUp:
      return &Stages<kLoad, &StoreReal<T, Round::kUp, false>, kOdd>;
  }
  return nullptr;
}
template <auto kLoad, bool kSigned>
AluHandler IntegerToDouble(const Conversion& c) {
  constexpr auto kStore = &StoreReal<f64, Round::kNearest, false>;
  if (c.sat) return &Stages<kLoad, kStore, &IntegerToOdd<kSigned>, &ToUnit>;
  switch (c.round) {
    case Round::kNearest:
      return &Stages<kLoad, kStore, &IntegerToF64<kSigned, Round::kNearest>>;
    case Round::kZero:
      return &Stages<kLoad, kStore, &IntegerToF64<kSigned, Round::kZero>>;
    case Round::kDown:
      return &Stages<kLoad, kStore, &IntegerToF64<kSigned, Round::kDown>>;
    case Round::kUp:
      return &Stages<kLoad, kStore, &IntegerToF64<kSigned, Round::kUp>>;
  }
  return nullptr;
}
template <auto kLoad, bool kSigned>
AluHandler FromInteger(const Conversion& c) {
  switch (c.to) {
    case ptx::Type::kU8:
      return IntegerTo<kLoad, kSigned, u8>(c);
    case ptx::Type::kS8:
      return IntegerTo<kLoad, kSigned, s8>(c);
    case ptx::Type::kU16:
      return IntegerTo<kLoad, kSigned, u16>(c);
    case ptx::Type::kS16:
      return IntegerTo<kLoad, kSigned, s16>(c);
    case ptx::Type::kU32:
      return IntegerTo<kLoad, kSigned, u32>(c);
    case ptx::Type::kS32:
      return IntegerTo<kLoad, kSigned, s32>(c);
    case ptx::Type::kU64:
      return IntegerTo<kLoad, kSigned, u64>(c);
    case ptx::Type::kS64:
      return IntegerTo<kLoad, kSigned, s64>(c);
    case ptx::Type::kF16:
      return IntegerToReal<kLoad, kSigned, f16>(c);
    case ptx::Type::kBF16:
      return IntegerToReal<kLoad, kSigned, bf16>(c);
    case ptx::Type::kF32:
      return IntegerToReal<kLoad, kSigned, f32>(c);
    case ptx::Type::kF64:
      return IntegerToDouble<kLoad, kSigned>(c);
    default:
      return nullptr;
  }
}
template <class T>
AluHandler FromRegister(const Conversion& c) {
  constexpr bool kSigned = Limits<T>::kSigned;
  switch (c.from_bytes) {
    case 1:
      if constexpr (sizeof(T) <= 1) return FromInteger<&LoadInteger<T, u8>, kSigned>(c);
      break;
    case 2:
      if constexpr (sizeof(T) <= 2) return FromInteger<&LoadInteger<T, u16>, kSigned>(c);
      break;
    case 4:
      if constexpr (sizeof(T) <= 4) return FromInteger<&LoadInteger<T, u32>, kSigned>(c);
      break;
    case 8:
      return FromInteger<&LoadInteger<T, u64>, kSigned>(c);
  }
  return nullptr;
}

template <auto kLoad, class T, bool kFromDouble>
AluHandler RealToInteger(const Conversion& c) {
  constexpr bool kTop = kFromDouble || sizeof(T) == 8;
  switch (c.round) {
    case Round::kNearest:
      return IntoRegister<kLoad, T, &ToInteger<T, Round::kNearest, kTop>>(c.to_bytes);
    case Round::kZero:
      return IntoRegister<kLoad, T, &ToInteger<T, Round::kZero, kTop>>(c.to_bytes);
    case Round::kDown:
      return IntoRegister<kLoad, T, &ToInteger<T, Round::kDown, kTop>>(c.to_bytes);
    case Round::kUp:
      return IntoRegister<kLoad, T, &ToInteger<T, Round::kUp, kTop>>(c.to_bytes);
  }
  return nullptr;
}
template <auto kLoad, class T, Round kRound, bool kFtz>
AluHandler RealToRounded(const Conversion& c) {
  constexpr auto kStore = &StoreReal<T, kRound, kFtz>;
  if (c.sat) return &Stages<kLoad, kStore, &ToUnit>;
  if (c.relu) return &Stages<kLoad, kStore, &ToPositive>;
  return &Stages<kLoad, kStore>;
}
template <auto kLoad, class T, Round kRound, bool kFtz>
AluHandler RealToIntegral(const Conversion& c) {
  constexpr auto kStore = &StoreReal<T, Round::kNearest, kFtz>;
  if (c.sat) return &Stages<kLoad, kStore, &ToIntegral<kRound>, &ToUnit>;
  return &Stages<kLoad, kStore, &ToIntegral<kRound>>;
}
template <auto kLoad, class T, bool kFtz>
AluHandler RealToReal(const Conversion& c) {
  switch (c.round) {
    case Round::kNearest:
      return c.rounding == Conversion::Rounding::kInteger
                 ? RealToIntegral<kLoad, T, Round::kNearest, kFtz>(c)
                 : RealToRounded<kLoad, T, Round::kNearest, kFtz>(c);
    case Round::kZero:
      return c.rounding == Conversion::Rounding::kInteger
                 ? RealToIntegral<kLoad, T, Round::kZero, kFtz>(c)
                 : RealToRounded<kLoad, T, Round::kZero, kFtz>(c);
    case Round::kDown:
      return c.rounding == Conversion::Rounding::kInteger
                 ? RealToIntegral<kLoad, T, Round::kDown, kFtz>(c)
                 : RealToRounded<kLoad, T, Round::kDown, kFtz>(c);
    case Round::kUp:
      return c.rounding == Conversion::Rounding::kInteger
                 ? RealToIntegral<kLoad, T, Round::kUp, kFtz>(c)
                 : RealToRounded<kLoad, T, Round::kUp, kFtz>(c);
  }
  return nullptr;
}
template <auto kLoad, bool kFromDouble>
AluHandler FromReal(const Conversion& c) {
  switch (c.to) {
    case ptx::Type::kU8:
      return RealToInteger<kLoad, u8, kFromDouble>(c);
    case ptx::Type::kS8:
      return RealToInteger<kLoad, s8, kFromDouble>(c);
    case ptx::Type::kU16:
      return RealToInteger<kLoad, u16, kFromDouble>(c);
    case ptx::Type::kS16:
      return RealToInteger<kLoad, s16, kFromDouble>(c);
    case ptx::Type::kU32:
      return RealToInteger<kLoad, u32, kFromDouble>(c);
    case ptx::Type::kS32:
      return RealToInteger<kLoad, s32, kFromDouble>(c);
    case ptx::Type::kU64:
      return RealToInteger<kLoad, u64, kFromDouble>(c);
    case ptx::Type::kS64:
      return RealToInteger<kLoad, s64, kFromDouble>(c);
    case ptx::Type::kF16:
      return RealToReal<kLoad, f16, false>(c);
    case ptx::Type::kBF16:
      return RealToReal<kLoad, bf16, false>(c);
    case ptx::Type::kF32:
      return c.ftz ? RealToReal<kLoad, f32, true>(c) : RealToReal<kLoad, f32, false>(c);
    case ptx::Type::kF64:
      return RealToReal<kLoad, f64, false>(c);
    default:
      return nullptr;
  }
}

}  // namespace

AluHandler Convert(const Conversion& c) {
  switch (c.from) {
    case ptx::Type::kU8:
      return FromRegister<u8>(c);
    case ptx::Type::kS8:
      return FromRegister<s8>(c);
    case ptx::Type::kU16:
      return FromRegister<u16>(c);
    case ptx::Type::kS16:
      return FromRegister<s16>(c);
    case ptx::Type::kU32:
      return FromRegister<u32>(c);
    case ptx::Type::kS32:
      return FromRegister<s32>(c);
    case ptx::Type::kU64:
      return FromRegister<u64>(c);
    case ptx::Type::kS64:
      return FromRegister<s64>(c);
    case ptx::Type::kF16:
      return FromReal<&LoadReal<f16>, false>(c);
    case ptx::Type::kBF16:
      return FromReal<&LoadReal<bf16>, false>(c);
    case ptx::Type::kF32:
      // To f16 ptxas encodes no flush, whatever the rounding: what is subnormal may round away from
      // zero.
      return c.ftz && c.to != ptx::Type::kF16 ? FromReal<&LoadFlushed, false>(c)
                                              : FromReal<&LoadReal<f32>, false>(c);
    case ptx::Type::kF64:
      return FromReal<&LoadReal<f64>, true>(c);
    default:
      return nullptr;
  }
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
