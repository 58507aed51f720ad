/**
 * Lists of parameters, `'float32 x, const int32 k, raw float32 table'`, as they are read at run time.
 */
import { argumentTypeError, rangeError, typeError } from '../../base/checks.js';
import { describe } from '../../base/describe.js';
import { DTYPES, type Dtype, dtypeByName } from '../../base/dtype.js';
import { checkName, TYPE_VARIABLES } from './names.js';
import type { TypeVariable } from './types.js';

/** A parameter as it was declared. */
export interface Parameter {
  readonly name: string;
  /**
   * `each`: the element at the index, or a number for all of them. `const`: a number. `raw`: the array.
   */
  readonly kind: 'each' | 'const' | 'raw';
  readonly type: Dtype | TypeVariable;
  readonly isOutput: boolean;
}

/** What an operation takes and gives. */
export interface Declaration {
  readonly inputs: readonly Parameter[];
  readonly outputs: readonly Parameter[];
}

/** Names that every expression finds in scope. */
const IN_SCOPE = { i: 'the index of the element', n: 'the number of elements' };

/** Parameters of a kernel have 4 KiB, of which some are ours. */
const MOST_PARAMETERS = 256;

function readParameter(
  text: string,
  isOutput: boolean,
  taken: Readonly<Record<string, string>>,
): Parameter {
  const list = isOutput ? 'outputs' : 'inputs';
  const words = text.trim().split(/\s+/);
  const qualifier = words[0] === 'raw' || words[0] === 'const' ? words.shift() : undefined;
  const [type, name, ...more] = words;
  if (type === undefined || name === undefined || more.length > 0) {
    throw typeError(
      `Expected a type and a name, such as float32 x, in \`${list}\` but found ${describe(text.trim())}`,
    );
  }
  if (dtypeByName(type) === undefined && !TYPE_VARIABLES.includes(type)) {
    throw typeError(
      `Expected one of ${DTYPES.join(', ')}, or ${TYPE_VARIABLES.join(', ')}, as the type of ` +
        `\`${name}\` but found ${describe(type)}`,
    );
  }
  if (qualifier === 'const' && isOutput) throw typeError(`The output \`${name}\` cannot be const`);
  checkName(name, 'A parameter', taken);
  return {
    name,
    kind: qualifier === undefined ? 'each' : (qualifier as 'raw' | 'const'),
    type: type as Parameter['type'],
    isOutput,
  };
}

/** Reads a list. `taken`: names that mean something else in the expressions, and what. */
function readList(
  value: unknown,
  isOutput: boolean,
  taken: Readonly<Record<string, string>>,
): Parameter[] {
  const list = isOutput ? 'outputs' : 'inputs';
  if (typeof value !== 'string') throw argumentTypeError('a string', list, value);
  if (value.trim() === '') return [];
  return value.split(',').map((part) => readParameter(part, isOutput, taken));
}

/**
 * Reads what an operation takes and gives, before anything is compiled.
 *
 * @param extra - further names that mean something in the expressions
 * @throws TypeError for what cannot be read, RangeError for names that are taken
 */
export function readDeclaration(
  inputs: unknown,
  outputs: unknown,
  extra: Readonly<Record<string, string>> = {},
): Declaration {
  const taken = { ...IN_SCOPE, ...extra };
  const declaration = {
    inputs: readList(inputs, false, taken),
    outputs: readList(outputs, true, taken),
  };
  if (declaration.outputs.length === 0) {
    throw typeError('Expected a type and a name, such as float32 z, in `outputs`');
  }
  const all = [...declaration.inputs, ...declaration.outputs];
  if (all.length > MOST_PARAMETERS) {
    throw rangeError(`There are ${all.length} parameters, more than ${MOST_PARAMETERS}`);
  }
  const names = new Set<string>();
  for (const { name } of all) {
    if (names.has(name)) throw rangeError(`Two parameters are called \`${name}\``);
    names.add(name);
  }
  return declaration;
}
