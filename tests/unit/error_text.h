// The text of the Error that a call throws, for tests that compare messages to the letter.
#pragma once

#include <string>

#include "pgduet/gate/error.h"

namespace pgduet {

template <typename Call>
std::string error_text(const Call& call) {
  try {
    call();
  } catch (const gate::Error& error) {
    return to_text(error);
  }
  return "no error";
}

}  // namespace pgduet
