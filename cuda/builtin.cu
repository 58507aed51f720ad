// All built-in kernels as one module: the only file of this folder that is compiled by itself.
#include "fill.cu"
#include "matmul.cu"
#include "vector_add.cu"
