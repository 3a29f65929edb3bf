#include "pgduet/gate/result.h"
