// Generated from abi/softmax.mjs by `npm run abi`: not to be edited.
// Places in the argument block.
export enum Slot {
  log = 0,
  dtype = 1,
  outDtype = 2,
  stream = 3,
  out = 4,
  outOffset = 5,
  outer = 6,
  axis = 7,
  inner = 8,
  x = 9,
}
