// Element types, named as in NumPy: bytes of an element. They are numbered in this order: floats
// first, then the integers in pairs, the unsigned one second, with an odd number.
export default {
  floats: { float32: 4, float64: 8, float16: 2, bfloat16: 2 },
  integers: {
    ...{ int8: 1, uint8: 1, int16: 2, uint16: 2 },
    ...{ int32: 4, uint32: 4, int64: 8, uint64: 8 },
  },
};
