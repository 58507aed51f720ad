# The device code of cuda/, compiled and embedded.
#
#   include(cmake/kernels.cmake)      # any project with CXX and, after it, ASM
#   target_link_libraries(addon PRIVATE nodecuda_kernels)
#
# It decides NODECUDA_WITH_CUDA, unless told with -DNODECUDA_WITH_CUDA=ON or OFF:
#   ON   nvcc (NODECUDA_NVCC) compiles cuda/builtin.cu to one fatbin and to PTX for every target.
#        The includer compiles native/runtime/cuda_runtime.cc with NODECUDA_WITH_CUDA defined and
#        links cudart_static.
#   OFF  There is no fatbin; the PTX is that of prebuilds/ptx/. Keeping those files in step with
#        cuda/ is the includer's business.
#
# nodecuda_kernels   static library: native/ops/builtin_kernels.h is what it implements
# nodecuda_write_ptx (ON only, not part of all) writes prebuilds/ptx/sm_<target>.ptx
# nodecuda_ptx_dir   variable: the folder of the PTX files, for scripts/check-ptx.mjs
include_guard(GLOBAL)
enable_language(ASM)

set(nodecuda_targets 75 80 86 89 90 100 120)
get_filename_component(nodecuda_root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)

file(GLOB nodecuda_kernel_sources CONFIGURE_DEPENDS
     ${nodecuda_root}/cuda/*.cu ${nodecuda_root}/cuda/*.cuh)

if(NOT DEFINED NODECUDA_WITH_CUDA OR NODECUDA_WITH_CUDA)
  find_program(NODECUDA_NVCC nvcc HINTS ENV CUDA_PATH ENV CUDA_HOME PATHS /usr/local/cuda
               PATH_SUFFIXES bin)
  if(NODECUDA_WITH_CUDA AND NOT NODECUDA_NVCC)
    message(FATAL_ERROR "NODECUDA_WITH_CUDA is on, but there is no nvcc: set NODECUDA_NVCC to it")
  endif()
endif()
if(NOT DEFINED NODECUDA_WITH_CUDA)
  if(NODECUDA_NVCC)
    set(found ON)
  else()
    set(found OFF)
  endif()
  set(NODECUDA_WITH_CUDA ${found} CACHE BOOL "Build for GPUs (needs the CUDA toolkit)")
endif()
message(STATUS "nodecuda: with CUDA: ${NODECUDA_WITH_CUDA} ${NODECUDA_NVCC}")

set(nodecuda_prebuilt_ptx_dir ${nodecuda_root}/prebuilds/ptx)
if(NODECUDA_WITH_CUDA)
  set(nodecuda_ptx_dir ${CMAKE_CURRENT_BINARY_DIR}/kernels)
  execute_process(COMMAND ${NODECUDA_NVCC} --version OUTPUT_VARIABLE version_text
                  COMMAND_ERROR_IS_FATAL ANY)
else()
  set(nodecuda_ptx_dir ${nodecuda_prebuilt_ptx_dir})
  file(STRINGS ${nodecuda_ptx_dir}/sm_75.ptx version_text REGEX "release")
endif()
if(NOT version_text MATCHES "release ([0-9]+)\\.([0-9]+)")
  message(FATAL_ERROR "cannot tell the version of the CUDA toolkit from: ${version_text}")
endif()
math(EXPR NODECUDA_CUDA_VERSION "${CMAKE_MATCH_1} * 1000 + ${CMAKE_MATCH_2} * 10")

set(NODECUDA_EMBEDS "")
set(NODECUDA_DECLARATIONS "")
set(NODECUDA_PTX_IMAGES "")
set(NODECUDA_FATBIN_IMAGE "")
set(embedded_files "")
foreach(target IN LISTS nodecuda_targets)
  set(file ${nodecuda_ptx_dir}/sm_${target}.ptx)
  list(APPEND embedded_files ${file})
  string(APPEND NODECUDA_EMBEDS "EMBED(nodecuda_ptx_${target}, \"${file}\")\n")
  string(APPEND NODECUDA_DECLARATIONS "EMBEDDED(nodecuda_ptx_${target})\n")
  string(APPEND NODECUDA_PTX_IMAGES
         "      {${target}, Text(nodecuda_ptx_${target}, nodecuda_ptx_${target}_end)},\n")
endforeach()
string(JOIN ", " NODECUDA_TARGET_LIST ${nodecuda_targets})

if(NODECUDA_WITH_CUDA)
  # Compiled in cuda/ under its bare name, so that no path of this machine gets into the output.
  set(compile ${NODECUDA_NVCC} -std=c++17 builtin.cu)
  set(gencode "")
  foreach(target IN LISTS nodecuda_targets)
    add_custom_command(
      OUTPUT ${nodecuda_ptx_dir}/sm_${target}.ptx
      COMMAND ${compile} -ptx -arch=compute_${target} -o ${nodecuda_ptx_dir}/sm_${target}.ptx
      WORKING_DIRECTORY ${nodecuda_root}/cuda
      DEPENDS ${nodecuda_kernel_sources} VERBATIM)
    list(APPEND gencode -gencode arch=compute_${target},code=sm_${target})
  endforeach()
  # PTX of the newest target is for GPUs that are newer still.
  list(GET nodecuda_targets -1 newest)
  list(APPEND gencode -gencode arch=compute_${newest},code=compute_${newest})
  set(fatbin ${nodecuda_ptx_dir}/builtin.fatbin)
  add_custom_command(
    OUTPUT ${fatbin}
    COMMAND ${compile} -fatbin ${gencode} --compress-mode=size -o ${fatbin}
    WORKING_DIRECTORY ${nodecuda_root}/cuda
    DEPENDS ${nodecuda_kernel_sources} VERBATIM)
  file(MAKE_DIRECTORY ${nodecuda_ptx_dir})

  add_custom_target(nodecuda_write_ptx
    COMMAND ${CMAKE_COMMAND} -E make_directory ${nodecuda_prebuilt_ptx_dir}
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${embedded_files} ${nodecuda_prebuilt_ptx_dir}
    DEPENDS ${embedded_files} VERBATIM)

  list(APPEND embedded_files ${fatbin})
  string(APPEND NODECUDA_EMBEDS "EMBED(nodecuda_fatbin, \"${fatbin}\")\n")
  string(APPEND NODECUDA_DECLARATIONS "EMBEDDED(nodecuda_fatbin)\n")
  string(APPEND NODECUDA_FATBIN_IMAGE
         "  const std::string_view fatbin = Text(nodecuda_fatbin, nodecuda_fatbin_end);\n"
         "  image.fatbin = std::as_bytes(std::span(fatbin));\n")
endif()

set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
configure_file(${CMAKE_CURRENT_LIST_DIR}/builtin_image.S.in ${generated}/builtin_image.S @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/builtin_image.cc.in ${generated}/builtin_image.cc @ONLY)
set_source_files_properties(${generated}/builtin_image.S PROPERTIES
                            OBJECT_DEPENDS "${embedded_files}")

add_library(nodecuda_kernels STATIC ${generated}/builtin_image.S ${generated}/builtin_image.cc)
target_compile_features(nodecuda_kernels PUBLIC cxx_std_20)
target_include_directories(nodecuda_kernels PUBLIC ${nodecuda_root}/native)
set_target_properties(nodecuda_kernels PROPERTIES
                      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
