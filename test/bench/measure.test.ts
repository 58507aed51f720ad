import { type Contender, compare, quantile, summarize } from '../../bench/measure/contenders';

const EFFORT = { warmupMs: 1, sampleMs: 1, samples: 5, budgetMs: 1000, leastSamples: 2 };

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('quantile', () => {
  test('of an odd and an even number of values, in any order', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 9, 1, 2], 0)).toBe(1);
    expect(quantile([10, 9, 1, 2], 1)).toBe(10);
    expect(quantile([7], 0.25)).toBe(7);
  });

  test('leaves its argument as it is, and refuses an empty one', () => {
    const values = [2, 1];
    quantile(values, 0.5);
    expect(values).toEqual([2, 1]);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

test('summarize: an outlier moves neither median nor spread', () => {
  expect(summarize([1, 2, 3, 4, 1000], 8)).toEqual({
    medianNs: 3,
    minNs: 1,
    spread: 2 / 3,
    samples: 5,
    timesPerSample: 8,
  });
});

describe('compare', () => {
  test('gives the time of one piece of work, of synchronous and asynchronous contenders', async () => {
    const fast: Contender = { name: 'fast', run: (times) => spin(0.1 * times) };
    const slow: Contender = {
      name: 'slow',
      async run(times) {
        await null;
        spin(2 * times);
      },
    };
    const [fastTiming, slowTiming] = await compare([fast, slow], { ...EFFORT, budgetMs: 30_000 });
    expect(fastTiming!.minNs).toBeGreaterThanOrEqual(0.1e6);
    expect(fastTiming!.timesPerSample).toBeGreaterThan(1);
    expect(fastTiming!.samples).toBe(EFFORT.samples);
    expect(slowTiming!.minNs).toBeGreaterThanOrEqual(2e6);
    expect(slowTiming!.timesPerSample).toBe(1);
  });

  test('takes the samples in turn, and stops when its time is up', async () => {
    const order: string[] = [];
    const contender = (name: string): Contender => ({
      name,
      run() {
        order.push(name);
        spin(2);
      },
    });
    const effort = { ...EFFORT, warmupMs: 0, budgetMs: 0 };
    const timings = await compare([contender('a'), contender('b')], effort);
    expect(timings.map(({ samples }) => samples)).toEqual([2, 2]);
    // After one run each to calibrate, the rounds: another one begins each time.
    expect(order).toEqual(['a', 'b', 'a', 'b', 'b', 'a']);
  });

  test('passes the error of a contender on', async () => {
    const broken: Contender = { name: 'broken', run: () => Promise.reject(new Error('no')) };
    await expect(compare([broken], EFFORT)).rejects.toThrow('no');
  });
});
