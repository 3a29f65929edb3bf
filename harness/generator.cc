#include "pgduet/harness/generator.h"
