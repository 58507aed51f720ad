// Generated from abi/block.mjs by `npm run abi`: not to be edited.
export const ARGUMENT_BLOCK_LENGTH = 4128;
export const NO_BUFFER = 0;
