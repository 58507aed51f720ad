/**
 * What was compiled, in memory: the least recently used goes when there is too much.
 */

interface Entry<T> {
  readonly source: string;
  readonly key: string;
  readonly value: T;
  readonly bytes: number;
}

/**
 * By source and key. Not by one text of both: to look the two up takes no time if the source is the same
 * string as before, whose hash the engine remembers.
 */
export class MemoryCache<T> {
  readonly #bySource = new Map<string, Map<string, Entry<T>>>();
  /** The least recently used first. */
  readonly #order = new Set<Entry<T>>();
  #bytes = 0;

  constructor(readonly limitBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  get(source: string, key: string): T | undefined {
    const entry = this.#bySource.get(source)?.get(key);
    if (entry === undefined) return undefined;
    this.#order.delete(entry);
    this.#order.add(entry);
    return entry.value;
  }

  set(source: string, key: string, value: T, valueBytes: number): void {
    this.#drop(this.#bySource.get(source)?.get(key));
    // A source that several entries share is counted for each.
    const bytes = valueBytes + source.length + key.length;
    if (bytes > this.limitBytes) return;
    const entry = { source, key, value, bytes };
    let ofSource = this.#bySource.get(source);
    if (ofSource === undefined) {
      ofSource = new Map();
      this.#bySource.set(source, ofSource);
    }
    ofSource.set(key, entry);
    this.#order.add(entry);
    this.#bytes += bytes;
    for (const oldest of this.#order) {
      if (this.#bytes <= this.limitBytes) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#bySource.clear();
    this.#order.clear();
    this.#bytes = 0;
  }

  #drop(entry: Entry<T> | undefined): void {
    if (entry === undefined || !this.#order.delete(entry)) return;
    this.#bytes -= entry.bytes;
    const ofSource = this.#bySource.get(entry.source)!;
    ofSource.delete(entry.key);
    if (ofSource.size === 0) this.#bySource.delete(entry.source);
  }
}
