// nvcc -ptx -arch=sm_75 life.cu   (all kernels of this folder: npm run make:examples)

#define TILE 16

// Bit n: a cell with n neighbours is born, or stays alive. Set from JavaScript by module.global('rule').
__constant__ unsigned short rule[2];

// One generation on a torus, (height, width). A block loads its tile with a border of one cell into
// shared memory: each cell is looked at nine times.
extern "C" __global__ void __launch_bounds__(TILE* TILE)
    life(const unsigned char* now, unsigned char* next, int width, int height) {
  __shared__ unsigned char tile[TILE + 2][TILE + 2];
  int left = blockIdx.x * TILE - 1, top = blockIdx.y * TILE - 1;
  for (int i = threadIdx.y * TILE + threadIdx.x; i < (TILE + 2) * (TILE + 2); i += TILE * TILE) {
    int y = i / (TILE + 2), x = i % (TILE + 2);
    tile[y][x] = now[(top + y + height) % height * width + (left + x + width) % width];
  }
  __syncthreads();

  int column = left + 1 + threadIdx.x, row = top + 1 + threadIdx.y;
  if (column >= width || row >= height) return;
  int x = threadIdx.x + 1, y = threadIdx.y + 1;
  int neighbours = tile[y - 1][x - 1] + tile[y - 1][x] + tile[y - 1][x + 1] + tile[y][x - 1] +
                   tile[y][x + 1] + tile[y + 1][x - 1] + tile[y + 1][x] + tile[y + 1][x + 1];
  next[row * width + column] = rule[tile[y][x]] >> neighbours & 1;
}
