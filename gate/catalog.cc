#include "pgduet/gate/catalog.h"
