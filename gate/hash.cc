#include "pgduet/gate/hash.h"
