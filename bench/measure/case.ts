import type { Device } from 'nodecuda';
import type { Check } from './check';
import type { Contender } from './contenders';

/** What a case is measured with. */
export interface Context {
  readonly device: Device;
  readonly quick: boolean;
  /** Measure every variant of a matrix product. */
  readonly variants: boolean;
}

/** How much one piece of work is: 2 n^3 FLOP, or bytes moved; absent where only time counts. */
export interface Work {
  readonly amount: number;
  readonly unit: 'FLOP' | 'B';
}

/** What a case is about, for plots and goals. Cases that differ in `size` alone make a curve. */
export interface Subject {
  readonly operation: string;
  /** Such as `bfloat16`, or `float32 tf32`. */
  readonly type: string;
  /** What else tells it apart: `NT`, `host to host`. */
  readonly variant: string;
  readonly size: number;
  /** In memory, operands and result, each once; and operations. Both for the roofline. */
  readonly bytes?: number;
  readonly flop?: number;
}

/** What a peer is asked to do: bench/peers/README.md lists operations and keys. */
export interface PeerWork {
  readonly operation: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** How a peer is called in this case, if not by its own name. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface Prepared {
  /** The first is nodecuda; the others are what it is compared with. */
  readonly contenders: readonly Contender[];
  /** What their outputs must be. */
  readonly check?: Check;
  /** How nodecuda does it, such as the variant of a product. */
  readonly note?: string;
  dispose?(): void;
}

export interface Case {
  /** Unique, such as `matmul float32 512`. */
  readonly name: string;
  readonly subject?: Subject;
  readonly work?: Work;
  /** Why it cannot be measured here. */
  readonly skipped?: string;
  /** What peers are asked for; those that have no answer are left out. */
  readonly peerWork?: PeerWork;
  prepare(): Promise<Prepared> | Prepared;
}

/** The reason to skip a case that needs a GPU, undefined on one. */
export function needsGpu({ device }: Context): string | undefined {
  return device.isSimulated ? 'needs a GPU, this is the simulated device' : undefined;
}

/** The reason to skip a case that takes long, where there is little time. */
export function needsTime({ quick }: Context): string | undefined {
  return quick ? 'left out with --quick' : undefined;
}
