/**
 * Gives a class the methods and accessors of others, which themselves are never made.
 *
 * It is how a class low in the house gets methods whose code stands on higher floors: they are
 * declared by merging (`interface Device extends MemoryMethods {}`) and copied here. lib/methods.ts
 * is the only caller.
 *
 * @throws Error if two of them, or the class itself, have a member of the same name
 */
export function mixin(target: Class, ...parts: readonly Class[]): void {
  for (const part of parts) {
    const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(part.prototype);
    for (const name of Reflect.ownKeys(members)) {
      if (name in target.prototype) {
        throw new Error(`${target.name} has a member ${String(name)} already`);
      }
    }
    Object.defineProperties(target.prototype, members);
  }
}

interface Class {
  readonly name: string;
  readonly prototype: object;
}
