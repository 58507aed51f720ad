/**
 * The checker of a simulated device: what it is asked for, and what it has found.
 */
import { native, onWaited, onWaitFailure } from '../addon/load.js';
import type { Handle, NativeCheckFinding, NativeCheckPlace } from '../addon/types.js';
import { argumentRangeError, argumentTypeError, checkChoice, readOptions } from '../base/checks.js';
import { isArray } from '../base/describe.js';
import { CudaCheckError } from '../base/errors.js';
import {
  type CheckFinding,
  type CheckKind,
  type CheckPlace,
  findingWords,
} from '../base/finding.js';
import { callSite } from '../base/leaks.js';

/**
 * Findings that are not to be told: those to which all that is given applies. A string is the whole
 * name, or for a source its end; a regular expression is searched for.
 */
export interface CheckSuppression {
  kind?: CheckKind | undefined;
  kernel?: string | RegExp | undefined;
  /** Of `file:line`: `reduce.cu`, `reduce.cu:12`. */
  source?: string | RegExp | undefined;
}

/** What of {@link SimulatedDeviceOptions} is about checking. */
export interface CheckOptions {
  /**
   * What to check kernels for: `true` for everything, or some of
   * - `memory`: accesses out of bounds, misaligned or after the memory was freed, with the allocation
   *   and the distance to it;
   * - `race`: two threads that touch the same bytes, one of them to write, with nothing that orders
   *   them; in shared and device memory; and kernels and copies of different streams that do;
   * - `init`: registers and bytes of shared, local and device memory that are read and were never
   *   written;
   * - `sync`: barriers that some lanes of a warp come to elsewhere, lanes outside of the masks they
   *   name, copies and matrix products (`wgmma`) that are not waited for, missing fences before them,
   *   deadlocks;
   * - `leak`: device memory that is not freed when the device is disposed.
   *
   * Kernels take many times as long, and run on one thread. Default: none.
   */
  check?: true | readonly CheckKind[] | undefined;
  /** What not to tell. */
  suppress?: readonly CheckSuppression[] | undefined;
  /**
   * `report`: findings wait for {@link Device.checkReport}. `throw`: what waits for the device
   * (`synchronize()`, `read()` and their like) fails with a {@link CudaCheckError} if there are new
   * ones that are no mere advice. Default `report`.
   */
  onFinding?: 'report' | 'throw' | undefined;
}

const KINDS: readonly CheckKind[] = ['memory', 'race', 'init', 'sync', 'leak'];

interface Checking {
  readonly kinds: number;
  readonly suppress: readonly CheckSuppression[];
  readonly throws: boolean;
}

function checkKinds(value: unknown): number {
  if (value === undefined) return 0;
  if (value === true) return 2 ** KINDS.length - 1;
  if (!isArray(value)) throw argumentTypeError('true or an array', 'check', value);
  let kinds = 0;
  for (let i = 0; i < value.length; i++) {
    const index = KINDS.indexOf(value[i] as CheckKind);
    if (index < 0) throw argumentRangeError(`one of ${KINDS.join(', ')}`, `check[${i}]`, value[i]);
    kinds |= 1 << index;
  }
  return kinds;
}

function checkPattern(value: unknown, name: string): string | RegExp | undefined {
  if (value === undefined || typeof value === 'string' || value instanceof RegExp) return value;
  throw argumentTypeError('a string or a RegExp', name, value);
}

function checkSuppressions(value: unknown): CheckSuppression[] {
  if (value === undefined) return [];
  if (!isArray(value)) throw argumentTypeError('an array', 'suppress', value);
  return Array.from(value, (each, i) => {
    const given = readOptions(each, { kind: undefined, kernel: undefined, source: undefined });
    if (given.kind !== undefined && !KINDS.includes(given.kind)) {
      throw argumentRangeError(`one of ${KINDS.join(', ')}`, `suppress[${i}].kind`, given.kind);
    }
    return {
      kind: given.kind,
      kernel: checkPattern(given.kernel, `suppress[${i}].kernel`),
      source: checkPattern(given.source, `suppress[${i}].source`),
    };
  });
}

/** What the options ask for; undefined for nothing. */
export function readChecking(given: { [K in keyof CheckOptions]: unknown }): Checking | undefined {
  const kinds = checkKinds(given.check);
  const suppress = checkSuppressions(given.suppress);
  const throws = checkChoice(given.onFinding, ['report', 'throw'], 'onFinding') === 1;
  return kinds === 0 ? undefined : { kinds, suppress, throws };
}

function isSuppressed(finding: CheckFinding, { kind, kernel, source }: CheckSuppression): boolean {
  if (kind !== undefined && kind !== finding.kind) return false;
  const name = finding.at?.kernel ?? '';
  if (typeof kernel === 'string' ? kernel !== name : kernel?.test(name) === false) return false;
  const line = finding.at?.source ?? '';
  if (typeof source !== 'string') return source?.test(line) !== false;
  return line.endsWith(source) || line.replace(/:\d+$/, '').endsWith(source);
}

