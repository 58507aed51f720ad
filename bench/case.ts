import type { Device } from 'nodecuda';
import type { Contender } from './measure';

/** What a case is measured with. */
export interface Context {
  readonly device: Device;
  /** The simulated device's threads; undefined on a GPU. */
  readonly workers: number | undefined;
  readonly quick: boolean;
}

/** How much one piece of work is: 2 n^3 FLOP, or bytes moved; absent where only time counts. */
export interface Work {
  readonly amount: number;
  readonly unit: 'FLOP' | 'B';
}

export interface Prepared {
  /** The first is nodecuda; the others are what it is compared with. */
  readonly contenders: readonly Contender[];
  /** Words about a wrong output of a contender, undefined if it is right. */
  verify?(output: Float32Array): string | undefined;
  dispose?(): void;
}

export interface Case {
  /** Unique, such as `matmul float32 512`. */
  readonly name: string;
  readonly work?: Work;
  /** Why it cannot be measured here. */
  readonly skipped?: string;
  prepare(): Promise<Prepared> | Prepared;
}

/** The reason to skip a case that needs a GPU, undefined on one. */
export function needsGpu({ device }: Context): string | undefined {
  return device.isSimulated ? 'needs a GPU, this is the simulated device' : undefined;
}
