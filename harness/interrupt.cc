#include "pgduet/harness/interrupt.h"
