// The module of what is done element by element.
#include "fill.cuh"
#include "vector_add.cuh"
