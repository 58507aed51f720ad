/**
 * How many compilations run at once: as many as there are processors. NVRTC allows any number; each takes
 * a thread and much memory.
 */
import { availableParallelism } from 'node:os';

let free = availableParallelism();
const waiting: (() => void)[] = [];

/** Calls `work` when there is room for it. */
export async function withSlot<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next(); // the room passes to it
  }
}
