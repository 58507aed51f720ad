/**
 * What the checker of a simulated device finds.
 */

/** What a simulated device can check: see {@link SimulatedDeviceOptions.check}. */
export type CheckKind = 'memory' | 'race' | 'init' | 'sync' | 'leak';

/** Where in a kernel a thread was. */
export interface CheckPlace {
  readonly kernel: string;
  /** `file:line` of the source, where the PTX tells (`nvcc -lineinfo`); or null. */
  readonly source: string | null;
  /** Line of the PTX. */
  readonly ptxLine: number;
  /** Such as `ld.global.f32`. */
  readonly mnemonic: string;
  /** x, y and z. */
  readonly block: readonly [number, number, number];
  /** x, y and z. */
  readonly thread: readonly [number, number, number];
}

/** Device memory that was allocated at one time. */
export interface CheckAllocation {
  readonly address: bigint;
  readonly bytes: number;
  readonly freed: boolean;
  /** `file:line:column` of the JavaScript that allocated it; null for memory of the library itself. */
  readonly createdAt: string | null;
}

/** What is wrong, or perhaps wrong, at one place of a kernel. */
export interface CheckFinding {
  readonly kind: CheckKind;
  /** `advice`: allowed, but perhaps not meant, or not needed. */
  readonly severity: 'error' | 'advice';
  readonly message: string;
  /** Who did it the first time; null for a leak. */
  readonly at: CheckPlace | null;
  /** The other side of a race, or where the other lanes of a warp are; or null. */
  readonly other: CheckPlace | null;
  /** In device memory, or in the block's shared memory; null if no address is to blame. */
  readonly address: bigint | null;
  /** The allocation that holds the address, held it, or is nearest; or null. */
  readonly allocation: CheckAllocation | null;
  /** How often it happened, with other threads, too. */
  readonly count: number;
}

function placeWords({ kernel, source, ptxLine, mnemonic, block, thread }: CheckPlace): string {
  const where = source === null ? '' : `${source}, `;
  return (
    `kernel ${kernel}, block (${block.join(',')}), thread (${thread.join(',')}), ` +
    `${where}PTX line ${ptxLine} (${mnemonic})`
  );
}

/** A finding in words, over several lines. */
export function findingWords(finding: CheckFinding): string {
  const { kind, severity, message, at, other, allocation, count } = finding;
  const lines = [`${kind}${severity === 'advice' ? ' (advice)' : ''}: ${message}`];
  if (at !== null) lines.push(`  at ${placeWords(at)}`);
  if (other !== null) lines.push(`  and ${placeWords(other)}`);
  if (allocation !== null) {
    const { address, bytes, freed, createdAt } = allocation;
    const made = createdAt === null ? '' : `, allocated at ${createdAt}`;
    lines.push(
      `  ${freed ? 'freed allocation' : 'allocation'} of ${bytes} bytes at 0x${address.toString(16)}${made}`,
    );
  }
  if (count > 1) lines.push(`  ${count} times`);
  return lines.join('\n');
}
