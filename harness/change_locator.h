// Finds the statement of a setup step that made a change of the catalogue.
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/catalog.h"
#include "pgduet/gate/sql.h"

namespace pgduet::harness {

// The line of the statement that most likely changed `object`: definitions before queries, those
// that name the object before those that only name its relation, the last of equals. 0 when none
// names either (a function that was called did it, say).
int line_of_change(const gate::CatalogObject& object,
                   const std::vector<gate::SqlStatement>& statements);

}  // namespace pgduet::harness
