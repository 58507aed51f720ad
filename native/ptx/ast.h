#ifndef NODECUDA_PTX_AST_H_
#define NODECUDA_PTX_AST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

// What the parser makes of PTX text: names resolved by scope, nothing executed or laid out yet.
// Every string_view points into Module::text.
namespace nodecuda::ptx {

enum class Type : std::uint8_t {
  kNone,
  kPred,
  kB8,
  kB16,
  kB32,
  kB64,
  kB128,
  kU8,
  kU16,
  kU32,
  kU64,
  kS8,
  kS16,
  kS32,
  kS64,
  kF16,
  kF16x2,
  kBF16,
  kBF16x2,
  kTF32,
  kF32,
  kF32x2,
  kF64,
};
std::size_t SizeOf(Type type);             // bytes; 4 for kPred (a 32-lane mask), 0 for kNone
Type TypeFromName(std::string_view name);  // "f32" -> kF32; kNone if it is no type
std::string_view TypeName(Type type);      // kF32 -> "f32"; empty for kNone

enum class Space : std::uint8_t {
  kNone,
  kParam,
  kGlobal,
  kShared,  // of the own block: .shared and .shared::cta
  kLocal,
  kConst,
  kSharedCluster,  // of any block of the cluster: .shared::cluster
};

struct Register {
  std::string_view name;
  Type type = Type::kNone;
};

struct Operand {
  enum class Kind : std::uint8_t {
    kRegister,  // `register_index`; `negated` for !%p
    kSpecial,   // %tid.x, %laneid, ...: `name` holds the whole spelling
    kInteger,   // `bits`, two's complement
    kFloat32,   // 0fXXXXXXXX: `bits`
    kFloat64,   // 0dXXXXXXXXXXXXXXXX, or a decimal float: `bits`
    kSymbol,    // a variable, parameter or function, plus `offset`: `name`, `variable_index`
    kLabel,     // `name`; `bits` is the index into body of the instruction it marks. Use that:
                // disjoint scopes may repeat a name. Or the .callprototype of an indirect call
    kAddress,   // [base + offset]: `elements[0]` is the base (register, symbol or integer);
                // tensor coordinates and the like, [map, {x, y}], are further elements
    kVector,    // {a, b, ...}: `elements`
    kPair,      // a|b or {a, b}|c: `elements`, two of them
    kPart,      // of a register, for video instructions: %r1.b0, %r1.h10 or -%r1; `elements[0]` is
                // the register, `name` the selector, b0, or empty; `negated`
    kList,      // (a, b, ...) of a call, or the labels of the .branchtargets list a brx.idx names
                // (the functions of a .calltargets list): `elements`
    kDiscard,   // _
  };
  Kind kind = Kind::kDiscard;
  bool negated = false;
  int register_index = -1;
  // Of a kSymbol: index into Function::variables (scopes repeat names such as param0); -1 for a
  // parameter or result of the function, a module variable or a function, unique by name.
  int variable_index = -1;
  std::uint64_t bits = 0;
  std::int64_t offset = 0;
  std::string_view name;
  std::vector<Operand> elements;
};

// A place in a source, as .loc has it: the number of a file (Module::files), and a line, 0 where
// that is not told.
struct SourcePlace {
  std::uint32_t file = 0, line = 0, column = 0;
  bool operator<(const SourcePlace& other) const {
    return std::tie(file, line, column) < std::tie(other.file, other.line, other.column);
  }
};

struct Instruction {
  std::string_view mnemonic;            // "fma.rn.f32", without guard and operands
  std::vector<std::string_view> parts;  // {"fma", "rn", "f32"}
  std::vector<Operand> operands;
  int guard = -1;  // register index, or -1
  bool guard_negated = false;
  int line = 0;
  SourcePlace source;  // that it was compiled from
};

// The address of a symbol in an initialiser.
struct Reference {
  std::size_t offset = 0;  // in the bytes of the initialiser, which are zero there
  std::string_view symbol;
  std::int64_t addend = 0;
  bool is_generic = false;  // generic(symbol): of all memory, not of the symbol's state space
};

// A variable, parameter or array. For an array `count` is the product of its dimensions;
// `unsized` marks `x[]`.
struct Variable {
  std::string_view name;
  Space space = Space::kNone;
  Type type = Type::kNone;
  std::size_t alignment = 0;
  std::size_t count = 1;
  bool is_array = false;
  bool unsized = false;
  bool is_extern = false;
  bool is_visible = false;             // .visible, .weak or .common
  bool is_pointer = false;             // a parameter with .ptr
  std::vector<std::byte> initializer;  // may be shorter than the variable: the rest is zero
  std::vector<Reference> references;
  int line = 0;
  std::size_t ByteSize() const { return SizeOf(type) * count; }
};

struct Function {
  std::string_view name;
  bool is_entry = false;
  bool is_visible = false;  // .visible or .weak
  bool has_body = false;
  std::vector<Variable> parameters;
  std::vector<Variable> results;    // of a .func
  std::vector<Register> registers;  // those used, and all declared outside a %r<n> range
  std::vector<Variable> variables;  // .shared, .local and .param declared inside the body
  std::vector<Instruction> body;
  std::vector<std::string_view>
      uses;  // wherever the body names a variable or function of the module
  // Index into body of the next instruction (body.size() at the end); of labels that disjoint
  // scopes repeat, the first. For people and tests: operands carry their target in `bits`.
  std::map<std::string_view, std::size_t> labels;
  std::uint32_t max_threads = 0;                  // product of .maxntid, 0 if absent
  std::uint32_t max_registers = 0;                // .maxnreg, 0 if absent
  std::uint32_t required_threads[3] = {0, 0, 0};  // .reqntid, 0 if absent
  std::uint32_t required_cluster[3] = {0, 0, 0};  // .reqnctapercluster, 0 if absent
  std::uint32_t max_cluster_rank = 0;             // .maxclusterrank, 0 if absent
  int line = 0;
  // Where what was inlined was called, by the place in the function that was.
  std::map<SourcePlace, SourcePlace> inlined_at;
  // The body as it is written, and its line, where it was left for ParseEntryBody.
  std::string_view body_text = {};
  int body_line = 0;
};

// Whether one can be called as the other.
bool SameSignature(const Function& a, const Function& b);

struct Module {
  std::unique_ptr<const std::string> text;
  int version = 0;                    // 90 for .version 9.0
  int target = 0;                     // 75 for sm_75
  char target_suffix = 0;             // 'a' or 'f', or 0
  bool maps_f64 = false;              // map_f64_to_f32, which targets without f64 have
  bool independent_textures = false;  // texmode_independent: textures and samplers are two things
  std::vector<Variable> variables;
  std::vector<Function> functions;  // one for each name: a definition replaces its declaration
  std::map<std::uint32_t, std::string_view> files;  // of .file: names, as they are written
};

// Whether code for a target runs on devices of `capability` (90 for 9.0): an 'a' target on that one
// alone, an 'f' target on what is not older in its family, any other on whatever is not older.
inline bool RunsOn(int target, char suffix, int capability) {
  if (suffix == 'a') return target == capability;
  return target <= capability && (suffix == 0 || target / 10 == capability / 10);
}

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_AST_H_
