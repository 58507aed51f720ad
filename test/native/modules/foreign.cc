#include "test/native/modules/testing.h"

namespace nodecuda::modules {
namespace {

TEST_CASE("modules: what is no image is named for what it seems to be") {
  const auto with = [](std::string beginning) { return beginning + std::string(40, '\x01'); };
  CHECK(Refusal("") == "the image is empty");
  CHECK(Refusal(" \n\t") == "the image has nothing but blanks");
  CHECK(Refusal(std::string(5, '\0')) == "the image has nothing but blanks");
  CHECK(
      Refusal(with("\xb1\x43\x62\x46")).starts_with("the image is the wrapper that host programs"));
  CHECK(Refusal(with("!<arch>\n")).starts_with("the image is a static library: compile with"));
  CHECK(Refusal(with("\xed\x43\x4e\x7f")).starts_with("the image is LTO-IR, which a linker"));
  CHECK(Refusal(with("BC\xc0\xde")) == "the image is LLVM bitcode: compile it to PTX");
  CHECK(Refusal(with("\x1f\x8b\x08")) == "the image is compressed with gzip: decompress it first");
  CHECK(Refusal(with("\x28\xb5\x2f\xfd")) ==
        "the image is compressed with zstd: decompress it first");
  CHECK(Refusal(with("PK\x03\x04")) == "the image is a ZIP archive: unpack it first");
  CHECK(Refusal(with("MZ")).starts_with("the image is a program or library for Windows"));
  CHECK(Refusal("\xef\xbb\xbf.version 8.0") ==
        "the image begins with a byte-order mark, which PTX cannot have: remove it");
  CHECK(Refusal("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n") ==
        "the image is a pointer of Git LFS: fetch the file itself with `git lfs pull`");
  CHECK(Refusal("<!doctype html><title>404</title>") ==
        "the image seems to be HTML or XML, such as the page of a failed download");
  CHECK(Refusal("// mine\n__global__ void k() {}\n") ==
        "the image seems to be CUDA C++ source: compile it with nvcc -ptx, -cubin or -fatbin");
  CHECK(Refusal("target triple = \"nvptx64-nvidia-cuda\"\n") ==
        "the image seems to be LLVM IR: compile it to PTX");
  CHECK(Refusal("kernels/saxpy.ptx") ==
        "the image seems to be the name of a file: pass what the file holds");
  CHECK(Refusal("hello") == "the image is text, but not PTX, which begins with '.version'");
  CHECK(Refusal("/* never ends") == "the image is text, but not PTX, which begins with '.version'");
  CHECK(Refusal(with("\x80\x81\xff")) ==
        "the image is neither PTX, cubin nor fatbin: it begins with the bytes 80 81 ff 01 01 01 01 "
        "01");
  CHECK(Refusal("\x80") ==
        "the image is neither PTX, cubin nor fatbin: it begins with the bytes 80");
}

}  // namespace
}  // namespace nodecuda::modules
