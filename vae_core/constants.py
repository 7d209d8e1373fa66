"""Numbers that several formulas share."""

import math

LOG_2PI = math.log(2 * math.pi)
