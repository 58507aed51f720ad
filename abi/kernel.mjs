// A launch of a kernel of the user's. Its parameters are bytes, laid out as the kernel takes them, with a
// buffer's handle in place of each address; `parameters` is where they begin.
export default {
  slots: [
    ...['kernel', 'stream'],
    ...['gridX', 'gridY', 'gridZ', 'blockX', 'blockY', 'blockZ'],
    ...['clusterX', 'clusterY', 'clusterZ', 'sharedBytes', 'flags'],
    'useCount', // of buffers that are not parameters themselves: what tensor maps describe
    ['uses', 16], // handles, negative where the kernel only reads
    'prepared', // the launch that is prepared again
    'padding',
    ['parameters', 4096],
  ],
  flags: ['cooperative', 'programmatic'],
  constants: {
    MOST_PARAMETER_BYTES: 32764, // what CUDA 12.1 and later take
    MOST_USES: 16,
    // What a handle in the parameters is: of memory that is written, or read, or of something else.
    ...{ USE_WRITE: 0, USE_READ: 1, USE_TEXTURE: 2, USE_SURFACE: 3 },
  },
};