/**
 * What a checked device has found so far, in the order of the first time of each. Made by
 * {@link Device.checkReport}.
 *
 * @group Own kernels
 */
export class CheckReport {
  constructor(
    readonly findings: readonly CheckFinding[],
    /** Findings that {@link CheckOptions.suppress} leaves out. */
    readonly suppressed: number,
    /** Places that were too many to be kept. */
    readonly dropped: number,
  ) {}

  /** The findings in words. */
  toString(): string {
    const { findings, suppressed, dropped } = this;
    const more = [
      ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
      ...(dropped > 0 ? [`${dropped} more places not kept`] : []),
    ];
    const total = findings.length === 1 ? '1 finding' : `${findings.length || 'no'} findings`;
    return [...findings.map(findingWords), [total, ...more].join(', ')].join('\n');
  }

  /** For `JSON.stringify`: addresses are strings such as `0x7f00`. */
  toJSON(): object {
    const hex = (address: bigint | null) => (address === null ? null : `0x${address.toString(16)}`);
    const findings = this.findings.map((finding) => ({
      ...finding,
      address: hex(finding.address),
      allocation: finding.allocation && {
        ...finding.allocation,
        address: hex(finding.allocation.address),
      },
    }));
    return { findings, suppressed: this.suppressed, dropped: this.dropped };
  }
}

function publicPlace(place: NativeCheckPlace | undefined): CheckPlace | null {
  if (place === undefined || place.mnemonic === '') return null;
  return { ...place, source: place.source === '' ? null : place.source };
}

/** The findings of one device. Outlives it while that has work. */
export class CheckLog {
  readonly handle: Handle;
  readonly #checking: Checking;
  readonly #sites: string[] = [];
  readonly #siteNumbers = new Map<string, number>();
  #findings: CheckFinding[] = [];
  #dropped = 0;
  #isOver = false;
  #told = 0;

  constructor(checking: Checking) {
    this.#checking = checking;
    this.handle = native().openChecks(checking.kinds);
    logs.add(this);
  }

  /** Runs `allocate`, whose allocation is the caller's. */
  allocating<T>(allocate: () => T): T {
    native().setAllocationSite(this.handle, this.#site(callSite()));
    try {
      return allocate();
    } finally {
      native().setAllocationSite(this.handle, 0);
    }
  }

  #site(place: string): number {
    let number = this.#siteNumbers.get(place);
    if (number === undefined) {
      number = this.#sites.push(place);
      this.#siteNumbers.set(place, number);
    }
    return number;
  }

  findLeaks(): void {
    native().findLeaks(this.handle);
  }

  /** Fetches what is new. */
  refresh(): void {
    if (this.#isOver) return;
    const { findings, dropped, isOver } = native().checkFindings(this.handle);
    this.#findings = findings.map((finding) => this.#publicFinding(finding));
    this.#dropped = dropped;
    this.#isOver = isOver;
    if (isOver) logs.delete(this);
  }

  report(): CheckReport {
    this.refresh();
    const told = this.#findings.filter((finding) => !this.#suppresses(finding));
    return new CheckReport(told, this.#findings.length - told.length, this.#dropped);
  }

  /** The error for what was found since the last time; undefined for nothing, or where none is wanted. */
  failure(): CudaCheckError | undefined {
    if (!this.#checking.throws) return undefined;
    this.refresh();
    const fresh = this.#findings
      .slice(this.#told)
      .filter(
        ({ severity, kind }) => severity === 'error' && kind !== 'leak', // which nobody waits for
      )
      .filter((finding) => !this.#suppresses(finding));
    this.#told = this.#findings.length;
    if (fresh.length === 0) return undefined;
    return new CudaCheckError(fresh.map(findingWords).join('\n'), { findings: fresh });
  }

  #suppresses(finding: CheckFinding): boolean {
    return this.#checking.suppress.some((suppression) => isSuppressed(finding, suppression));
  }

  #publicFinding(finding: NativeCheckFinding): CheckFinding {
    const { allocation, at, other, address, isAdvice, kind, message, count } = finding;
    return {
      kind,
      severity: isAdvice ? 'advice' : 'error',
      message,
      at: publicPlace(at),
      other: publicPlace(other),
      address: address === undefined ? null : BigInt(address),
      allocation:
        allocation === undefined
          ? null
          : {
              address: BigInt(allocation.address),
              bytes: allocation.bytes,
              freed: allocation.freed,
              createdAt: this.#sites[allocation.site - 1] ?? null,
            },
      count,
    };
  }
}

const logs = new Set<CheckLog>();

// What closed devices still find is fetched until they have ended, so that nothing is held for ever.
onWaited(() => {
  for (const log of logs) log.refresh();
});
onWaitFailure(() => {
  for (const log of logs) {
    const failure = log.failure();
    if (failure !== undefined) return failure;
  }
  return undefined;
});
