/**
 * Which names a parameter may have: they stand in generated C++, beside other names.
 */
import { rangeError } from '../../base/checks.js';
import { describeKey } from '../../base/describe.js';
import { DTYPES } from '../../base/dtype.js';

/** What may stand for a dtype. */
export const TYPE_VARIABLES: readonly string[] = ['T', 'U', 'V', 'W'];

const words = (text: string) => text.trim().split(/\s+/);

/** Of C++20, and what CUDA adds. */
const RESERVED: ReadonlySet<string> = new Set([
  ...words(`
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
    co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern
    false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public register reinterpret_cast requires return short signed
    sizeof static static_assert static_cast struct switch template this thread_local throw true try
    typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq typeof`),
  ...words('threadIdx blockIdx blockDim gridDim warpSize raw'),
]);
const TYPES: ReadonlySet<string> = new Set([...DTYPES, ...TYPE_VARIABLES]);

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MOST_CHARACTERS = 100;

/**
 * Checks a name that is to stand in generated source.
 *
 * @param what - what it names, for messages
 * @param taken - names that mean something else there, with what they mean
 * @throws RangeError
 */
export function checkName(
  name: string,
  what: string,
  taken: Readonly<Record<string, string>> = {},
): string {
  const refuse = (why: string) =>
    rangeError(`${what} may not be called \`${describeKey(name)}\`: ${why}`);
  if (!IDENTIFIER.test(name)) throw refuse('that is no identifier of C');
  if (name.length > MOST_CHARACTERS) throw refuse(`that has ${name.length} characters`);
  if (RESERVED.has(name)) throw refuse('that is a reserved word');
  if (TYPES.has(name)) throw refuse('that is a type');
  if (name.startsWith('_') || name.includes('__') || /^nodecuda/i.test(name)) {
    throw refuse('names with _ in front, with __ or beginning with nodecuda are reserved');
  }
  if (Object.hasOwn(taken, name)) throw refuse(`that is ${taken[name]}`);
  return name;
}
