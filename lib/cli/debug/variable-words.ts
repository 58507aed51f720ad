/**
 * Variables of the source, in words.
 */
import type { SourceVariable } from '../../index.js';

const MOST_ELEMENTS = 32;
const POINTER = /[*&]$/;

function scalarWords({ type, value, enumerator }: SourceVariable): string {
  if (enumerator !== null) return `${enumerator} (${value})`;
  if (typeof value === 'bigint' && POINTER.test(type)) return `0x${value.toString(16)}`;
  if (typeof value === 'number' && /\bchar$/.test(type) && value >= 32 && value < 127) {
    return `${value} '${String.fromCharCode(value)}'`;
  }
  return Object.is(value, -0) ? '-0' : String(value);
}

/** All on one line: `{x = 1, tags = {1, 2, 3}}`. Of an array the first. */
export function variableWords(variable: SourceVariable): string {
  const { members, length, missing } = variable;
  if (missing !== null) return `<${missing}>`;
  if (variable.value !== null) return scalarWords(variable);
  if (length === null) {
    return `{${members.map((each) => `${each.name} = ${variableWords(each)}`).join(', ')}}`;
  }
  const shown = members.slice(0, MOST_ELEMENTS).map(variableWords);
  return `{${[...shown, ...(length > shown.length ? ['...'] : [])].join(', ')}}`;
}

/** One on a line. */
export function variableRows(variables: readonly SourceVariable[]): string {
  const width = (of: 'name' | 'type') => Math.max(8, ...variables.map((each) => each[of].length));
  const name = width('name');
  const type = width('type');
  return variables
    .map((each) => `${each.name.padEnd(name)} ${each.type.padEnd(type)} ${variableWords(each)}`)
    .join('\n');
}
