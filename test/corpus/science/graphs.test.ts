// Graphs and sparse matrices, made at random.
import { blocks, device, expectClose, load, ROUNDING, range, seeded, sum } from '../support.js';

const kernels = load('science/graphs');

interface Graph {
  readonly n: number;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** Up to `most` edges from each vertex, to any. */
function randomGraph(n: number, most: number, seed: number): Graph {
  const random = seeded(seed);
  const neighbours = range(n).map(() =>
    range(random.integer(0, most + 1)).map(() => random.integer(0, n)),
  );
  const rows = new Int32Array(n + 1);
  for (const [i, list] of neighbours.entries()) rows[i + 1] = rows[i]! + list.length;
  return { n, rows, columns: Int32Array.from(neighbours.flat()) };
}

const edgesOf = ({ rows, columns }: Graph, vertex: number) =>
  columns.subarray(rows[vertex], rows[vertex + 1]);

const onDevice = ({ rows, columns }: Graph) =>
  // A buffer of nothing has no address to be given to a kernel.
  [device.from(rows), device.from(columns.length > 0 ? columns : new Int32Array(1))] as const;

const SHAPES = [
  [1, 0],
  [33, 1],
  [257, 3],
  [500, 8],
] as const;
const config = (n: number) => ({ grid: blocks(n, 64), block: 64 });

test.each(SHAPES)('breadth first: %i vertices of up to %i edges', async (n, most) => {
  const bfs = kernels.kernel('bfs_level', [
    'const int32*',
    'const int32*',
    'int32*',
    'const int32*',
    'int32',
    'int32*',
    'int32*',
    'int32',
  ]);
  const graph = randomGraph(n, most, n);
  const csr = onDevice(graph);
  const start = Int32Array.from(range(n), (i) => (i === 0 ? 0 : -1));
  const level = device.from(start);
  let frontier = device.alloc('int32', n);
  let next = device.alloc('int32', n);
  const size = device.alloc('int32', 1);
  for (let depth = 1, width = 1; width > 0; depth++) {
    size.fill(0);
    bfs.launch(config(width), ...csr, level, frontier, width, next, size, depth);
    width = (await size.read())[0]!;
    [frontier, next] = [next, frontier];
  }
  const expected = start.slice();
  const queue = [0];
  for (const vertex of queue) {
    for (const other of edgesOf(graph, vertex)) {
      if (expected[other] !== -1) continue;
      expected[other] = expected[vertex]! + 1;
      queue.push(other);
    }
  }
  expect(await level.read()).toEqual(expected);
});

test.each(SHAPES)('sparse products: %i rows of up to %i numbers', async (n, most) => {
  const graph = randomGraph(n, 6 * most, n); // some rows are longer than a warp
  const [rows, columns] = onDevice(graph);
  const values = seeded(n).floats(Math.max(graph.columns.length, 1));
  const x = seeded(n + 1).floats(n);
  const products = (row: number) =>
    Array.from(edgesOf(graph, row), (column, e) => values[graph.rows[row]! + e]! * x[column]!);
  const expected = range(n).map((row) => sum(products(row)));

  const single = device.alloc('float32', n).fill(Number.NaN);
  kernels
    .kernel('spmv_scalar', [
      'const int32*',
      'const int32*',
      'const float32*',
      'const float32*',
      'float32*',
      'int32',
    ])
    .launch(config(n), rows, columns, device.from(values), device.from(x), single, n);
  expectClose(await single.read(), expected, { absolute: 6 * (most + 1) * 4 * ROUNDING });

  const double = device.alloc('float64', n).fill(Number.NaN);
  kernels
    .kernel('spmv_vector', [
      'const int32*',
      'const int32*',
      'const float64*',
      'const float64*',
      'float64*',
      'int32',
    ])
    .launch(
      config(32 * n),
      rows,
      columns,
      device.from(Float64Array.from(values)),
      device.from(Float64Array.from(x)),
      double,
      n,
    );
  expectClose(await double.read(), expected, { absolute: 2 ** -44 });
});

test.each(SHAPES)('PageRank, four steps: %i vertices of up to %i edges', async (n, most) => {
  const step = kernels.kernel('page_rank', [
    'const int32*',
    'const int32*',
    'const float32*',
    'float32*',
    'float32*',
    'int32',
  ]);
  const finish = kernels.kernel('page_rank_finish', [
    'float32*',
    'const float32*',
    'float32',
    'int32',
  ]);
  const graph = randomGraph(n, most, n + 7);
  const csr = onDevice(graph);
  let rank = device.alloc('float32', n).fill(1 / n);
  let next = device.alloc('float32', n);
  const lost = device.alloc('float32', 1);
  let expected = new Float64Array(n).fill(1 / n);
  for (let i = 0; i < 4; i++) {
    next.fill(0);
    lost.fill(0);
    step.launch(config(n), ...csr, rank, next, lost, n);
    finish.launch(config(n), next, lost, 0.85, n);
    [rank, next] = [next, rank];

    const after = new Float64Array(n);
    let missing = 0;
    for (const [vertex, share] of expected.entries()) {
      const edges = edgesOf(graph, vertex);
      if (edges.length === 0) missing += share;
      for (const other of edges) after[other]! += share / edges.length;
    }
    expected = after.map((share) => (0.15 + 0.85 * missing) / n + 0.85 * share);
  }
  const actual = await rank.read();
  // Sums of up to n numbers, all positive.
  expectClose(actual, expected, { relative: 4 * (n + 8) * ROUNDING });
  expectClose([sum(actual)], [1], { absolute: 4 * (n + 8) * ROUNDING });
});

test.each([1, 17, 40])('all shortest paths of %i vertices', async (n) => {
  const relax = kernels.kernel('floyd_warshall', ['int32*', 'int32', 'int32']);
  const random = seeded(n);
  const far = 1 << 28;
  const weights = Int32Array.from(range(n * n), (i) => {
    if (i % (n + 1) === 0) return 0;
    return random.integer(0, 6) === 0 ? random.integer(1, 100) : far;
  });
  const out = device.from(weights);
  const grid = [blocks(n, 16), blocks(n, 8)] as const;
  for (let k = 0; k < n; k++) relax.launch({ grid, block: [16, 8] }, out, k, n);
  // Bellman and Ford, from each vertex.
  const edges = range(n * n)
    .filter((i) => weights[i]! < far)
    .map((i) => ({ from: Math.floor(i / n), to: i % n, weight: weights[i]! }));
  const expected = range(n).flatMap((source) => {
    const distance = new Int32Array(n).fill(far);
    distance[source] = 0;
    for (let round = 0; round < n; round++) {
      for (const { from, to, weight } of edges) {
        if (distance[from]! + weight < distance[to]!) distance[to] = distance[from]! + weight;
      }
    }
    return [...distance];
  });
  expect([...(await out.read())]).toEqual(expected);
});

test.each([
  [1, 1],
  [100, 60],
  [300, 290],
])('components: %i vertices, %i edges', async (n, count) => {
  const spread = kernels.kernel('spread_labels', ['const int32*', 'int32*', 'int32*', 'int32']);
  const edges = seeded(n).integers(2 * count, 0, n);
  const labels = device.from(Int32Array.from(range(n)));
  const changed = device.alloc('int32', 1);
  const pairs = device.from(edges);
  do {
    changed.fill(0);
    spread.launch(config(count), pairs, labels, changed, count);
  } while ((await changed.read())[0] !== 0);
  // Union by the smaller root.
  const parent = range(n);
  const root = (vertex: number): number =>
    parent[vertex] === vertex ? vertex : root(parent[vertex]!);
  for (let e = 0; e < count; e++) {
    const [a, b] = [root(edges[2 * e]!), root(edges[2 * e + 1]!)];
    parent[Math.max(a, b)] = Math.min(a, b);
  }
  expect([...(await labels.read())]).toEqual(range(n).map(root));
});
