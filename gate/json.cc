#include "pgduet/gate/json.h"
