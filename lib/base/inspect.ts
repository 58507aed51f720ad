/**
 * How objects with `#private` state look from outside: what `console.log` prints of them, and that
 * they cannot be cloned.
 */

/** The method that `util.inspect` calls, by the name that it has without importing node:util. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/**
 * What an `[INSPECT]` method returns: an object with these properties and the class's name, and
 * without the state, whose own `[INSPECT]` returns it as it is.
 */
export function inspected(prototype: object, properties: object): object {
  return Object.create(prototype, Object.getOwnPropertyDescriptors(properties));
}

/**
 * The value of an own property that makes `structuredClone` and `postMessage` throw a
 * DataCloneError with these words, where they would give an object without state. An own property,
 * because Node 20 has no `markAsUncloneable`, which takes longer too; a symbol, because the message
 * has what it describes.
 */
export function uncloneable(words: string): symbol {
  return Symbol(words);
}
