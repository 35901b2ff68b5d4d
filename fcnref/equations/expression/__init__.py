"""What an equation means: a tree of frozen records.

One room for one idea: `records` are the kinds of parts, `trees` walks and rebuilds, `letters` are
the indices, `sizes` how far they run, `printing` writes a tree on one line.
"""

from fcnref.equations.expression.letters import *
from fcnref.equations.expression.printing import *
from fcnref.equations.expression.records import *
from fcnref.equations.expression.sizes import *
from fcnref.equations.expression.trees import *
