// Generated from abi/kernel.mjs by `npm run abi`: not to be edited.
export const MOST_PARAMETER_BYTES = 32764;
export const MOST_USES = 16;
export const USE_WRITE = 0;
export const USE_READ = 1;
export const USE_TEXTURE = 2;
export const USE_SURFACE = 3;

// Places in the argument block.
export enum Slot {
  kernel = 0,
  stream = 1,
  gridX = 2,
  gridY = 3,
  gridZ = 4,
  blockX = 5,
  blockY = 6,
  blockZ = 7,
  clusterX = 8,
  clusterY = 9,
  clusterZ = 10,
  sharedBytes = 11,
  flags = 12,
  useCount = 13,
  uses = 14,
  prepared = 30,
  padding = 31,
  parameters = 32,
}

// Added up.
export enum Flag {
  cooperative = 1,
  programmatic = 2,
}
