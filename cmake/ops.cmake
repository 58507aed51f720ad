# nodecuda_ops: the host side of the kernels, for the addon and for the C++ tests of it.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/kernels.cmake)

file(GLOB_RECURSE nodecuda_ops_sources CONFIGURE_DEPENDS ${nodecuda_root}/native/ops/*.cc)
add_library(nodecuda_ops STATIC ${nodecuda_ops_sources})
target_compile_options(nodecuda_ops PRIVATE -Wall -Wextra)
set_target_properties(nodecuda_ops PROPERTIES
                      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
target_link_libraries(nodecuda_ops PUBLIC nodecuda_kernels)
