#include "pgduet/gate/baseline.h"
