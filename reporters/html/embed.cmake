# Writes C++ that holds the text of some files, so that the program needs none of them at run time.
#
#   cmake -DOUTPUT=assets.cc -DHEADER=html_assets.h -DNAMESPACE=pgduet::reporters::html -DFILES=report.css,report.js -P embed.cmake
#
# Each file becomes `const std::string_view report_css`, in the namespace, behind PREFIX where one is given. Bytes and not
# string literals: compilers limit the length of those.
set(code "// Made by embed.cmake.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
string(REPLACE "," ";" FILES "${FILES}")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(REPLACE "." "_" name ${PREFIX}${name})
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND code "\nstatic const unsigned char ${name}_bytes[] = {\n${bytes}};\n"
    "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes), sizeof(${name}_bytes));\n")
endforeach()
# What the page's security policy lets run: this script and no other.
list(FILTER FILES INCLUDE REGEX "\\.js$")
if(FILES)
  file(SHA256 ${FILES} hash)
  string(APPEND code "\nconst std::string_view script_sha256 = \"${hash}\";\n")
endif()
string(APPEND code "\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUTPUT} "${code}")
