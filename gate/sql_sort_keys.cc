#include "pgduet/gate/sql.h"
