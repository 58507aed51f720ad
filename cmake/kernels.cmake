# The device code of cuda/, compiled and embedded.
#
#   include(cmake/kernels.cmake)      # any project with CXX and, after it, ASM
#   target_link_libraries(addon PRIVATE nodecuda_kernels)
#
# It decides NODECUDA_WITH_CUDA, unless told with -DNODECUDA_WITH_CUDA=ON or OFF:
#   ON   nvcc (NODECUDA_NVCC) compiles cuda/modules/<module>.cu to PTX for every target of the module,
#        and ptxas that to machine code: one fatbin a module. The includer compiles
#        native/runtime/cuda_*.cc with NODECUDA_WITH_CUDA defined and links cudart_static.
#   OFF  There is no fatbin; the PTX is that of prebuilds/ptx/. Keeping those files in step with
#        cuda/ is the includer's business.
# -DNODECUDA_ONLY_TARGETS="80;90a" compiles for those alone, for quick builds while developing.
# -DNODECUDA_OTHERS_PREBUILT=ON beside it takes the PTX of all other targets from prebuilds/ptx/.
# -DNODECUDA_KERNELS_FROM=<build>/kernels takes what another build of the same sources has compiled.
#
# nodecuda_kernels   static library: native/ops/kernels/builtin_kernels.h is what it implements
# nodecuda_write_ptx (ON only, not part of all) writes prebuilds/ptx/<module>.sm_<target>.ptx.gz
# nodecuda_ptx_dir   variable: the folder of those files, for scripts/check-ptx.mjs
include_guard(GLOBAL)
enable_language(ASM)

# The modules, as in native/ops/kernels/kernel_names.h. PTX is made for few targets: nvcc's is the
# same for 8.0 and 9.0, and for 10.0 and 12.0, unless the source asks for the architecture. Machine
# code is made from it for each architecture; that of 8.0 runs on 8.6 and 8.9 too. A letter is for
# code that runs on that architecture alone.
set(nodecuda_modules elementwise reduce matmul_simt matmul_mma matmul_mma_ampere matmul_mma_float64
    matmul_hopper)
set(nodecuda_ptx_targets 75 80 100)
set(nodecuda_architectures 75 80 90 100 120)
set(nodecuda_ptx_targets_matmul_mma_ampere 80 100)
set(nodecuda_architectures_matmul_mma_ampere 80 90 100 120)
set(nodecuda_ptx_targets_matmul_mma_float64 80 100)
set(nodecuda_architectures_matmul_mma_float64 80 90 100)
set(nodecuda_ptx_targets_matmul_hopper 90a)
set(nodecuda_architectures_matmul_hopper 90a)

