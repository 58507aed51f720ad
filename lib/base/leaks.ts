/**
 * The backstop for objects that were dropped without `dispose()`: their native handle is closed
 * when they are collected, and the first of each class is warned about.
 */

import { environment } from './environment.js';

/** The part of an object that outlives it until its handle is closed. */
export interface Closable {
  /** Where the object was made; only with NODECUDA_DEBUG=1. */
  readonly stack: string | undefined;
  isOpen(): boolean;
  /** Never throws. */
  close(): void;
}

let debug: boolean | undefined;

/** The stack of an object's creation if NODECUDA_DEBUG=1 asks for it, which makes creation slow. */
export function creationStack(): string | undefined {
  debug ??= environment('NODECUDA_DEBUG') === '1';
  return debug ? withoutOwnFrames(longStack()) : undefined;
}

/** `file:line:column` of the first frame that is not of this library. */
export function callSite(): string {
  const frame = withoutOwnFrames(longStack())?.split('\n')[1] ?? '';
  return /([^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1] ?? 'an unknown place';
}

const HERE = 'created here';
const MOST_OWN_FRAMES = 10;

function longStack(): unknown {
  const limit = Error.stackTraceLimit;
  // False where Error is frozen.
  if (!Reflect.set(Error, 'stackTraceLimit', limit + MOST_OWN_FRAMES)) return new Error(HERE).stack;
  const { stack } = new Error(HERE);
  Error.stackTraceLimit = limit;
  return stack;
}

// The first frame is of this file. It is in a folder of its own, or bundled with the others; in a
// program that is one bundle as a whole, nothing tells its frames from ours.
function withoutOwnFrames(stack: unknown): string | undefined {
  if (typeof stack !== 'string') return undefined; // Error.prepareStackTrace may give anything
  const lines = stack.split('\n');
  const own = /([^\s()]+?)(?:base\/leaks)?\.[cm]?[jt]s:\d+:\d+\)?$/.exec(lines[1] ?? '')?.[1];
  const others = lines.filter((line) => own === undefined || !line.includes(own));
  const isCallers = (line: string) => /:\d+:\d+\)?$/.test(line) && !line.includes('node:');
  return (others.some(isCallers) ? others : lines).join('\n');
}

const warned = new Set<string>();

function warn(className: string, stack: string | undefined): void {
  if (warned.has(className)) return;
  warned.add(className);
  process.emitWarning(
    `A ${className} was garbage collected without dispose(): its memory was in use until now. ` +
      `Call dispose(), or declare it with \`using\`. This is said once per class.`,
    {
      code: 'NODECUDA_LEAK',
      detail: stack ?? 'Set NODECUDA_DEBUG=1 to see where it was created.',
    },
  );
}

/**
 * Watches objects of one class: `register(object, state)`. The state must not refer to the object.
 * Where `isLeak` is false of an open one, it is closed without a word.
 */
export function leakRegistry<State extends Closable>(
  className: string,
  isLeak: (state: State) => boolean = () => true,
): FinalizationRegistry<State> {
  return new FinalizationRegistry((state) => {
    if (!state.isOpen()) return;
    const wasLeak = isLeak(state);
    state.close();
    if (wasLeak) warn(className, state.stack);
  });
}
