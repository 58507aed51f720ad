/** One case: its contenders and peers are made ready, verified, and measured in turn. */
import type { Case, Prepared } from './measure/case';
import { judge } from './measure/check';
import { type Contender, compare, type Effort, type Timing } from './measure/contenders';
import { type CaseResult, type LeftOut, toRow, toSkipped } from './measure/results';
import { PeerSkip } from './peers/client';
import type { FoundPeer } from './peers/find';

/** A contender to be measured. Those of peers may drop out; nodecuda's own may not. */
interface Entrant {
  readonly contender: Contender;
  readonly isPeer: boolean;
  relativeError: number | null;
}

/** What befell a peer while it was measured. */
class PeerFailure extends Error {
  constructor(
    readonly entrant: Entrant,
    cause: unknown,
  ) {
    super((cause as Error).message);
  }
}

// A peer that says it has no such thing is left out without a word: nothing is missing then.
async function enterPeers(
  { peerWork }: Case,
  peers: readonly FoundPeer[],
  leftOut: LeftOut[],
): Promise<Entrant[]> {
  if (peerWork === undefined) return [];
  const entrants: Entrant[] = [];
  for (const { name, peer } of peers) {
    if (peer === undefined) continue;
    try {
      await peer.prepare(peerWork);
      const contender = peer.contender(peerWork);
      entrants.push({ contender, isPeer: true, relativeError: null });
    } catch (error) {
      const reason = (error as Error).message;
      const hasNone = error instanceof PeerSkip && /^(has no|works in) /.test(reason);
      if (!hasNone) leftOut.push({ contender: name, reason });
    }
  }
  return entrants;
}

/** Runs it once and compares what came out; words about what is wrong, if something is. */
async function verify(entrant: Entrant, check: Prepared['check']): Promise<string | undefined> {
  const { contender } = entrant;
  await contender.run(1);
  if (check === undefined || contender.sample === undefined) return undefined;
  const { problem, relativeError } = judge(check, await contender.sample(check.indices));
  entrant.relativeError = relativeError;
  return problem === undefined ? undefined : `the result is wrong: ${problem}`;
}

// Keeps those whose results are right.
async function verifyAll(
  entrants: readonly Entrant[],
  check: Prepared['check'],
  leftOut: LeftOut[],
): Promise<Entrant[]> {
  const right: Entrant[] = [];
  for (const entrant of entrants) {
    let problem: string | undefined;
    try {
      problem = await verify(entrant, check);
    } catch (error) {
      if (!entrant.isPeer) throw error;
      problem = (error as Error).message;
    }
    const contender = entrant.contender.name;
    if (problem === undefined) right.push(entrant);
    // Without the first there is nothing to compare the others with.
    else if (entrant === entrants[0]) throw new Error(`${contender}: ${problem}`);
    else leftOut.push({ contender, reason: problem });
  }
  return right;
}

/** The contender, whose errors say that they are a peer's. */
function watched(entrant: Entrant): Contender {
  const { contender, isPeer } = entrant;
  if (!isPeer) return contender;
  return {
    ...contender,
    async run(times) {
      try {
        return await contender.run(times);
      } catch (error) {
        throw new PeerFailure(entrant, error);
      }
    },
  };
}

async function compareAll(
  entrants: Entrant[],
  effort: Effort,
  leftOut: LeftOut[],
): Promise<Timing[]> {
  for (;;) {
    try {
      return await compare(entrants.map(watched), effort);
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      leftOut.push({ contender: error.entrant.contender.name, reason: error.message });
      entrants.splice(entrants.indexOf(error.entrant), 1);
    }
  }
}

/** Measures a case. What goes wrong is in the result: the other cases are measured all the same. */
export async function measureCase(
  benchCase: Case,
  effort: Effort,
  peers: readonly FoundPeer[],
): Promise<CaseResult> {
  const { name, subject = null, work = null } = benchCase;
  if (benchCase.skipped !== undefined) return toSkipped(name, subject, work, benchCase.skipped);
  const leftOut: LeftOut[] = [];
  let prepared: Prepared | undefined;
  try {
    prepared = await benchCase.prepare();
    const own = prepared.contenders.map(
      (contender): Entrant => ({ contender, isPeer: false, relativeError: null }),
    );
    const entrants = await verifyAll(
      [...own, ...(await enterPeers(benchCase, peers, leftOut))],
      prepared.check,
      leftOut,
    );
    const timings = await compareAll(entrants, effort, leftOut);
    const rows = entrants.map(({ contender, relativeError }, i) =>
      toRow(contender, timings[i]!, work, relativeError),
    );
    const wrong = own.find((entrant) => !entrants.includes(entrant))?.contender.name;
    const failed = wrong === undefined ? null : `${wrong}: see what was left out`;
    const { note = null } = prepared;
    return { name, subject, work, rows, leftOut, skipped: null, failed, note };
  } catch (error) {
    const failed = (error as Error).message;
    return { name, subject, work, rows: [], leftOut, skipped: null, failed };
  } finally {
    prepared?.dispose?.();
    for (const { peer } of peers) await peer?.release();
  }
}
