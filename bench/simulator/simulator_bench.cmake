# nodecuda_simulator_bench: `npm run bench:simulator`. Part of all only with the tests, so that it compiles.
find_program(NODECUDA_NVCC nvcc)
if(NOT NODECUDA_NVCC)
  return()
endif()
set(corpus ${CMAKE_CURRENT_LIST_DIR}/corpus.cu)
set(corpus_ptx ${CMAKE_BINARY_DIR}/simulator-bench.ptx)
add_custom_command(OUTPUT ${corpus_ptx} DEPENDS ${corpus}
  COMMAND ${NODECUDA_NVCC} -std=c++17 -O3 -arch=compute_80 -ptx -o ${corpus_ptx} ${corpus} VERBATIM)
file(GLOB bench_sources ${CMAKE_CURRENT_LIST_DIR}/*.cc)
add_executable(nodecuda_simulator_bench ${bench_sources} ${corpus_ptx})
if(NOT NODECUDA_BUILD_TESTS)
  set_target_properties(nodecuda_simulator_bench PROPERTIES EXCLUDE_FROM_ALL TRUE)
endif()
target_include_directories(nodecuda_simulator_bench PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../..)
target_link_libraries(nodecuda_simulator_bench PRIVATE nodecuda_simulator)
# As fast as this machine's compiler makes it.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/host.cc PROPERTIES
  COMPILE_OPTIONS "-O3;-march=native;-fno-math-errno")
