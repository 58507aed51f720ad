/** What changed between two reports. */
import type { CaseResult, Row } from '../measure/results';
import type { Change, Comparison, Report } from './report';

function byContender(results: readonly CaseResult[]): Map<string, { name: string; row: Row }> {
  const rows = new Map<string, { name: string; row: Row }>();
  for (const { name, rows: own } of results) {
    for (const row of own) rows.set(`${name}, ${row.contender}`, { name, row });
  }
  return rows;
}

function toChange(name: string, before: Row, after: Row): Change {
  const oldNs = before.medianNs;
  const newNs = after.medianNs;
  // Half an interquartile range to either side of each median.
  const reach = (before.spread * oldNs + after.spread * newNs) / 2;
  return {
    name,
    contender: after.contender,
    oldNs,
    newNs,
    ratio: newNs / oldNs,
    isOutsideSpread: Math.abs(newNs - oldNs) > reach,
  };
}

const EXPECTED_TO_DIFFER = new Set(['date', 'loadBefore']);

function facts(environment: object, prefix = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (EXPECTED_TO_DIFFER.has(name) || value === null) continue;
    if (typeof value === 'object') {
      for (const [inner, text] of facts(value as object, `${prefix}${name}.`)) all.set(inner, text);
    } else {
      all.set(prefix + name, String(value));
    }
  }
  return all;
}

export function compareReports(before: Report, after: Report): Comparison {
  const old = byContender(before.results);
  const now = byContender(after.results);
  const changes: Change[] = [];
  for (const [key, { name, row }] of now) {
    const match = old.get(key);
    if (match !== undefined) changes.push(toChange(name, match.row, row));
  }
  const oldFacts = facts(before.environment);
  const newFacts = facts(after.environment);
  const environment = [...new Set([...oldFacts.keys(), ...newFacts.keys()])]
    .filter((name) => oldFacts.get(name) !== newFacts.get(name))
    .map((name) => `${name}: ${oldFacts.get(name) ?? '-'}, now ${newFacts.get(name) ?? '-'}`);
  return {
    changes,
    gone: [...old.keys()].filter((key) => !now.has(key)),
    added: [...now.keys()].filter((key) => !old.has(key)),
    environment,
  };
}

/** `1.30 times as fast`, `2 % slower, within the spread`. */
export function changeWords({ ratio, isOutsideSpread }: Change): string {
  const factor = ratio < 1 ? 1 / ratio : ratio;
  const much =
    factor >= 1.2 ? `${factor.toFixed(2)} times` : `${(100 * (factor - 1)).toFixed(1)} %`;
  const words = `${much} ${ratio < 1 ? 'faster' : 'slower'}`;
  return isOutsideSpread ? words : `${words}, within the spread`;
}
