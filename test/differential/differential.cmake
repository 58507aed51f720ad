# Adds to the native tests those of the kernels and their host side: native/ops/ with a launch
# recorder, and the shipped PTX on the simulator against the same source compiled by g++.
include(${CMAKE_CURRENT_LIST_DIR}/../../cmake/ops.cmake)

if(NOT NODECUDA_TESTS_FROM)
  file(GLOB_RECURSE differential_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cc)
  target_sources(nodecuda_native_tests PRIVATE ${differential_sources})
endif()
target_include_directories(nodecuda_native_tests PRIVATE ${CMAKE_CURRENT_LIST_DIR}/shim)
target_link_libraries(nodecuda_native_tests PRIVATE nodecuda_ops)

# As device code does, the kernels look at bytes through types other than their own.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/host_kernels.cc PROPERTIES
  COMPILE_OPTIONS "-fno-strict-aliasing;-Wno-unknown-pragmas"
  OBJECT_DEPENDS "${nodecuda_kernel_sources}")
