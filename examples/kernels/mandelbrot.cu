// nvcc -ptx -arch=sm_75 mandelbrot.cu   (all kernels of this folder: npm run make:examples)

// What part of the plane is seen. Passed by value: { struct: { ... } } in the signature.
struct View {
  double left, top;  // of the first pixel
  double step;       // from one pixel to the next
  unsigned width;
  unsigned most_iterations;
};

// Rows first_row, first_row + 1, ... of the image, as red, green, blue. rgb is (rows, width, 3).
extern "C" __global__ void mandelbrot(unsigned char* rgb, View view, unsigned first_row,
                                      unsigned rows) {
  unsigned column = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned row = blockIdx.y * blockDim.y + threadIdx.y;
  if (column >= view.width || row >= rows) return;

  double cx = view.left + view.step * column;
  double cy = view.top - view.step * (first_row + row);
  double x = 0, y = 0;
  unsigned i = 0;
  while (i < view.most_iterations && x * x + y * y <= 4) {
    double next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
    i++;
  }
  // Black inside; outside the brighter, the longer it took.
  float t = i == view.most_iterations ? 0 : sqrtf(float(i) / view.most_iterations);
  unsigned char* pixel = rgb + 3 * (row * view.width + column);
  pixel[0] = 255 * fminf(3 * t, 1);
  pixel[1] = 255 * fminf(2 * t * t, 1);
  pixel[2] = 255 * t * t * t;
}
