# nodecuda_ptx: the reader of PTX text, for the simulated device and for who checks launches.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/precompile.cmake)

set(nodecuda_native ${CMAKE_CURRENT_LIST_DIR}/../native)
file(GLOB nodecuda_ptx_sources CONFIGURE_DEPENDS ${nodecuda_native}/ptx/*.cc)
add_library(nodecuda_ptx STATIC ${nodecuda_ptx_sources})
target_compile_features(nodecuda_ptx PUBLIC cxx_std_20)
target_include_directories(nodecuda_ptx PUBLIC ${nodecuda_native})
target_compile_options(nodecuda_ptx PRIVATE -fPIC -fvisibility=hidden -Wall -Wextra)
nodecuda_precompile(nodecuda_ptx)
