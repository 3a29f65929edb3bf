#include "pgduet/gate/work.h"