get_filename_component(nodecuda_root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
find_program(NODE_EXECUTABLE node REQUIRED)

file(GLOB_RECURSE nodecuda_kernel_sources CONFIGURE_DEPENDS
     ${nodecuda_root}/cuda/*.cu ${nodecuda_root}/cuda/*.cuh ${nodecuda_root}/cuda/*.h)

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

# Every edit may change what includes what.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${nodecuda_kernel_sources})

# Appends a file of cuda/ and, again and again, what it includes of that folder: "cuda/...", from the
# root.
function(nodecuda_sources_of file list)
  set(found ${${list}})
  if(NOT file IN_LIST found)
    list(APPEND found ${file})
    file(STRINGS ${file} lines REGEX "^#include \"")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include \"([^\"]+)\".*" "\\1" name "${line}")
      nodecuda_sources_of(${nodecuda_root}/${name} found)
    endforeach()
  endif()
  set(${list} ${found} PARENT_SCOPE)
endfunction()

set(nodecuda_prebuilt_ptx_dir ${nodecuda_root}/prebuilds/ptx)
if(NODECUDA_WITH_CUDA)
  set(nodecuda_ptx_dir ${CMAKE_CURRENT_BINARY_DIR}/kernels)
  if(NODECUDA_KERNELS_FROM)
    set(nodecuda_ptx_dir ${NODECUDA_KERNELS_FROM})
  endif()
  file(MAKE_DIRECTORY ${nodecuda_ptx_dir})
  execute_process(COMMAND ${NODECUDA_NVCC} --version OUTPUT_VARIABLE version_text
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT version_text MATCHES "release ([0-9]+)\\.([0-9]+)")
    message(FATAL_ERROR "cannot tell the version of the CUDA toolkit from: ${version_text}")
  endif()
  math(EXPR NODECUDA_CUDA_VERSION "${CMAKE_MATCH_1} * 1000 + ${CMAKE_MATCH_2} * 10")
  get_filename_component(nvcc_dir ${NODECUDA_NVCC} DIRECTORY)
  find_program(NODECUDA_PTXAS ptxas HINTS ${nvcc_dir} REQUIRED)
  find_program(NODECUDA_FATBINARY fatbinary HINTS ${nvcc_dir} REQUIRED)
else()
  set(nodecuda_ptx_dir ${nodecuda_prebuilt_ptx_dir})
  file(STRINGS ${nodecuda_ptx_dir}/CUDA_VERSION NODECUDA_CUDA_VERSION)
endif()

if(NODECUDA_OTHERS_PREBUILT)
  file(STRINGS ${nodecuda_prebuilt_ptx_dir}/HASH prebuilt_hash)
  execute_process(COMMAND ${NODE_EXECUTABLE} ${nodecuda_root}/scripts/source-hash.mjs --ptx
                  OUTPUT_VARIABLE source_hash OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT prebuilt_hash STREQUAL source_hash)
    message(FATAL_ERROR "prebuilds/ptx is not of the sources in cuda/: run `npm run make:prebuilds`")
  endif()
endif()

set(NODECUDA_EMBEDS "")
set(NODECUDA_DECLARATIONS "")
set(NODECUDA_IMAGES "")
set(embedded_files "")
set(ptx_files "")
set(all_targets "")

# Embeds `file` under the symbol nodecuda_<name>.
macro(nodecuda_embed name file)
  list(APPEND embedded_files ${file})
  string(APPEND NODECUDA_EMBEDS "EMBED(nodecuda_${name}, \"${file}\")\n")
  string(APPEND NODECUDA_DECLARATIONS "EMBEDDED(nodecuda_${name})\n")
endmacro()

foreach(module IN LISTS nodecuda_modules)
  foreach(kind ptx_targets architectures)
    set(${kind} ${nodecuda_${kind}})
    if(DEFINED nodecuda_${kind}_${module})
      set(${kind} ${nodecuda_${kind}_${module}})
    endif()
  endforeach()
  set(compiled_targets ${ptx_targets})
  if(NODECUDA_ONLY_TARGETS)
    string(REPLACE ";" "|" wanted "${NODECUDA_ONLY_TARGETS}")
    list(FILTER compiled_targets INCLUDE REGEX "^(${wanted})$")
    list(FILTER architectures INCLUDE REGEX "^(${wanted})$")
    if(NOT NODECUDA_OTHERS_PREBUILT)
      set(ptx_targets ${compiled_targets})
    endif()
  endif()
  set(sources "")
  nodecuda_sources_of(${nodecuda_root}/cuda/modules/${module}.cu sources)
  string(APPEND NODECUDA_IMAGES "    case Module::${module}: {\n      static const std::vector<PtxImage> ptx = {\n")
  foreach(target IN LISTS ptx_targets)
    string(REGEX REPLACE "[a-z]" "" number ${target})
    string(COMPARE NOTEQUAL ${number} ${target} specific)
    set(ptx ${nodecuda_ptx_dir}/${module}.sm_${target}.ptx)
    if(NOT NODECUDA_WITH_CUDA OR NODECUDA_KERNELS_FROM)
      # It is there.
    elseif(NOT target IN_LIST compiled_targets)
      add_custom_command(
        OUTPUT ${ptx}.gz
        COMMAND ${CMAKE_COMMAND} -E copy ${nodecuda_prebuilt_ptx_dir}/${module}.sm_${target}.ptx.gz ${ptx}.gz
        DEPENDS ${nodecuda_prebuilt_ptx_dir}/${module}.sm_${target}.ptx.gz VERBATIM)
    else()
      # Compiled where it is, under its bare name, so that no path of this machine gets into the
      # output.
      add_custom_command(
        OUTPUT ${ptx}.gz ${ptx}
        COMMAND ${NODECUDA_NVCC} -std=c++17 -I../.. ${module}.cu -ptx -arch=compute_${target}
                -o ${ptx}
        COMMAND ${NODE_EXECUTABLE} ${nodecuda_root}/scripts/gzip.mjs ${ptx} ${ptx}.gz
        WORKING_DIRECTORY ${nodecuda_root}/cuda/modules
        DEPENDS ${sources} ${nodecuda_root}/scripts/gzip.mjs VERBATIM)
    endif()
    list(APPEND ptx_files ${ptx}.gz)
    nodecuda_embed(ptx_${module}_${target} ${ptx}.gz)
    string(APPEND NODECUDA_IMAGES "          {.target = ${number}, .text = NODECUDA_TEXT(nodecuda_ptx_"
           "${module}_${target}), .gzipped = true, .architecture_specific = ${specific}, .embedded = true},\n")
  endforeach()
  string(APPEND NODECUDA_IMAGES "      };\n")
  list(APPEND all_targets ${ptx_targets})
  set(fatbin_expression "{}")
  if(NODECUDA_WITH_CUDA AND architectures)
    set(cubins "")
    set(fatbin_images "")
    foreach(architecture IN LISTS architectures)
      # The highest target that the architecture runs; the targets ascend.
      foreach(target IN LISTS compiled_targets)
        if(target STREQUAL architecture OR target LESS architecture)
          set(ptx ${nodecuda_ptx_dir}/${module}.sm_${target}.ptx)
        endif()
      endforeach()
      set(cubin ${nodecuda_ptx_dir}/${module}.sm_${architecture}.cubin)
      set(assemble ${nodecuda_root}/scripts/assemble.mjs)
      if(NOT NODECUDA_KERNELS_FROM)
        add_custom_command(
          OUTPUT ${cubin}
          COMMAND ${NODE_EXECUTABLE} ${assemble} ${NODECUDA_PTXAS} ${architecture} ${ptx} ${cubin}
          DEPENDS ${ptx} ${assemble} VERBATIM)
      endif()
      list(APPEND all_targets ${architecture})
      list(APPEND cubins ${cubin})
      list(APPEND fatbin_images "--image3=kind=elf,sm=${architecture},file=${cubin}")
    endforeach()
    if(NOT specific)
      # PTX of the newest target is for GPUs that are newer still.
      list(APPEND fatbin_images "--image3=kind=ptx,sm=${target},file=${ptx}")
    endif()
    set(fatbin ${nodecuda_ptx_dir}/${module}.fatbin)
    if(NOT NODECUDA_KERNELS_FROM)
      add_custom_command(
        OUTPUT ${fatbin}
        COMMAND ${NODECUDA_FATBINARY} -64 --create=${fatbin} --compress-all --compress-mode=size
                ${fatbin_images}
        DEPENDS ${cubins} VERBATIM)
    endif()
    nodecuda_embed(fatbin_${module} ${fatbin})
    set(fatbin_expression "std::as_bytes(std::span(NODECUDA_TEXT(nodecuda_fatbin_${module})))")
  endif()
  string(APPEND NODECUDA_IMAGES "      return {${fatbin_expression}, ptx};\n    }\n")
endforeach()
list(TRANSFORM all_targets REPLACE "[a-z]" "")
list(REMOVE_DUPLICATES all_targets)
list(SORT all_targets COMPARE NATURAL)
string(JOIN ", " NODECUDA_TARGET_LIST ${all_targets})

if(NODECUDA_WITH_CUDA AND NOT NODECUDA_KERNELS_FROM)
  add_custom_target(nodecuda_write_ptx
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${nodecuda_prebuilt_ptx_dir}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${nodecuda_prebuilt_ptx_dir}
    COMMAND ${CMAKE_COMMAND} -E copy ${ptx_files} ${nodecuda_prebuilt_ptx_dir}
    COMMAND ${CMAKE_COMMAND} -E echo ${NODECUDA_CUDA_VERSION} > ${nodecuda_prebuilt_ptx_dir}/CUDA_VERSION
    DEPENDS ${ptx_files})
endif()

set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
configure_file(${CMAKE_CURRENT_LIST_DIR}/builtin_image.S.in ${generated}/builtin_image.S @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/builtin_image.cc.in ${generated}/builtin_image.cc @ONLY)
set_source_files_properties(${generated}/builtin_image.S PROPERTIES
                            OBJECT_DEPENDS "${embedded_files}")

add_library(nodecuda_kernels STATIC ${generated}/builtin_image.S ${generated}/builtin_image.cc)
target_compile_features(nodecuda_kernels PUBLIC cxx_std_20)
# A module that native/ops/kernels/kernel_names.h has and nodecuda_modules has not.
target_compile_options(nodecuda_kernels PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Werror=switch>)
target_include_directories(nodecuda_kernels PUBLIC ${nodecuda_root}/native ${nodecuda_root})
set_target_properties(nodecuda_kernels PROPERTIES
                      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
