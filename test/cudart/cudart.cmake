# The addon once more, on the test double of the CUDA runtime library (double.h) in place of cudart:
# the same objects, linked again with the double and with PTX in place of the fatbins.
#
#   build/cudart/build/Release/nodecuda.node   found with NODECUDA_PREBUILD=build/cudart
#   build/cudart/control.node                  the double's switches, for tests
#   build/cudart/libnodecuda_cudart_programs.so  what programs need besides, that nvcc compiled
#   build/native-tests/nodecuda_cudart_probe   wrong calls, and loads of PTX
set(cudart_source_dir ${CMAKE_CURRENT_LIST_DIR})
set(cudart_output_dir ${CMAKE_BINARY_DIR}/cudart)
set(cudart_generated_dir ${CMAKE_BINARY_DIR}/generated/cudart)

# Shared, so that the addon and the switches have the same one.
add_library(nodecuda_cudart_double SHARED ${cudart_source_dir}/default_stream.cc ${cudart_source_dir}/devices.cc ${cudart_source_dir}/failures.cc
  ${cudart_source_dir}/libraries.cc ${cudart_source_dir}/memory.cc ${cudart_source_dir}/order.cc
  ${cudart_source_dir}/streams.cc ${cudart_source_dir}/textures.cc)
set_target_properties(nodecuda_cudart_double PROPERTIES
  CXX_VISIBILITY_PRESET default LIBRARY_OUTPUT_DIRECTORY ${cudart_output_dir})
target_compile_options(nodecuda_cudart_double PRIVATE -O1 -Wall -Wextra)
target_include_directories(nodecuda_cudart_double SYSTEM PUBLIC ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(nodecuda_cudart_double PRIVATE nodecuda_simulator)

file(GLOB cudart_programs CONFIGURE_DEPENDS ${cudart_source_dir}/programs/*.cc)
add_library(nodecuda_cudart_programs SHARED ${cudart_programs})
set_target_properties(nodecuda_cudart_programs PROPERTIES CXX_VISIBILITY_PRESET default
  LIBRARY_OUTPUT_DIRECTORY ${cudart_output_dir} BUILD_RPATH ${cudart_output_dir})
target_compile_options(nodecuda_cudart_programs PRIVATE -O1 -Wall -Wextra)
target_link_libraries(nodecuda_cudart_programs PRIVATE nodecuda_cudart_double nodecuda_module_reader nodecuda_simulator)

# What is embedded where the fatbins are: the module's PTX for all targets as one text.
file(MAKE_DIRECTORY ${cudart_generated_dir})
set(cudart_joined "")
foreach(module IN LISTS nodecuda_modules)
  set(files ${ptx_files})
  list(FILTER files INCLUDE REGEX "/${module}\\.sm_")
  if(files)
    set(joined ${cudart_generated_dir}/${module}.ptx)
    add_custom_command(OUTPUT ${joined}
      COMMAND ${NODE_EXECUTABLE} ${cudart_source_dir}/join-ptx.mjs ${joined} ${files}
      DEPENDS ${files} ${cudart_source_dir}/join-ptx.mjs VERBATIM)
    list(APPEND cudart_joined ${joined})
  endif()
endforeach()
string(REGEX REPLACE "\"[^\"]*/([a-z0-9_]+)\\.fatbin\"" "\"${cudart_generated_dir}/\\1.ptx\""
       NODECUDA_EMBEDS "${NODECUDA_EMBEDS}")
configure_file(${CMAKE_SOURCE_DIR}/cmake/builtin_image.S.in ${cudart_generated_dir}/builtin_image.S @ONLY)
set_source_files_properties(${cudart_generated_dir}/builtin_image.S PROPERTIES
                            OBJECT_DEPENDS "${cudart_joined};${embedded_files}")

# First in line, it defines the symbols that nodecuda_kernels would.
add_library(nodecuda_cudart_addon MODULE $<TARGET_OBJECTS:nodecuda> ${cudart_generated_dir}/builtin_image.S)
set_target_properties(nodecuda_cudart_addon PROPERTIES
  PREFIX "" OUTPUT_NAME nodecuda SUFFIX ".node" LINKER_LANGUAGE CXX
  LIBRARY_OUTPUT_DIRECTORY ${cudart_output_dir}/build/Release BUILD_RPATH ${cudart_output_dir})
target_link_libraries(nodecuda_cudart_addon PRIVATE nodecuda_ops nodecuda_simulator nodecuda_module_reader
  nodecuda_cudart_double ${CMAKE_JS_LIB})

add_library(nodecuda_cudart_control MODULE ${cudart_source_dir}/control.cc)
set_target_properties(nodecuda_cudart_control PROPERTIES
  PREFIX "" OUTPUT_NAME control SUFFIX ".node"
  LIBRARY_OUTPUT_DIRECTORY ${cudart_output_dir} BUILD_RPATH ${cudart_output_dir})
target_include_directories(nodecuda_cudart_control PRIVATE ${CMAKE_SOURCE_DIR}/native)
target_include_directories(nodecuda_cudart_control SYSTEM PRIVATE ${CMAKE_JS_INC})
target_link_libraries(nodecuda_cudart_control PRIVATE nodecuda_cudart_double)

# With cuda_runtime.cc as it is, compiled once more: an executable can link no addon.
add_executable(nodecuda_cudart_probe ${cudart_source_dir}/probe.cc
  ${CMAKE_SOURCE_DIR}/native/runtime/cuda_runtime.cc)
set_target_properties(nodecuda_cudart_probe PROPERTIES BUILD_RPATH ${cudart_output_dir})
target_compile_options(nodecuda_cudart_probe PRIVATE -O1 -Wall -Wextra)
target_link_libraries(nodecuda_cudart_probe PRIVATE nodecuda_simulator nodecuda_cudart_double)

add_custom_target(nodecuda_cudart
  DEPENDS nodecuda_cudart_addon nodecuda_cudart_control nodecuda_cudart_probe nodecuda_cudart_programs)
