// The argument block: a Float64Array of one environment, through which calls with many numbers pass
// them. What is at which place, a family's description says.
export default {
  constants: {
    ARGUMENT_BLOCK_LENGTH: 4128,
    NO_BUFFER: 0, // in place of a handle: the operand is not there
  },
};
