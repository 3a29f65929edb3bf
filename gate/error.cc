#include "pgduet/gate/error.h"
