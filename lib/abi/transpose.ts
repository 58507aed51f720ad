// Generated from abi/transpose.mjs by `npm run abi`: not to be edited.
// Places in the argument block.
export enum Slot {
  elementBytes = 0,
  batches = 1,
  rows = 2,
  columns = 3,
  x = 4,
  out = 5,
  stream = 6,
}
